import BellAudit
import BellModel
import BellTiming
import Testing

/// An arm that goes well, to be spoilt by a test.
///
/// 8 GHz, 80 µs, both nodes start 10 µs after the pulse and last 850 ticks = 106 250 ps; light needs 109 489 ps, so
/// both margins are 3 239 ps.
struct Scene {
    static let period: UInt64 = 640_000
    static let start: UInt64 = 80_000

    var firstIndex: UInt64 = 1 << 20
    var firstPulse: UInt64 = 77
    var records: PerNode<[TrialRecord]>
    var clocks: PerNode<[ClockRecord]>
    /// The counter of each node at pulse 0.
    let zero = PerNode<UInt64>(alice: 123_456_789, bob: 9_876_543_210_987)

    init(count: Int = 1024, clockEvery: Int = 64) {
        records = PerNode(alice: [], bob: [])
        clocks = PerNode(alice: [], bob: [])
        for node in Node.allCases {
            for i in 0..<count {
                let pulse = firstPulse + UInt64(i)
                let tick = zero[node] + pulse * Scene.period
                records[node].append(
                    TrialRecord(
                        index: firstIndex + UInt64(i), startTick: tick + Scene.start, stopDelta: 850,
                        setting: UInt8(node == .alice ? i >> 1 & 1 : i & 1), outcome: UInt8(i >> 2 & 1),
                        flags: .simulated))
                if i % clockEvery == 0 || i == count - 1 { clocks[node].append(ClockRecord(pulse: pulse, tick: tick)) }
            }
        }
    }

    var count: Int { records.alice.count }

    /// Records `range`, counted from the arm's first, as one chunk.
    func chunk(_ node: Node, _ range: Range<Int>? = nil) -> HalfChunk {
        let range = range ?? 0..<count
        return HalfChunk(
            node: node, firstIndex: firstIndex + UInt64(range.lowerBound),
            firstPulse: firstPulse + UInt64(range.lowerBound), bootID: 5,
            records: TrialRecord.bytes(of: records[node][range]))
    }

    var evidence: ArmEvidence {
        ArmEvidence(
            firstIndex: firstIndex, count: UInt32(count),
            halves: PerNode(alice: [chunk(.alice)], bob: [chunk(.bob)]), clocks: clocks)
    }

    static func survey(
        offset: Int64 = 0, startA: Int64 = 0, stopA: Int64 = 0, startB: Int64 = 0, stopB: Int64 = 0,
        known: Bool = true
    ) -> TimingSurvey {
        TimingSurvey(
            pathAB: .init(metres: 32.824, uncertainty: 0), pathBA: .init(metres: 32.824, uncertainty: 0),
            stations: PerNode(
                alice: .init(
                    startOffset: Picoseconds(startA), stopOffset: Picoseconds(stopA),
                    pulseDelay: Picoseconds(160_000 + offset)),
                bob: .init(
                    startOffset: Picoseconds(startB), stopOffset: Picoseconds(stopB),
                    pulseDelay: known ? Picoseconds(160_000) : nil)),
            terms: [.init(name: "all", picoseconds: 100, kind: .random)])
    }

    static func parameters(
        _ survey: TimingSurvey = survey(), k: Double = 5, inputBits: InputBitSource = .board
    ) throws -> AuditParameters {
        let rate = try #require(TickRate(numerator: 8_000_000_000))
        return try AuditParameters(
            survey: survey, k: k, tickRates: PerNode(alice: rate, bob: rate),
            trialPeriod: PerNode(alice: period, bob: period), inputBits: inputBits)
    }
}
