public import BellModel

/// The outcomes of one arm: one ``TrialStatus`` byte a trial, and the hashes of both nodes' raw records.
public struct OutcomesFrame: Equatable, Sendable {
    /// The arm's number in its campaign.
    public var arm: UInt64
    /// Index of the first trial; the others follow without a gap.
    public var firstIndex: UInt64
    /// BLAKE2b-256 of each chunk of raw 32-byte records, in index order; none when no record of a node came back.
    public var hashes: PerNode<[Digest]>
    /// One byte a trial; at least one, at most ``maxTrials``.
    public var statuses: [UInt8]

    /// An arm is bounded by a board's spool; this is far above any.
    public static let maxTrials = 1 << 20
    /// A chunk is at most one board frame; this is far above what an arm can hold.
    public static let maxHashes = 1024

    public init(arm: UInt64, firstIndex: UInt64, hashes: PerNode<[Digest]>, statuses: [UInt8]) {
        self.arm = arm
        self.firstIndex = firstIndex
        self.hashes = hashes
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
        bytes.reserveCapacity(bytes.count + 24 + 32 * (hashes.alice.count + hashes.bob.count) + statuses.count)
        bytes.appendLittleEndian(arm)
        bytes.appendLittleEndian(firstIndex)
        bytes.appendLittleEndian(UInt32(clamping: statuses.count))
        bytes.appendLittleEndian(UInt16(clamping: hashes.alice.count))
        bytes.appendLittleEndian(UInt16(clamping: hashes.bob.count))
        for hash in hashes.alice + hashes.bob { bytes += hash.bytes }
        bytes += statuses
    }

    init(reading reader: inout ByteReader) throws(BellError) {
        arm = try reader.integer()
        firstIndex = try reader.index()
        let count: UInt32 = try reader.integer()
        let alice: UInt16 = try reader.integer()
        let bob: UInt16 = try reader.integer()
        guard count > 0, count <= Self.maxTrials else {
            throw ByteReader.malformed("an arm of \(count) trials cannot be")
        }
        guard firstIndex <= UInt64(Int64.max) - UInt64(count) else {
            throw ByteReader.malformed("its trials pass index 2^63")
        }
        guard max(alice, bob) <= Self.maxHashes else {
            throw ByteReader.malformed("\(max(alice, bob)) chunks in an arm cannot be")
        }
        var lists: [[Digest]] = []
        for n in [alice, bob] {
            var list: [Digest] = []
            for _ in 0..<n {
                if let digest = Digest(bytes: try reader.bytes(32)) { list.append(digest) }
            }
            lists.append(list)
        }
        hashes = PerNode(alice: lists[0], bob: lists[1])
        statuses = Array(try reader.bytes(Int(count)))
        if let wrong = statuses.firstIndex(where: { !Self.isStatus[Int($0)] }) {
            throw ByteReader.malformed(
                "trial \(firstIndex + UInt64(wrong)) has the status byte \(statuses[wrong]), which means nothing")
        }
    }

    /// Which bytes are a ``TrialStatus``.
    private static let isStatus: [Bool] = (0...255).map { TrialStatus(rawValue: $0) != nil }
}
