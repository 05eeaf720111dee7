import BellModel
import DriverKit
import SCPIInstrument
import Synchronization
import Testing
import VirtualUSB
import TestSupport

/// After any failure the next command works, and gets its own answer.
@Suite struct USBTMCRecoveryTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var faults: Set<SourceFault>
        var question = "FREQ?"
        var code: BellError.Code
        /// Control requests and resets that the recovery must make, in order, among others.
        var steps: [String]
        var state: String
    }

    static let cases = [
        Case(
            testDescription: "no answer at all", faults: [.hang(reply: 1)], code: .usbTimeout,
            steps: ["control 3", "read", "control 4", "control 5", "control 6", "clearHalt 1"], state: "cleared"),
        Case(
            testDescription: "an answer that stops in its middle", faults: [.stop(reply: 1, after: 1024)],
            question: "TEST:BLOCK? 20000", code: .usbTimeout, steps: ["control 3", "read", "control 4", "control 5"],
            state: "cleared"),
        Case(
            testDescription: "an answer that comes after the abort", faults: [.late(reply: 1, until: .abort)],
            code: .usbTimeout, steps: ["control 3", "control 5", "control 6"], state: "cleared"),
        Case(
            testDescription: "a command that is not taken", faults: [.deafOut(transfer: 1)], code: .usbTimeout,
            steps: ["control 1", "control 2", "control 2", "clearHalt 1"], state: "aborted"),
        Case(
            testDescription: "a request for the answer that is not taken", faults: [.deafOut(transfer: 2)],
            code: .usbTimeout, steps: ["control 5", "control 6", "clearHalt 1"], state: "cleared"),
        Case(
            testDescription: "an answer to another request", faults: [.wrongTag(reply: 1)], code: .instrumentProtocol,
            steps: ["control 5", "control 6"], state: "cleared"),
        Case(
            testDescription: "a size that is too large", faults: [.wrongSize(reply: 1, by: 100)],
            code: .instrumentProtocol, steps: ["control 5", "control 6"], state: "cleared"),
        Case(
            testDescription: "a size that is absurd", faults: [.wrongSize(reply: 1, by: 0x7FFF_0000)],
            code: .instrumentProtocol, steps: ["control 5", "control 6"], state: "cleared"),
        Case(
            testDescription: "a size that is too small", faults: [.wrongSize(reply: 1, by: -100)],
            question: "TEST:BLOCK? 200", code: .instrumentProtocol, steps: ["control 5", "control 6"], state: "cleared"),
        Case(
            testDescription: "short packets without end", faults: [.endlessPackets(reply: 1)],
            code: .instrumentProtocol, steps: ["control 5", "control 6", "read", "reset", "control 5", "control 6"],
            state: "reset"),
        Case(
            testDescription: "a stall where the answer should come", faults: [.stallIn(reply: 1)], code: .usbStall,
            steps: ["clearHalt 82", "control 5", "control 6", "clearHalt 1"], state: "cleared"),
        Case(
            testDescription: "a stall at the command", faults: [.stallOut(transfer: 1)], code: .usbStall,
            steps: ["clearHalt 1", "control 5", "control 6", "clearHalt 1"], state: "cleared"),
        Case(
            testDescription: "a stall at the request for the answer", faults: [.stallOut(transfer: 2)],
            code: .usbStall, steps: ["clearHalt 1", "control 5", "control 6", "clearHalt 1"], state: "cleared"),
        Case(
            testDescription: "no answer, and the abort is refused", faults: [.hang(reply: 1), .refuseAbort],
            code: .usbTimeout, steps: ["control 3", "control 5", "control 6", "clearHalt 1"], state: "cleared"),
        Case(
            testDescription: "no answer, and the clear is refused", faults: [.hang(reply: 1), .refuseClear],
            code: .usbTimeout, steps: ["control 3", "control 5", "reset", "control 5", "control 6", "clearHalt 1"],
            state: "reset"),
    ]

    private static func isSubsequence(_ wanted: [String], of all: ArraySlice<String>) -> Bool {
        var rest = wanted[...]
        for call in all where call == rest.first { rest = rest.dropFirst() }
        return rest.isEmpty
    }

    @Test("the next question gets its own answer after", arguments: cases)
    func nextCommandWorks(test: Case) async throws {
        let usb = DirectUSB(USBTMCSource())
        let clock = InstantClock()
        let link = USBTMCLink.direct(usb, clock: clock)
        try await link.open()
        usb.change { $0.model.faults = test.faults }
        let before = usb.calls.count
        let error = await failure { () async throws(BellError) in
            _ = try await link.query(Array(test.question.utf8), answer: .line, limit: 1 << 20, timeout: .seconds(1))
        }
        #expect(error?.code == test.code, "\(String(describing: error))")
        #expect(error?.state?.contains(test.state) == true, "\(error?.state ?? "no state")")
        #expect(error?.place?.hasPrefix("alice/lo") == true)
        #expect(Self.isSubsequence(test.steps, of: usb.calls[before...]), "\(usb.calls[before...])")
        #expect(usb.calls.count - before < 300)
        #expect(try await link.text("*IDN?") == "belld simulated,MW-20,SRC01,1.0")
        #expect(try await link.text("*ESE 77;*ESE?") == "77")
        #expect(clock.sleeps.contains(.milliseconds(750)) == (test.state == "reset"))
    }

    @Test("a command after a time-out in the middle of a long message works too")
    func longWrite() async throws {
        let usb = DirectUSB(USBTMCSource())
        let link = USBTMCLink.direct(usb)
        try await link.open()
        usb.change { $0.model.faults = [.deafOut(transfer: 2)] }
        let content = [UInt8](repeating: 7, count: 1_500_000)
        let error = await failure { () async throws(BellError) in
            try await link.write(Array("TEST:ECHO? ".utf8) + SCPIBlock.definite(content), timeout: .seconds(1))
        }
        #expect(error?.code == .usbTimeout)
        #expect(try await link.text("*OPC?") == "1")
    }

    @Test("when not even a reset helps, the device is opened anew by its serial")
    func reopens() async throws {
        let hung = DirectUSB(USBTMCSource())
        let fresh = DirectUSB(USBTMCSource())
        let opened = Mutex(0)
        let link = USBTMCLink(place: "alice/lo", clock: InstantClock()) { () throws(BellError) in
            opened.withLock { count in
                count += 1
                return count == 1 ? hung : fresh
            }
        }
        try await link.open()
        hung.change { state in
            state.model.faults = [.hang(reply: 1), .refuseClear, .refuseAbort]
            state.brokenReset = true
        }
        let error = await failure { () async throws(BellError) in _ = try await link.text("FREQ?") }
        #expect(error?.code == .usbTimeout)
        #expect(error?.state?.contains("opened anew") == true)
        #expect(hung.calls.last == "close")
        #expect(try await link.text("*OPC?") == "1")
        #expect(opened.withLock { $0 } == 2)
    }

    @Test("a device that comes back from a reset as another one is opened anew")
    func enumeratesAnew() async throws {
        let old = DirectUSB(USBTMCSource())
        let fresh = DirectUSB(USBTMCSource())
        let opened = Mutex(0)
        let link = USBTMCLink(place: "alice/lo", clock: InstantClock()) { () throws(BellError) in
            opened.withLock { count in
                count += 1
                return count == 1 ? old : fresh
            }
        }
        try await link.open()
        old.change { state in
            state.model.faults = [.hang(reply: 1), .refuseClear, .refuseAbort]
            state.unplugAtReset = true
        }
        let error = await failure { () async throws(BellError) in _ = try await link.text("FREQ?") }
        #expect(error?.state?.contains("opened anew") == true)
        #expect(try await link.text("*OPC?") == "1")
    }

    @Test("a device that is pulled during a recovery is not opened again behind the owner's back")
    func pulledInRecovery() async throws {
        for step in 1...12 {
            let usb = DirectUSB(USBTMCSource())
            let opened = Mutex(0)
            let link = USBTMCLink(place: "alice/lo", clock: InstantClock()) { () throws(BellError) in
                opened.withLock { $0 += 1 }
                return usb
            }
            try await link.open()
            usb.change { state in
                state.model.faults = [.hang(reply: 1)]
                state.unplugAt = state.steps + step
            }
            let error = await failure { () async throws(BellError) in _ = try await link.text("FREQ?") }
            // Write, request and read come first; a device that is pulled in the midst of an abort was silent before.
            #expect(error?.code == (step <= 3 ? .usbUnplugged : .usbTimeout), "step \(step)")
            let next = await failure { () async throws(BellError) in _ = try await link.text("FREQ?") }
            let expected: BellError.Code =
                error?.state?.contains("next command") == true ? .usbUnplugged : .instrumentNotConnected
            #expect(next?.code == expected, "step \(step): \(String(describing: next))")
            #expect(opened.withLock { $0 } == 1, "step \(step)")
        }
    }

    @Test("when nothing helps, the link says so until it is opened again")
    func lost() async throws {
        let usb = DirectUSB(USBTMCSource())
        let isThere = Mutex(true)
        let link = USBTMCLink(place: "alice/lo", clock: InstantClock()) { () throws(BellError) in
            guard isThere.withLock({ $0 }) else { throw BellError(.usbNotFound, "No such device.") }
            return usb
        }
        try await link.open()
        usb.change { state in
            state.model.faults = [.hang(reply: 1), .refuseClear]
            state.brokenReset = true
        }
        isThere.withLock { $0 = false }
        let error = await failure { () async throws(BellError) in _ = try await link.text("FREQ?") }
        #expect(error?.code == .usbTimeout)
        #expect(error?.state?.contains("could not be brought back") == true)
        let next = await failure { () async throws(BellError) in _ = try await link.text("FREQ?") }
        #expect(next?.code == .instrumentNotConnected)
        isThere.withLock { $0 = true }
        usb.change { state in
            state.model.faults = []
            state.brokenReset = false
        }
        try await link.open()
        #expect(try await link.text("*OPC?") == "1")
    }

    @Test("a device that is pulled at any step of the handshake is reported as unplugged, and found again")
    func unpluggedAtEachStep() async throws {
        let calm = DirectUSB(USBTMCSource())
        let steps = try await Self.handshake(calm).state.withLock { $0.steps }
        #expect(steps > 20)
        for step in 1...steps {
            let usb = DirectUSB(USBTMCSource())
            usb.change { $0.unplugAt = step }
            let source = MicrowaveSource(name: "alice/lo", link: USBTMCLink.direct(usb))
            let error = await failure { () async throws(BellError) in _ = try await source.connect() }
            #expect(error?.code == .usbUnplugged, "step \(step): \(String(describing: error))")
            #expect(usb.calls.count <= step + 1, "step \(step): it went on with a device that had gone")
            let read = await failure { () async throws(BellError) in _ = try await source.read("frequency_hz") }
            #expect(read?.code == .instrumentNotConnected, "step \(step)")
            usb.change { $0.unplugAt = nil }
            #expect(try await source.connect().serial == "SRC01", "step \(step)")
            #expect(try await source.read("frequency_hz") == .number(5e9))
        }
    }

    private static func handshake(_ usb: DirectUSB) async throws -> DirectUSB {
        let source = MicrowaveSource(name: "alice/lo", link: USBTMCLink.direct(usb))
        _ = try await source.connect()
        return usb
    }

    @Test("a failure of the bus at any step of a question leaves a link whose next question is answered")
    func failsAtEachStep() async throws {
        for step in 1...3 {
            for code in [BellError.Code.usbIO, .usbOverflow, .usbTimeout, .usbStall, .usbCancelled] {
                let usb = FailingUSB(DirectUSB(USBTMCSource()))
                let link = USBTMCLink(place: "alice/lo", clock: InstantClock()) { () throws(BellError) in usb }
                try await link.open()
                usb.fail(after: step, with: BellError(code, "Injected."))
                let error = await failure { () async throws(BellError) in _ = try await link.text("FREQ?") }
                #expect(error?.code == code, "step \(step)")
                #expect(try await link.text("*ESE 12;*ESE?") == "12", "step \(step), \(code.name)")
            }
        }
    }
}

/// Makes one transfer fail that reached the device all the same, as when the host gave up a moment too soon.
final class FailingUSB: USBInterface {
    private let inner: DirectUSB
    private let plan = Mutex<(left: Int, error: BellError)?>(nil)
    var identity: USBIdentity { inner.identity }
    var number: UInt8 { inner.number }
    var endpoints: [USBEndpoint] { inner.endpoints }

    init(_ inner: DirectUSB) { self.inner = inner }

    func fail(after count: Int, with error: BellError) { plan.withLock { $0 = (count, error) } }

    private func check() throws(BellError) {
        let error = plan.withLock { plan -> BellError? in
            guard let (count, error) = plan else { return nil }
            let left = count - 1
            plan = left > 0 ? (left, error) : nil
            return left > 0 ? nil : error
        }
        if let error { throw error }
    }

    func write(_ bytes: [UInt8], to endpoint: UInt8, timeout: Duration) async throws(BellError) {
        try await inner.write(bytes, to: endpoint, timeout: timeout)
        try check()
    }

    func read(_ count: Int, from endpoint: UInt8, timeout: Duration) async throws(BellError) -> [UInt8] {
        let bytes = try await inner.read(count, from: endpoint, timeout: timeout)
        try check()
        return bytes
    }

    func control(
        _ request: USBControlRequest, data: [UInt8], timeout: Duration
    ) async throws(BellError) -> [UInt8] {
        try await inner.control(request, data: data, timeout: timeout)
    }

    func clearHalt(_ endpoint: UInt8) async throws(BellError) { try await inner.clearHalt(endpoint) }
    func reset() async throws(BellError) { try await inner.reset() }
    func close() { inner.close() }
}
