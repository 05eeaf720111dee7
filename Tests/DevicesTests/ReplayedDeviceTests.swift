import BellModel
import DriverKit
import Synchronization
import Testing

@testable import Devices

@Suite("A replayed device says that it is simulated")
struct ReplayedDeviceTests {
    private static func trials(_ flags: [TrialFlags]) throws -> TrialsMessage {
        let campaign = try #require(CampaignID(bytes: [UInt8](repeating: 7, count: 16)))
        var records: [UInt8] = []
        for (index, flag) in flags.enumerated() {
            let record = TrialRecord(
                index: UInt64(index) + 5, startTick: 1_000_000 * UInt64(index + 1), stopDelta: 800, i: -1, q: 0x0102,
                setting: 1, outcome: UInt8(index % 2), flags: flag, aux: 0xFFFF_FFFE)
            record.append(to: &records)
        }
        return TrialsMessage(campaign: campaign, arm: 3, bootID: 9, firstIndex: 5, firstPulse: 40, records: records)
    }

    @Test("CAPABILITIES get the flag, and nothing else changes")
    func capabilities() throws {
        let real = try Capabilities.real(.bob)
        let bytes = BoardMessage.capabilities(real).encoded(sequence: 12, replyTo: 7)
        let frame = try Frame.decode(ReplayedTransport.marked(bytes))
        var expected = real
        expected.simulated = true
        #expect(try BoardMessage(frame) == .capabilities(expected))
        #expect((frame.sequence, frame.replyTo) == (12, 7))
        #expect(ReplayedTransport.marked(ReplayedTransport.marked(bytes)) == ReplayedTransport.marked(bytes))
    }

    @Test("every trial record gets the flag and keeps its others; the frame's checksum is right")
    func records() throws {
        let flags: [TrialFlags] = [[], .simulated, [.hostBit, .saturated], .missedTrigger]
        let message = try Self.trials(flags)
        let bytes = BoardMessage.trials(message).encoded(sequence: 3, replyTo: 0)
        let frame = try Frame.decode(ReplayedTransport.marked(bytes))
        guard case .trials(let marked) = try BoardMessage(frame) else {
            Issue.record("another message: \(frame.type)")
            return
        }
        let (old, new) = (TrialRecord.all(in: message.records), TrialRecord.all(in: marked.records))
        #expect(new.map(\.flags) == flags.map { $0.union(.simulated) })
        var expected = old
        for place in expected.indices { expected[place].flags.insert(.simulated) }
        #expect(new == expected)
        #expect((marked.campaign, marked.arm, marked.firstIndex) == (message.campaign, 3, 5))
        #expect((marked.bootID, marked.firstPulse, frame.sequence) == (9, 40, 3))
    }

    @Test("a frame that cannot be read, or has nothing to mark, stays as it is")
    func others() throws {
        var damaged = BoardMessage.trials(try Self.trials([[]])).encoded(sequence: 3, replyTo: 0)
        damaged[damaged.count - 1] ^= 1
        let cases: [[UInt8]] = [
            [], [0], Array("garbage".utf8), damaged, Array(damaged.dropLast(9)),
            BoardMessage.pong(token: 5).encoded(sequence: 8, replyTo: 4),
            BoardMessage.ok.encoded(sequence: 9, replyTo: 5),
        ]
        for bytes in cases { #expect(ReplayedTransport.marked(bytes) == bytes) }
    }

    @Test("the transport passes everything in order, and ends as the recorded one did")
    func transport() async throws {
        let inner = ScriptedTransport()
        let replayed = ReplayedTransport(inner)
        let hello = BoardMessage.hello(Hello(software: "test")).encoded(sequence: 1, replyTo: 0)
        try replayed.send(hello)
        #expect(inner.sent == [hello])
        inner.deliver([1, 2, 3])
        inner.deliver(BoardMessage.capabilities(try .real()).encoded(sequence: 2, replyTo: 1))
        inner.fail(BellError(.transportClosed, "The plug was pulled."))
        var got: [[UInt8]] = []
        let error = await #expect(throws: BellError.self) {
            for try await frame in replayed.incoming { got.append(frame) }
        }
        #expect(error?.what == "The plug was pulled.")
        #expect(got.first == [1, 2, 3])
        #expect(got.count == 2)
        guard case .capabilities(let board) = try BoardMessage(try Frame.decode(got[1])) else {
            Issue.record("no CAPABILITIES")
            return
        }
        #expect(board.simulated)
    }

    /// A real instrument, as far as it says.
    private final class Real: Instrument {
        let name = "real"
        let calls = Mutex<[String]>([])
        private func note(_ call: String) { calls.withLock { $0.append(call) } }

        func connect() async throws(BellError) -> InstrumentIdentity {
            note("connect")
            return InstrumentIdentity(vendor: "V", model: "M", serial: "S", firmware: "F", isSimulated: false)
        }
        func settings() async -> [InstrumentSetting] {
            note("settings")
            return [InstrumentSetting(key: "output", summary: "", kind: .toggle)]
        }
        func read(_ key: String) async throws(BellError) -> InstrumentValue {
            note("read \(key)")
            return .toggle(true)
        }
        func set(_ key: String, to value: InstrumentValue) async throws(BellError) -> InstrumentValue {
            note("set \(key) \(value.text)")
            throw BellError(.instrumentReadBack, "no")
        }
        func problems() async throws(BellError) -> [String] {
            note("problems")
            return ["cold"]
        }
        func makeSafe() async throws(BellError) { note("safe") }
        func close() async { note("close") }
    }

    @Test("a replayed instrument passes everything on, and only its identity differs")
    func instrument() async throws {
        let real = Real()
        let replayed = ReplayedInstrument(real)
        #expect(replayed.name == "real")
        #expect(
            try await replayed.connect()
                == InstrumentIdentity(vendor: "V", model: "M", serial: "S", firmware: "F", isSimulated: true))
        #expect(await replayed.settings().map(\.key) == ["output"])
        #expect(try await replayed.read("output") == .toggle(true))
        #expect(try await failure { try await replayed.set("output", to: .toggle(false)) }.code == .instrumentReadBack)
        #expect(try await replayed.problems() == ["cold"])
        try await replayed.makeSafe()
        await replayed.close()
        #expect(
            real.calls.withLock { $0 } == [
                "connect", "settings", "read output", "set output off", "problems", "safe", "close",
            ])
    }
}
