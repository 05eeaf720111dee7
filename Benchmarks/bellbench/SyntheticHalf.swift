import BellModel

/// One node's records of an arm that looks like a real one, made once; arms differ in indices and ticks alone.
///
/// Settings are fair, outcomes have S ≈ 2.24, IQ points lie in two Gaussian clouds, starts jitter by a tick, and one
/// trial in 4096 is saturated. So records compress, and are judged, as a laboratory's.
struct SyntheticHalf {
    /// Raw records, in pieces as a board would send them.
    private(set) var chunks: [[UInt8]] = []
    /// What is added to each trial's start tick.
    private var jitter: [UInt64] = []

    private init(chunks: [[UInt8]], jitter: [UInt64]) {
        self.chunks = chunks
        self.jitter = jitter
    }

    /// Makes both halves of `count` trials.
    ///
    /// - Parameter chunk: Records in a piece.
    static func pair(count: Int, chunk: Int, dice: inout Dice) -> PerNode<SyntheticHalf> {
        var alice: [TrialRecord] = []
        var bob: [TrialRecord] = []
        for _ in 0..<count {
            let (x, y) = (UInt8(dice.next() & 1), UInt8(dice.next() & 1))
            let a = UInt8(dice.next() & 1)
            // E = ±0.56 gives S = 2.24.
            let isEqual = (dice.uniform() < 0.78) == !(x == 1 && y == 1)
            alice.append(record(setting: x, outcome: a, dice: &dice))
            bob.append(record(setting: y, outcome: isEqual ? a : 1 - a, dice: &dice))
        }
        return PerNode { node in
            let records = node == .alice ? alice : bob
            return SyntheticHalf(
                chunks: stride(from: 0, to: count, by: chunk).map {
                    TrialRecord.bytes(of: records[$0..<min($0 + chunk, count)])
                },
                // 80 % in the tick, the others one beside it.
                jitter: (0..<count).map { _ in
                    let roll = dice.next() % 10
                    return roll == 0 ? 1 : roll == 1 ? .max : 0
                })
        }
    }

    private static func record(setting: UInt8, outcome: UInt8, dice: inout Dice) -> TrialRecord {
        let centre: Double = outcome == 1 ? 3600 : -3600
        return TrialRecord(
            index: 0, startTick: 0, stopDelta: 0, i: Int16(centre + 2350 * dice.normal()),
            q: Int16(centre + 2350 * dice.normal()), setting: setting, outcome: outcome,
            flags: dice.next() % 4096 == 0 ? [.simulated, .saturated] : .simulated)
    }

    /// Puts an arm's numbers into the records.
    ///
    /// - Parameters:
    ///   - start: Ticks from the pulse to the start event.
    ///   - stopDelta: Ticks from there to the stop event.
    mutating func stamp(
        firstIndex: UInt64, firstPulse: UInt64, clock: SyntheticClock, start: UInt64, stopDelta: UInt32
    ) {
        let size = TrialRecord.byteCount
        var place = 0
        for chunk in chunks.indices {
            chunks[chunk].withUnsafeMutableBytes { raw in
                for offset in stride(from: 0, to: raw.count, by: size) {
                    let pulse = firstPulse &+ UInt64(place)
                    let tick = clock.tick(at: pulse) &+ start &+ jitter[place]
                    raw.storeBytes(
                        of: (firstIndex &+ UInt64(place)).littleEndian, toByteOffset: offset, as: UInt64.self)
                    raw.storeBytes(of: tick.littleEndian, toByteOffset: offset + 8, as: UInt64.self)
                    raw.storeBytes(of: stopDelta.littleEndian, toByteOffset: offset + 16, as: UInt32.self)
                    place += 1
                }
            }
        }
    }
}
