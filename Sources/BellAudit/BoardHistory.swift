public import BellModel
import BellTiming

/// Where a node's board was when the arms before ended: whatever is older was counted already.
///
/// A boot counts its ticks upwards, and one that was left does not come back. A board that sends an old arm once more as a
/// later one, clock records and all, breaks one of the two: nothing inside of an arm could tell. Pulses cannot serve, as they are
/// counted from the last synchronisation.
struct BoardHistory: Equatable, Sendable {
    /// The boot of the last chunk; nil before the first.
    private var boot: UInt64?
    private var left: Set<UInt64> = []
    /// Where the last trusted stretch of the boot's clock ended; nil when it has none yet.
    private var tick: UInt64?

    /// Takes an arm's chunks in, as far as their boots go.
    ///
    /// - Parameter chunks: Of this node, in any order.
    /// - Returns: False when one is of a boot that was left before. Then nothing of the node's arm can be believed, and
    ///   nothing is taken in.
    mutating func take(_ chunks: [(firstIndex: UInt64, bootID: UInt64)]) -> Bool {
        // Nearly always: the boot that it was.
        if let boot, chunks.allSatisfy({ $0.bootID == boot }) { return true }
        var next = self
        for chunk in chunks.sorted(by: <) where chunk.bootID != next.boot {
            if let boot = next.boot { next.left.insert(boot) }
            guard !next.left.contains(chunk.bootID) else { return false }
            next.boot = chunk.bootID
            next.tick = nil
        }
        self = next
        return true
    }

    /// Takes an arm's clock in, after its chunks: what does not come after all that was seen of the boot is not trusted.
    mutating func pass(_ clock: inout NodeClock) {
        tick = clock.keepRising(after: tick)
    }
}

/// Where both boards were when the arms before ended, in one campaign: the part of the audit that one arm alone cannot give.
public struct AuditHistory: Equatable, Sendable {
    var boards = PerNode(alice: BoardHistory(), bob: BoardHistory())

    /// Before the first arm.
    public init() {}

    /// Passes an arm that was audited before, without looking at its records.
    ///
    /// - Parameters:
    ///   - chunks: First index and boot of each chunk.
    ///   - clocks: The arm's clock records.
    ///   - parameters: What the arm was audited with.
    public mutating func pass(
        chunks: PerNode<[(firstIndex: UInt64, bootID: UInt64)]>, clocks: PerNode<[ClockRecord]>,
        _ parameters: AuditParameters
    ) {
        for node in Node.allCases {
            guard boards[node].take(chunks[node]) else { continue }
            var clock = NodeClock(records: clocks[node], scale: parameters.scales[node])
            boards[node].pass(&clock)
        }
    }
}
