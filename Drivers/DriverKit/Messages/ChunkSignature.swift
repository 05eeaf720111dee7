public import BellModel

/// CHUNK_SIGNATURE: a board's Ed25519 signature of the records of one TRIALS message.
public struct ChunkSignature: Hashable, Sendable {
    public var campaign: CampaignID
    /// Number of the arm in its campaign.
    public var arm: UInt64
    public var bootID: UInt64
    public var firstIndex: UInt64
    public var count: UInt32
    /// BLAKE2b-256 of the chunk's raw records.
    public var digest: Digest
    /// 64 bytes, over ``signedBytes``.
    public var signature: [UInt8]

    /// `signature` is usually set after construction, from ``signedBytes``.
    public init(
        campaign: CampaignID, arm: UInt64, bootID: UInt64, firstIndex: UInt64, count: UInt32, digest: Digest,
        signature: [UInt8] = [UInt8](repeating: 0, count: 64)
    ) {
        self.campaign = campaign
        self.arm = arm
        self.bootID = bootID
        self.firstIndex = firstIndex
        self.count = count
        self.digest = digest
        self.signature = signature
    }

    /// What the signature states.
    public var chunk: SignedChunk {
        SignedChunk(
            campaign: campaign, arm: arm, bootID: bootID, firstIndex: firstIndex, count: count, digest: digest)
    }

    /// What is signed: the 16 ASCII bytes `BELL chunk v1` and three zeroes, then the payload up to the signature.
    public var signedBytes: [UInt8] { chunk.bytes }
}

extension ChunkSignature: BoardPayload {
    var sizeHint: Int { 144 }

    func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: signedBytes.dropFirst(16))
        bytes.append(contentsOf: signature)
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        campaign = try reader.campaign()
        arm = try reader.integer("arm")
        bootID = try reader.integer("boot id")
        firstIndex = try reader.integer("first index")
        count = try reader.integer("count", in: 1...UInt32(TrialsMessage.maximumCount))
        try reader.skip(4)
        guard let digest = Digest(bytes: try reader.array("digest", count: 32)) else { throw reader.bad("digest") }
        self.digest = digest
        signature = try reader.array("signature", count: 64)
        guard !firstIndex.addingReportingOverflow(UInt64(count)).overflow else { throw reader.bad("first index") }
    }
}
