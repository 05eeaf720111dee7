public import BellModel

/// The outcomes of one arm: one ``TrialStatus`` byte a trial, and each node's leaf of its tree of evidence.
public struct OutcomesFrame: Equatable, Sendable {
    /// The arm's number in its campaign.
    public var arm: UInt64
    /// Index of the first trial; the others follow without a gap.
    public var firstIndex: UInt64
    /// The hash of all that each node contributed to the arm; also of a node of which nothing came back.
    public var leaves: PerNode<Digest>
    /// One byte a trial; at least one, at most ``maxTrials``.
    public var statuses: [UInt8]

    /// An arm is bounded by a board's spool; this is far above any.
    public static let maxTrials = 1 << 20

    public init(arm: UInt64, firstIndex: UInt64, leaves: PerNode<Digest>, statuses: [UInt8]) {
        self.arm = arm
        self.firstIndex = firstIndex
        self.leaves = leaves
        self.statuses = statuses
    }

    /// One past the last trial.
    public var nextIndex: UInt64 { firstIndex + UInt64(statuses.count) }

    /// The arm's counts; every byte must be a ``TrialStatus``, as in any decoded frame.
    public var tally: TrialTally {
        var bins = [UInt64](repeating: 0, count: 256)
        for status in statuses { bins[Int(status)] += 1 }
        let losses = (0..<16).map { $0 == 0 ? 0 : bins[$0 << 4] }
        return TrialTally(counts: Array(bins[0..<16]), lossCounts: losses) ?? TrialTally()
    }

    func append(to bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + 88 + statuses.count)
        bytes.appendLittleEndian(arm)
        bytes.appendLittleEndian(firstIndex)
        bytes.appendLittleEndian(UInt32(clamping: statuses.count))
        bytes.appendLittleEndian(UInt32(0))
        bytes += leaves.alice.bytes
        bytes += leaves.bob.bytes
        bytes += statuses
    }

    init(reading reader: inout ByteReader) throws(BellError) {
        arm = try reader.integer()
        firstIndex = try reader.index()
        let count: UInt32 = try reader.integer()
        let _: UInt32 = try reader.integer()
        guard count > 0, count <= Self.maxTrials else {
            throw ByteReader.malformed("an arm of \(count) trials cannot be")
        }
        guard firstIndex <= UInt64(Int64.max) - UInt64(count) else {
            throw ByteReader.malformed("its trials pass index 2^63")
        }
        leaves = PerNode(alice: try reader.digest(), bob: try reader.digest())
        statuses = Array(try reader.bytes(Int(count)))
        if let wrong = statuses.firstIndex(where: { !Self.isStatus[Int($0)] }) {
            throw ByteReader.malformed(
                "trial \(firstIndex + UInt64(wrong)) has the status byte \(statuses[wrong]), which means nothing")
        }
    }

    /// Which bytes are a ``TrialStatus``.
    private static let isStatus: [Bool] = (0...255).map { TrialStatus(rawValue: $0) != nil }
}
