import BellModel
import DriverKit
import Synchronization
import Testing

@testable import Recording

@Suite("Record a USB device or a stream, serve it again")
struct OperationReplayTests {
    private static let identity = USBIdentity(vendor: 0x20CE, product: 0x0022, serial: "11803", port: "1-2")
    private static let endpoints = [
        USBEndpoint(address: 0x01, kind: .interrupt, maximumPacket: 64, interval: 1),
        USBEndpoint(address: 0x81, kind: .interrupt, maximumPacket: 64, interval: 1),
    ]
    private static let gone = BellError(.usbUnplugged, "The device is gone.", at: "1-2")

    /// A device that echoes what is written, stalls at 0xEE and is unplugged at 0xFF.
    private func device() -> ScriptedUSB {
        ScriptedUSB(
            identity: OperationReplayTests.identity, endpoints: OperationReplayTests.endpoints,
            control: { (request, data) throws(BellError) in
                if request.request == 9 { throw BellError(.usbStall, "No.") }
                return Array(repeating: request.request, count: Int(request.length))
            },
            write: { (bytes, _) throws(BellError) in
                if bytes.first == 0xEE { throw BellError(.usbStall, "The endpoint is halted.") }
                if bytes.first == 0xFF { return [.init(0x81, failing: OperationReplayTests.gone)] }
                return [.init(0x81, bytes)]
            })
    }

    /// What a driver does, told as text: results and error codes.
    private func drive(_ usb: any USBInterface, last: UInt8 = 3) async -> [String] {
        var seen: [String] = ["\(usb.identity.text) \(usb.number) \(usb.endpoints)"]
        func note(_ body: () async throws(BellError) -> [UInt8]) async {
            do throws(BellError) { seen.append(try await body().hex) } catch { seen.append(error.code.name) }
        }
        let second = Duration.milliseconds(200)
        for byte in [1, 2, 0xEE, last, 0xFF] as [UInt8] {
            await note { () async throws(BellError) in
                try await usb.write([byte, 9], to: 0x01, timeout: second)
                return []
            }
            await note { () async throws(BellError) in try await usb.read(64, from: 0x81, timeout: second) }
        }
        for request in [5, 9] as [UInt8] {
            let setup = USBControlRequest(type: 0xA1, request: request, length: 3)
            await note { () async throws(BellError) in try await usb.control(setup, data: [], timeout: second) }
        }
        await note { () async throws(BellError) in
            try await usb.clearHalt(0x01)
            try await usb.reset()
            return []
        }
        usb.close()
        return seen
    }

    private func record() async throws -> (Trace, [String]) {
        let tap = RecorderTap(device: "alice/rf-switch", address: "usb://20ce:0022/11803", kind: .usb)
        let sink = MemorySink()
        try tap.start(to: sink)
        let device = device()
        let open = tap.recording { () async throws(BellError) -> any USBInterface in device }
        let seen = await drive(try await open())
        await tap.stop()
        return (try Trace(parsing: sink.bytes), seen)
    }

    @Test("A USB driver sees the same data, time-outs, stalls and unplugging")
    func usb() async throws {
        let (trace, seen) = try await record()
        #expect(seen.contains("usb.timeout") && seen.contains("usb.stall") && seen.contains("usb.unplugged"))
        #expect(seen.contains("050505") && seen.contains("0109"))
        let replay = try USBReplay(trace)
        let usb = try await replay.opener()
        #expect(await drive(usb) == seen)
        #expect(replay.divergence == nil)
        #expect((usb as? ReplayUSB)?.unsentCalls == 0)
        let closed = await #expect(throws: BellError.self) { try await usb.reset() }
        #expect(closed?.code == .usbClosed)
        let exhausted = #expect(throws: BellError.self) { _ = try replay.open() }
        #expect(exhausted?.code == .replayExhausted)
    }

    @Test("What was open before the recording began is left out: a replay begins with a whole connection")
    func begunInTheMiddle() async throws {
        let tap = RecorderTap(device: "alice/rf-switch", address: "usb://20ce:0022/11803", kind: .usb)
        let sink = MemorySink()
        let device = device()
        let open = tap.recording { () async throws(BellError) -> any USBInterface in device }
        let before = try await open()
        try tap.start(to: sink)
        try await before.write([7, 7], to: 0x01, timeout: .seconds(1))
        before.close()
        let seen = await drive(try await open())
        await tap.stop()
        let replay = try USBReplay(try Trace(parsing: sink.bytes))
        #expect(await drive(try replay.open()) == seen)
        #expect(replay.divergence == nil)
        let exhausted = #expect(throws: BellError.self) { _ = try replay.open() }
        #expect(exhausted?.code == .replayExhausted)
    }

    @Test("A USB driver that writes something else is told both in hexadecimal")
    func usbDivergence() async throws {
        let (trace, _) = try await record()
        let replay = try USBReplay(trace, path: "x.belltrace")
        let seen = await drive(try replay.open(), last: 4)
        #expect(seen.contains("replay.divergence"))
        let error = try #require(replay.divergence)
        #expect(error.cause == "now: 0409; recorded: write of 2 bytes to endpoint 0x01 0309")
        #expect(error.place?.hasPrefix("x.belltrace, byte ") == true)
        #expect(throws: BellError.self) { _ = try replay.open() }
    }

    @Test("A read waits for the write that came before it, and a listener's endless read only times out")
    func waiting() async throws {
        let (trace, _) = try await record()
        let usb = try USBReplay(trace).open()
        async let early = usb.read(64, from: 0x81, timeout: .seconds(30))
        try await Task.sleep(for: .milliseconds(20))
        try await usb.write([1, 9], to: 0x01, timeout: .seconds(1))
        #expect(try await early == [1, 9])
        let late = await #expect(throws: BellError.self) {
            _ = try await usb.read(64, from: 0x81, timeout: .milliseconds(5))
        }
        #expect(late?.code == .usbTimeout)
        let task = Task { try await usb.read(64, from: 0x81, timeout: .seconds(600)) }
        task.cancel()
        let cancelled = await #expect(throws: BellError.self) { _ = try await task.value }
        #expect(cancelled?.code == .usbCancelled)
    }

    @Test("A stream is compared byte by byte, however it is cut")
    func stream() async throws {
        let tap = RecorderTap(device: "lo", address: "tcp://lo:5025", kind: .stream)
        let sink = MemorySink()
        try tap.start(to: sink)
        let recorded = RecordingStream(Echo(), tap: tap)
        let second = Duration.milliseconds(50)
        try await recorded.write(Array("*IDN?\n".utf8), timeout: second)
        #expect(try await recorded.read(upTo: 100, timeout: second) == Array("*IDN?\n".utf8))
        _ = await #expect(throws: BellError.self) { _ = try await recorded.read(upTo: 100, timeout: second) }
        try await recorded.write(Array("FREQ?\n".utf8), timeout: second)
        _ = try await recorded.read(upTo: 100, timeout: second)
        recorded.close()
        await tap.stop()
        let trace = try Trace(parsing: sink.bytes)

        let replay = try StreamReplay(trace)
        let again = try await replay.opener()
        try await again.write(Array("*I".utf8), timeout: second)
        let early = await #expect(throws: BellError.self) { _ = try await again.read(upTo: 3, timeout: .zero) }
        #expect(early?.code == .streamTimeout)
        try await again.write(Array("DN?\n".utf8), timeout: second)
        #expect(try await again.read(upTo: 3, timeout: second) == Array("*ID".utf8))
        #expect(try await again.read(upTo: 3, timeout: second) == Array("N?\n".utf8))
        let timeout = await #expect(throws: BellError.self) { _ = try await again.read(upTo: 3, timeout: .seconds(60)) }
        #expect(timeout?.code == .streamTimeout)
        let other = await #expect(throws: BellError.self) {
            try await again.write(Array("FREK?\n".utf8), timeout: second)
        }
        #expect(other?.code == .replayDivergence)
        #expect(other?.cause == "now: 4652454b3f0a; recorded: write of 6 bytes to endpoint 0x00 465245513f0a")
        #expect(replay.divergence == other)
        again.close()
        let closed = await #expect(throws: BellError.self) { try await again.write([1], timeout: second) }
        #expect(closed?.code == .streamClosed)
    }
}

/// A stream that gives back what was written, once.
private final class Echo: ByteStream {
    private let waiting = Mutex<[UInt8]>([])

    func write(_ bytes: [UInt8], timeout: Duration) async throws(BellError) { waiting.withLock { $0 += bytes } }

    func read(upTo limit: Int, timeout: Duration) async throws(BellError) -> [UInt8] {
        let bytes = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        if bytes.isEmpty { throw BellError(.streamTimeout, "Nothing came.") }
        return bytes
    }

    func close() {}
}
