/// All that is known of one arm: what was committed before it, and what the nodes sent of it.
///
/// The journal gives it, the audit judges it; nothing in it is derived from anything else in it.
public struct ArmEvidence: Equatable, Sendable {
    /// Index of the arm's first trial.
    public var firstIndex: UInt64
    /// Committed trials; every one of them counts.
    public var count: UInt32
    /// Each node's records as they came; in any order, with gaps and repeats.
    public var halves: PerNode<[HalfChunk]>
    /// Each node's clock records; in any order.
    public var clocks: PerNode<[ClockRecord]>
    /// The bits that the host had committed to, packed MSB first, from the arm's first trial; nil for board bits.
    public var hostBits: PerNode<[UInt8]>?

    public init(
        firstIndex: UInt64, count: UInt32, halves: PerNode<[HalfChunk]>, clocks: PerNode<[ClockRecord]>,
        hostBits: PerNode<[UInt8]>? = nil
    ) {
        self.firstIndex = firstIndex
        self.count = count
        self.halves = halves
        self.clocks = clocks
        self.hostBits = hostBits
    }
}
