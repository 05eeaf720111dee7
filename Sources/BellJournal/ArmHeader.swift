public import BellModel

/// An arm as committed before START: from then on each of its trials counts.
public struct ArmHeader: Equatable, Sendable {
    /// One more than the arm before; the first is 0.
    public var arm: UInt64
    public var block: UInt64
    /// Index of the first trial; one past the last of the arm before.
    public var firstIndex: UInt64
    /// 1 … 2^24.
    public var count: UInt32
    /// Salted hash of the host's bits; nil when the boards make them.
    public var hostBitsCommitment: Digest?

    public init(arm: UInt64, block: UInt64, firstIndex: UInt64, count: UInt32, hostBitsCommitment: Digest? = nil) {
        self.arm = arm
        self.block = block
        self.firstIndex = firstIndex
        self.count = count
        self.hostBitsCommitment = hostBitsCommitment
    }

    /// One past the last trial. A header from the journal, or accepted by it, cannot overflow.
    public var endIndex: UInt64 { firstIndex &+ UInt64(count) }
}

/// What came back of an arm, and what the audit says of it.
public struct ArmResult: Equatable, Sendable {
    /// Each node's chunks, each one contiguous piece of records inside the arm; empty when nothing came.
    public var halves: PerNode<[HalfChunk]>
    public var clocks: PerNode<[ClockRecord]>
    /// The signatures of each node's chunks (``SignedChunk``), in the order of `halves`, nil for a chunk without one; nil
    /// when no chunk has one. Kept as they came: whether they are good is not asked here.
    public var signatures: PerNode<[[UInt8]?]>?
    /// One byte a committed trial.
    public var statuses: [UInt8]
    /// The audit's margins (`MarginSummary.json`).
    public var margins: JSON

    public init(
        halves: PerNode<[HalfChunk]>, clocks: PerNode<[ClockRecord]>, signatures: PerNode<[[UInt8]?]>? = nil,
        statuses: [UInt8], margins: JSON
    ) {
        self.halves = halves
        self.clocks = clocks
        self.signatures = signatures
        self.statuses = statuses
        self.margins = margins
    }
}
