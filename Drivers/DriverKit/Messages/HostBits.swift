public import BellModel

/// HOST_BITS: the input bits of one arm, for programs whose bits come from the host.
public struct HostBits: Hashable, Sendable {
    public var campaign: CampaignID
    /// Number of the arm in its campaign.
    public var arm: UInt64
    /// One bit a trial, in index order.
    public var bits: PackedBits

    public init(campaign: CampaignID, arm: UInt64, bits: PackedBits) {
        self.campaign = campaign
        self.arm = arm
        self.bits = bits
    }
}

extension HostBits: BoardPayload {
    var sizeHint: Int { 32 + bits.bytes.count }

    func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: campaign.bytes)
        bytes.appendLittleEndian(arm)
        bytes.appendLittleEndian(bits.count)
        bytes.appendZeroes(4)
        bytes.append(contentsOf: bits.bytes)
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        campaign = try reader.campaign()
        arm = try reader.integer("arm")
        bits = try reader.packedBits()
    }
}
