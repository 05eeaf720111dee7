import BellModel
import Dispatch
import DriverKit
import Foundation
import Synchronization
import Testing

@testable import Recording

@Suite("The recorder never disturbs the device")
struct RecorderTests {
    private func tap() -> RecorderTap {
        RecorderTap(device: "alice/board", address: "zmq+tcp://alice:5555", kind: .board)
    }

    private static let answer = BoardMessage.ok.encoded(sequence: 1, replyTo: 1)

    /// A board that answers every frame with OK, recorded.
    private func transport(_ tap: RecorderTap) -> (RecordingTransport, ScriptedTransport) {
        let scripted = ScriptedTransport { _ in [RecorderTests.answer] }
        return (RecordingTransport(scripted, tap: tap), scripted)
    }

    @Test("Frames pass unchanged while a recording is off, on, and off again")
    func onAndOff() async throws {
        let tap = tap()
        let (transport, scripted) = transport(tap)
        let sink = MemorySink()
        let frame = BoardMessage.ping(token: 7).encoded(sequence: 1)
        var incoming = transport.incoming.makeAsyncIterator()
        for isOn in [false, true, false] {
            if isOn { try tap.start(to: sink) } else { await tap.stop() }
            #expect(tap.isRecording == isOn)
            try transport.send(frame)
            #expect(try await incoming.next() == RecorderTests.answer)
        }
        #expect(scripted.sent == [frame, frame, frame])
        let trace = try Trace(parsing: sink.bytes)
        #expect(
            trace.entries.map(\.record.event) == [
                .opened(nil), .hostFrame(frame), .boardFrame(RecorderTests.answer), .stopped(.requested),
            ])
        #expect(trace.entries.map(\.record.isContext) == [true, false, false, false])
    }

    @Test("The way's end is recorded once, as what it was")
    func ends() async throws {
        let gone = BellError(.transportClosed, "The cable was pulled.", at: "usb")
        for expected in [TraceEvent.closed, .ended, .failed(gone)] {
            let tap = tap()
            let sink = MemorySink()
            try tap.start(to: sink)
            let (transport, scripted) = transport(tap)
            switch expected {
            case .closed: transport.close()
            case .ended: scripted.close()
            default: scripted.fail(gone)
            }
            var incoming = transport.incoming.makeAsyncIterator()
            _ = try? await incoming.next()
            transport.close()
            transport.close()
            await tap.stop()
            let events = try Trace(parsing: sink.bytes).entries.map(\.record.event)
            #expect(events == [.opened(nil), expected, .stopped(.requested)])
        }
    }

    @Test("A full disk ends the recording with an error that is told, and not the link")
    func fullDisk() async throws {
        let tap = tap()
        let (transport, scripted) = transport(tap)
        let sink = MemorySink(room: 4_000)
        let (ends, told) = AsyncStream.makeStream(of: Recorder.End.self)
        try tap.start(to: sink, onEnd: { told.yield($0) })
        let header = sink.bytes.count
        try transport.send(BoardMessage.ping(token: 0).encoded(sequence: 1))
        // The recorder writes all that waits in one go: without this, that may be more than there is room for.
        while tap.isRecording, sink.bytes.count == header { await Task.yield() }
        var sent = 1
        while tap.isRecording, sent < 1_000_000 {
            try transport.send(BoardMessage.ping(token: UInt64(sent)).encoded(sequence: 1))
            sent += 1
            await Task.yield()
        }
        var iterator = ends.makeAsyncIterator()
        let end = try #require(await iterator.next())
        #expect(end.reason == .diskFailed)
        #expect(end.error?.code == .recordingWrite)
        try transport.send([1, 2, 3])
        #expect(scripted.sent.count == sent + 1)
        let trace = try Trace(parsing: sink.bytes)
        #expect(trace.entries.isEmpty == false)
        #expect(trace.damage() == nil)
        // Another one can begin at once.
        let next = MemorySink()
        try tap.start(to: next)
        #expect(await tap.stop()?.reason == .requested)
    }

    @Test("A slow disk ends the recording before memory runs out; no send waits for it")
    func slowDisk() async throws {
        let tap = tap()
        let (transport, scripted) = transport(tap)
        let gate = DispatchSemaphore(value: 0)
        let sink = MemorySink(gate: gate)
        try tap.start(to: sink, limits: Recorder.Limits(waiting: 100_000))
        // The disk does not take one byte meanwhile: if a send waited for it, this would never end.
        let frame = [UInt8](repeating: 5, count: 1_000)
        for _ in 0..<500 { try transport.send(frame) }
        #expect(scripted.sent.count == 500)
        for _ in 0..<500 { gate.signal() }
        let end = try #require(await tap.stop())
        #expect(end.reason == .slowDisk)
        #expect(end.error?.code == .recordingSlow)
        let trace = try Trace(parsing: sink.bytes)
        #expect(trace.tail == .stopped(.slowDisk))
        #expect((1..<200).contains(trace.entries.count))
    }

    @Test("At its size limit a recording stops, and says so in the file")
    func sizeLimit() async throws {
        let tap = tap()
        let (transport, _) = transport(tap)
        let sink = MemorySink()
        try tap.start(to: sink, limits: Recorder.Limits(file: 2_000))
        for _ in 0..<100 { try transport.send([UInt8](repeating: 1, count: 100)) }
        let end = try #require(await tap.stop())
        #expect(end.reason == .sizeLimit)
        #expect(end.bytes == UInt64(sink.bytes.count))
        #expect(sink.bytes.count <= 2_000)
        #expect(try Trace(parsing: sink.bytes).tail == .stopped(.sizeLimit))
    }

    @Test("The file is its owner's only, and a recording overwrites nothing")
    func file() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("belltrace-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("a.belltrace").path
        let tap = tap()
        try tap.start(file: path)
        let busy = #expect(throws: BellError.self) { try tap.start(file: path + "2") }
        #expect(busy?.code == .recordingBusy)
        await tap.stop()
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try Trace(file: path).header.device == "alice/board")
        let taken = #expect(throws: BellError.self) { try tap.start(file: path) }
        #expect(taken?.code == .recordingWrite)
        #expect(throws: BellError.self) { try tap.start(file: folder.path + "/none/a.belltrace") }
        #expect(throws: BellError.self) { _ = try Trace(file: path + "3") }
    }

    @Test("Times never go back, and follow the clock that is handed in")
    func times() async throws {
        let clock = Mutex<UInt64>(1_000)
        let tap = tap()
        let sink = MemorySink()
        try tap.start(to: sink, now: { clock.withLock { $0 } })
        let (transport, _) = transport(tap)
        for step in [0, 5, 5, 1_000_000_007] as [UInt64] {
            clock.withLock { $0 += step }
            try transport.send([1])
        }
        await tap.stop()
        let times = try Trace(parsing: sink.bytes).entries.map(\.record.time)
        #expect(times == [0, 0, 5, 10, 1_000_000_017, 1_000_000_017])
    }
}
