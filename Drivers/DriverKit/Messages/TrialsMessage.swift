public import BellModel

/// TRIALS: records of consecutive trials of one arm.
public struct TrialsMessage: Hashable, Sendable {
    /// The most records that one message carries: (1 MiB − 56) / 32.
    public static let maximumCount = (Frame.maximumPayload - 56) / TrialRecord.byteCount

    public var campaign: CampaignID
    /// Number of the arm in its campaign.
    public var arm: UInt64
    /// The boot in which the records were made.
    public var bootID: UInt64
    /// Index of the first record; the others follow without a gap.
    public var firstIndex: UInt64
    /// Index of the shared pulse that started the first record's trial; the others follow without a gap.
    public var firstPulse: UInt64
    /// Records of 32 bytes, at least one (``TrialRecord``).
    public var records: [UInt8]

    public init(
        campaign: CampaignID, arm: UInt64, bootID: UInt64, firstIndex: UInt64, firstPulse: UInt64, records: [UInt8]
    ) {
        self.campaign = campaign
        self.arm = arm
        self.bootID = bootID
        self.firstIndex = firstIndex
        self.firstPulse = firstPulse
        self.records = records
    }

    /// How many records there are.
    public var count: Int { records.count / TrialRecord.byteCount }
}

extension TrialsMessage: BoardPayload {
    var sizeHint: Int { 56 + records.count }

    func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: campaign.bytes)
        bytes.appendLittleEndian(arm)
        bytes.appendLittleEndian(bootID)
        bytes.appendLittleEndian(firstIndex)
        bytes.appendLittleEndian(firstPulse)
        bytes.appendLittleEndian(UInt32(truncatingIfNeeded: count))
        bytes.appendZeroes(4)
        bytes.append(contentsOf: records)
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        campaign = try reader.campaign()
        arm = try reader.integer("arm")
        bootID = try reader.integer("boot id")
        firstIndex = try reader.integer("first index")
        firstPulse = try reader.integer("first pulse")
        let count = try reader.integer("count", in: 1...UInt32(TrialsMessage.maximumCount))
        try reader.skip(4)
        guard !firstIndex.addingReportingOverflow(UInt64(count)).overflow else { throw reader.bad("first index") }
        guard !firstPulse.addingReportingOverflow(UInt64(count)).overflow else { throw reader.bad("first pulse") }
        records = try reader.array("records", count: Int(count) * TrialRecord.byteCount)
    }
}
