import BellModel
import DriverKit
import Synchronization
import Testing
import VirtualUSB
import TestSupport

@testable import SCPIInstrument

@Suite struct USBTMCLinkTests {
    @Test("a question is answered, with three transfers and no more")
    func question() async throws {
        let usb = DirectUSB(USBTMCSource())
        let link = USBTMCLink.direct(usb)
        try await link.open()
        #expect(usb.calls == ["control 7", "control 5", "control 6", "control 6", "clearHalt 1", "control 160"])
        #expect(usb.model.isRemote)
        let before = usb.calls.count
        #expect(try await link.text("*IDN?") == "belld simulated,MW-20,SRC01,1.0")
        #expect(usb.calls[before...] == ["write", "write", "read"])
    }

    @Test("the transfers of a question are known ahead, and none when the device has to be brought back first")
    func ahead() {
        var machine = USBTMCMachine(
            pipes: USBTMCPipes(interface: 0, bulkOut: 1, bulkIn: 0x82, packet: 512, interruptIn: nil), quirks: [])
        let question: [USBTMCMachine.Operation] = [
            .write(Array("*IDN?\n".utf8), timeout: .seconds(1)),
            .read(limit: 100, terminator: nil, timeout: .seconds(1)),
        ]
        let steps = machine.firstSteps(of: question).map { step in
            switch step {
            case .write(let bytes, let endpoint, _): "write \(bytes[0]) to \(endpoint)"
            case .read(_, let endpoint, _): "read from \(endpoint)"
            }
        }
        #expect(steps == ["write 1 to 1", "write 2 to 1", "read from 130"])
        // The machine itself has not moved.
        guard case .write(let bytes, _) = machine.begin(question[0]) else {
            Issue.record("no message")
            return
        }
        #expect(bytes.starts(with: [1, 1, 254]))
        // A cancelled write leaves a device that waits for the rest of it.
        _ = machine.handle(.failed(BellError(.usbCancelled, "Cancelled.")))
        #expect(machine.firstSteps(of: question).isEmpty)
    }

    @Test(
        "blocks come whole at every length around packets, pieces and transfers",
        arguments: [
            0, 1, 9, 10, 99, 100, 493, 494, 495, 496, 497, 999, 1000, 1005, 1006, 8682, 8683, 8684, 8685, 65_536,
            1_000_000,
        ])
    func blocks(count: Int) async throws {
        for most in [1 << 20, 500, 512] where count / most < 100 {
            let usb = DirectUSB(USBTMCSource(mostReplyBytes: most))
            let link = USBTMCLink.direct(usb)
            try await link.open()
            let expected = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            for question in ["TEST:BLOCK? \(count)", "TEST:BLOCK:INDEF? \(count)"] {
                let answer = try await link.query(
                    Array(question.utf8), answer: .block, limit: 1 << 20, timeout: .seconds(1))
                #expect(try SCPIBlock.content(of: answer) == expected)
            }
            #expect(try await link.text("*OPC?") == "1")
        }
    }

    @Test("random messages of 0 to 5000 bytes come back as they were sent, however the transfers are cut")
    func roundTrip() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SplitMix(seed: seed)
        for _ in 0..<150 {
            let usb = DirectUSB(USBTMCSource(mostReplyBytes: Int.random(in: 8...2000, using: &random)))
            let pieces = (0..<3).map { _ in 512 * Int.random(in: 1...4, using: &random) }
            usb.change { $0.pieces = pieces }
            let link = USBTMCLink.direct(usb)
            try await link.open()
            for _ in 0..<3 {
                let content = (0..<Int.random(in: 0...5000, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                let message = Array("TEST:ECHO? ".utf8) + SCPIBlock.definite(content)
                let answer = try await link.query(message, answer: .block, limit: 6000, timeout: .seconds(1))
                #expect(try SCPIBlock.content(of: answer) == content)
            }
            #expect(usb.model.source.statusByte(isAnswerWaiting: false) & 4 == 0, "seed \(seed)")
        }
    }

    @Test("a message of more than a mebibyte goes in several transfers, the last of which ends it")
    func longMessage() async throws {
        let usb = DirectUSB(USBTMCSource())
        let link = USBTMCLink.direct(usb)
        try await link.open()
        let content = (0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let before = usb.calls.count
        let answer = try await link.query(
            Array("TEST:ECHO? ".utf8) + SCPIBlock.definite(content), answer: .block, limit: 3_000_000,
            timeout: .seconds(1))
        #expect(try SCPIBlock.content(of: answer) == content)
        // Three for the message, three requests for the answer, which the source sends a mebibyte at a time.
        #expect(usb.calls[before...].count { $0 == "write" } == 6)
    }

    @Test("an answer longer than allowed is refused, and the next question is answered")
    func tooLong() async throws {
        let link = USBTMCLink.direct(DirectUSB(USBTMCSource()))
        try await link.open()
        let error = await failure { () async throws(BellError) in
            _ = try await link.query(Array("TEST:BLOCK? 5000".utf8), answer: .block, limit: 1000, timeout: .seconds(1))
        }
        #expect(error?.code == .instrumentProtocol)
        #expect(error?.cause == "the reply is longer than 1000 bytes")
        #expect(try await link.text("*OPC?") == "1")
    }

    @Test("the status byte is read with and without an interrupt endpoint", arguments: [true, false])
    func statusByte(hasInterrupt: Bool) async throws {
        let usb = DirectUSB(USBTMCSource(hasInterrupt: hasInterrupt))
        let link = USBTMCLink.direct(usb)
        try await link.open()
        #expect(try await link.statusByte() == SCPIStatusByte([]))
        try await link.write(Array("NONSENSE".utf8), timeout: .seconds(1))
        #expect(try await link.statusByte() == .errorQueue)
        // Status requests go past the command queue: an answer that waits stays.
        try await link.write(Array("*OPC?".utf8), timeout: .seconds(1))
        #expect(try await link.statusByte() == [.errorQueue, .messageAvailable])
        #expect(try await link.read(limit: 10, timeout: .seconds(1)) == Array("1\n".utf8))
    }

    @Test("a service request comes between status bytes and is not taken for one")
    func serviceRequest() async throws {
        let link = USBTMCLink.direct(DirectUSB(USBTMCSource()))
        try await link.open()
        try await link.write(Array("*SRE 4;NONSENSE".utf8), timeout: .seconds(1))
        #expect(try await link.statusByte() == [.errorQueue, .requestsService])
        var requests = link.serviceRequests.makeAsyncIterator()
        #expect(await requests.next() == [.errorQueue, .requestsService])
    }

    @Test("a reply ends at a character where the device can do that")
    func terminator() async throws {
        let link = USBTMCLink.direct(DirectUSB(USBTMCSource()))
        try await link.open()
        try await link.write(Array("*IDN?".utf8), timeout: .seconds(1))
        let comma = UInt8(ascii: ",")
        // The model sets EOM only with the last piece, so that the link goes on by itself to the end.
        let all = try await link.read(limit: 100, terminator: comma, timeout: .seconds(1))
        #expect(String(decoding: all, as: UTF8.self) == "belld simulated,MW-20,SRC01,1.0\n")
    }

    @Test("trigger, blinking and local control reach the device")
    func functions() async throws {
        let usb = DirectUSB(USBTMCSource())
        let link = USBTMCLink.direct(usb)
        try await link.open()
        #expect(try await link.trigger(timeout: .seconds(1)))
        #expect(usb.model.source.triggers == 1)
        #expect(try await link.indicate())
        #expect(usb.model.indications == 1)
        #expect(try await link.goToLocal())
        #expect(!usb.model.isRemote)
        #expect(try await link.remoteEnable(true))
        #expect(usb.model.isRemote)
        #expect(try await link.localLockout())
        try await link.clear()
        #expect(try await link.text("*OPC?") == "1")
    }

    @Test("remote control is left alone, and a reset is made, where a device is known to want that")
    func quirks() async throws {
        let siglent = DirectUSB(USBTMCSource(), vendor: 0xf4ec, product: 0x1300)
        let clock = InstantClock()
        let link = USBTMCLink.direct(siglent, clock: clock)
        try await link.open()
        #expect(siglent.calls == ["control 7", "reset", "control 5", "control 6", "control 6", "clearHalt 1"])
        #expect(clock.sleeps.first == .milliseconds(750))
        #expect(try await !link.goToLocal())
        #expect(try await !link.localLockout())
    }

    @Test("a device without functions is not asked for them")
    func noFunctions() async throws {
        let endpoints = [
            USBEndpoint(address: 1, kind: .bulk, maximumPacket: 64),
            USBEndpoint(address: 0x82, kind: .bulk, maximumPacket: 64),
        ]
        let usb = ScriptedUSB(
            identity: USBIdentity(vendor: 1, product: 2, serial: "X"), endpoints: endpoints,
            control: { (request, _) throws(BellError) in
                if request.request == 7 { return [1] + [UInt8](repeating: 0, count: 23) }
                guard request.request == 5 || request.request == 6 else { throw BellError(.usbStall, "No.") }
                return [1, 0]
            },
            write: { (_, _) throws(BellError) in [] })
        let link = USBTMCLink(place: "x", clock: InstantClock()) { () throws(BellError) in usb }
        try await link.open()
        #expect(try await !link.trigger(timeout: .seconds(1)))
        #expect(try await !link.indicate())
        #expect(try await !link.remoteEnable(true))
        #expect(try await link.statusByte() == nil)
        #expect(!link.listenForServiceRequests())
    }

    @Test("a device without bulk endpoints is another kind of device")
    func noEndpoints() async throws {
        let usb = ScriptedUSB(
            identity: USBIdentity(vendor: 1, product: 2, serial: "X"), endpoints: [],
            write: { (_, _) throws(BellError) in [] })
        let link = USBTMCLink(place: "x") { () throws(BellError) in usb }
        let error = await failure { () async throws(BellError) in try await link.open() }
        #expect(error?.code == .instrumentWrongDevice)
        #expect(usb.calls == [.close])
    }

    @Test("operations of many tasks are answered each with its own answer")
    func concurrent() async throws {
        let link = USBTMCLink.direct(DirectUSB(USBTMCSource()))
        try await link.open()
        let wrong = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    do { return try await link.text("TEST:BLOCK? \(number)").count < 3 } catch { return true }
                }
                group.addTask {
                    do { return try await link.text("*ESE \(number);*ESE?") != "\(number)" } catch { return true }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(wrong == 0)
    }
}
