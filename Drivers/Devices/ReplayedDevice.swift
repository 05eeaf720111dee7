import BellModel
import DriverKit

/// A replayed board: says that it is simulated, whatever was recorded, so that no campaign on it passes for a measurement.
///
/// CAPABILITIES and every trial record get their simulated flag; a chunk's signature is then no longer that of its
/// records, as it should be.
final class ReplayedTransport: Transport {
    let incoming: AsyncThrowingStream<[UInt8], any Error>
    private let inner: any Transport

    init(_ inner: any Transport) {
        self.inner = inner
        let source = inner.incoming
        incoming = AsyncThrowingStream { () async throws -> [UInt8]? in
            var iterator = source.makeAsyncIterator()
            return try await iterator.next().map(ReplayedTransport.marked)
        }
    }

    func send(_ frame: [UInt8]) throws(BellError) { try inner.send(frame) }
    func close() { inner.close() }

    /// The frame with the simulated flags set; one that cannot be read stays as it is, because that may be its point.
    static func marked(_ bytes: [UInt8]) -> [UInt8] {
        guard let frame = try? Frame.decode(bytes), let message = try? BoardMessage(frame) else { return bytes }
        switch message {
        case .capabilities(var capabilities):
            capabilities.simulated = true
            return BoardMessage.capabilities(capabilities).encoded(sequence: frame.sequence, replyTo: frame.replyTo)
        case .trials(var trials):
            let flags = 26  // the low byte of the record's flags; docs/board-protocol.md, "Trial record"
            for place in stride(from: trials.records.startIndex, to: trials.records.endIndex, by: TrialRecord.byteCount)
            {
                trials.records[place + flags] |= UInt8(truncatingIfNeeded: TrialFlags.simulated.rawValue)
            }
            return BoardMessage.trials(trials).encoded(sequence: frame.sequence, replyTo: frame.replyTo)
        default: return bytes
        }
    }
}

/// A replayed instrument: says that it is simulated, whatever was recorded.
final class ReplayedInstrument: Instrument {
    let name: String
    private let inner: any Instrument

    init(_ inner: any Instrument) {
        name = inner.name
        self.inner = inner
    }

    func connect() async throws(BellError) -> InstrumentIdentity {
        var identity = try await inner.connect()
        identity.isSimulated = true
        return identity
    }

    func settings() async -> [InstrumentSetting] { await inner.settings() }
    func read(_ key: String) async throws(BellError) -> InstrumentValue { try await inner.read(key) }
    func set(_ key: String, to value: InstrumentValue) async throws(BellError) -> InstrumentValue {
        try await inner.set(key, to: value)
    }
    func problems() async throws(BellError) -> [String] { try await inner.problems() }
    func warnings() async -> [String] { await inner.warnings() }
    func makeSafe() async throws(BellError) { try await inner.makeSafe() }
    func close() async { await inner.close() }
}
