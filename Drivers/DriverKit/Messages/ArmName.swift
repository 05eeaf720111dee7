public import BellModel

/// START: names the armed arm, so that a late START cannot fire another one.
public struct ArmName: Hashable, Sendable {
    public var campaign: CampaignID
    /// Number of the arm in its campaign.
    public var arm: UInt64

    public init(campaign: CampaignID, arm: UInt64) {
        self.campaign = campaign
        self.arm = arm
    }
}

extension ArmName: BoardPayload {
    func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: campaign.bytes)
        bytes.appendLittleEndian(arm)
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        campaign = try reader.campaign()
        arm = try reader.integer("arm")
    }
}
