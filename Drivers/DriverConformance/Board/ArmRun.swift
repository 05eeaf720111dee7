import BellModel
import DriverKit

/// Everything that a board sent of one arm, as it came.
struct ArmRun: Sendable {
    let order: ArmOrder
    let program: HarmlessProgram
    /// The bits that the arm was given; nil when the board made them.
    var bits: PackedBits?
    /// TRIALS, CHUNK_SIGNATURE, CLOCK, ARM_END of the arm, and FAULT, in the order of arrival.
    var arrivals: [ProbeLedger.Arrival] = []
    /// When START was sent.
    var begin: Duration = .zero

    var chunks: [TrialsMessage] { arrivals.compactMap(\.trials) }
    var clock: [ClockRecord] { arrivals.compactMap(\.clock).flatMap(\.records) }
    var ends: [ArmEnd] { arrivals.compactMap(\.armEnd) }
    var signatures: [ChunkSignature] { arrivals.compactMap(\.signature) }
    var faults: [FaultReport] { arrivals.compactMap(\.fault) }
    /// All records in the order of arrival.
    var records: [TrialRecord] { chunks.flatMap { TrialRecord.all(in: $0.records) } }
    var recordCount: Int { chunks.reduce(0) { $0 + $1.count } }

    /// From START to the last arrival.
    var duration: Duration { (arrivals.last?.at ?? begin) - begin }

    /// The first and last pulse that TRIALS name; nil without records.
    var pulses: ClosedRange<UInt64>? {
        guard let first = chunks.map(\.firstPulse).min(),
            let last = chunks.map({ $0.firstPulse + UInt64($0.count) - 1 }).max()
        else { return nil }
        return first...last
    }

    /// What must come again byte for byte until it is acknowledged, by kind.
    var kept: KeptData { KeptData(arrivals.filter { $0.armName == ArmName(campaign: order.campaign, arm: order.arm) }) }
}

/// Payloads that a board keeps; two replays are compared by them.
struct KeptData: Equatable, Sendable {
    var trials: [[UInt8]]
    var signatures: [[UInt8]]
    var clock: [[UInt8]]
    var ends: [[UInt8]]

    init(_ arrivals: [ProbeLedger.Arrival]) {
        func payloads(_ type: MessageType) -> [[UInt8]] {
            arrivals.filter { $0.type == type.rawValue }.map(\.payload)
        }
        trials = payloads(.trials)
        signatures = payloads(.chunkSignature)
        clock = payloads(.clock)
        ends = payloads(.armEnd)
    }

    /// What differs, kind by kind; empty when nothing does.
    func differences(from other: KeptData) -> [String] {
        func compare(_ name: String, _ now: [[UInt8]], _ before: [[UInt8]]) -> String? {
            if now == before { return nil }
            if now.count != before.count { return "\(now.count) \(name) come again, \(before.count) came before" }
            let place = zip(now, before).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
            return "\(name) number \(place + 1) comes again with other bytes"
        }
        return [
            compare("TRIALS", trials, other.trials), compare("CHUNK_SIGNATURE", signatures, other.signatures),
            compare("CLOCK", clock, other.clock), compare("ARM_END", ends, other.ends),
        ].compactMap { $0 }
    }

    var isEmpty: Bool { trials.isEmpty && signatures.isEmpty && clock.isEmpty && ends.isEmpty }
}
