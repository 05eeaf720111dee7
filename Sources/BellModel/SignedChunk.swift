/// What a node's key states of one chunk: these records, of this arm, from this boot.
public struct SignedChunk: Equatable, Sendable {
    public var campaign: CampaignID
    /// Number of the arm in its campaign.
    public var arm: UInt64
    /// The board's boot in which the records were made.
    public var bootID: UInt64
    /// Index of the first record.
    public var firstIndex: UInt64
    public var count: UInt32
    /// BLAKE2b-256 of the raw 32-byte records in index order.
    public var digest: Digest

    public init(
        campaign: CampaignID, arm: UInt64, bootID: UInt64, firstIndex: UInt64, count: UInt32, digest: Digest
    ) {
        self.campaign = campaign
        self.arm = arm
        self.bootID = bootID
        self.firstIndex = firstIndex
        self.count = count
        self.digest = digest
    }

    /// The 96 bytes that are signed: the 16 bytes `BELL chunk v1`, 0, 0, 0, then the fields, little-endian.
    ///
    /// - SeeAlso: docs/board-protocol.md, CHUNK_SIGNATURE.
    public var bytes: [UInt8] {
        var bytes = [UInt8]("BELL chunk v1\0\0\0".utf8)
        bytes += campaign.bytes
        bytes.appendLittleEndian(arm)
        bytes.appendLittleEndian(bootID)
        bytes.appendLittleEndian(firstIndex)
        bytes.appendLittleEndian(count)
        bytes.appendLittleEndian(UInt32(0))
        bytes += digest.bytes
        return bytes
    }
}
