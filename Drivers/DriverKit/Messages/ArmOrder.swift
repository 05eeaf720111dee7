public import BellModel

/// ARM and ARMED: the trials of one trigger run.
public struct ArmOrder: Hashable, Sendable {
    public var campaign: CampaignID
    /// Number of the arm in its campaign.
    public var arm: UInt64
    /// Index of the first trial.
    public var firstIndex: UInt64
    /// Trials to run; ≥ 1.
    public var count: UInt32

    public init(campaign: CampaignID, arm: UInt64, firstIndex: UInt64, count: UInt32) {
        self.campaign = campaign
        self.arm = arm
        self.firstIndex = firstIndex
        self.count = count
    }

    /// One past the last trial's index; nil when it does not fit 64 bits.
    public var endIndex: UInt64? {
        let (end, overflow) = firstIndex.addingReportingOverflow(UInt64(count))
        return overflow ? nil : end
    }
}

extension ArmOrder {
    func appendFields(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: campaign.bytes)
        bytes.appendLittleEndian(arm)
        bytes.appendLittleEndian(firstIndex)
        bytes.appendLittleEndian(count)
        bytes.appendZeroes(4)
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        campaign = try reader.campaign()
        arm = try reader.integer("arm")
        firstIndex = try reader.integer("first index")
        count = try reader.integer("count", in: 1...UInt32.max)
        try reader.skip(4)
        guard endIndex != nil else { throw reader.bad("first index") }
    }
}
