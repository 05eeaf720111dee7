public import BellModel

/// ACK: everything of the campaign below an index is on the host's disk and may be dropped. Never answered.
public struct Acknowledgement: Hashable, Sendable {
    public var campaign: CampaignID
    /// The arm that was stored last; for logs, a board does not need it.
    public var arm: UInt64
    /// The first index that is still wanted; 2^64 − 1 drops all of the campaign.
    public var nextIndex: UInt64

    public init(campaign: CampaignID, arm: UInt64, nextIndex: UInt64) {
        self.campaign = campaign
        self.arm = arm
        self.nextIndex = nextIndex
    }
}

extension Acknowledgement: BoardPayload {
    func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: campaign.bytes)
        bytes.appendLittleEndian(arm)
        bytes.appendLittleEndian(nextIndex)
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        campaign = try reader.campaign()
        arm = try reader.integer("arm")
        nextIndex = try reader.integer("next index")
    }
}
