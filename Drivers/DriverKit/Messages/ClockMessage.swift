public import BellModel

/// CLOCK: the board's counter at some of an arm's pulses.
public struct ClockMessage: Hashable, Sendable {
    public var campaign: CampaignID
    /// Number of the arm in its campaign.
    public var arm: UInt64
    /// The boot in which the counter ran.
    public var bootID: UInt64
    /// By rising pulse and rising tick; at least one.
    public var records: [ClockRecord]

    public init(campaign: CampaignID, arm: UInt64, bootID: UInt64, records: [ClockRecord]) {
        self.campaign = campaign
        self.arm = arm
        self.bootID = bootID
        self.records = records
    }
}

extension ClockMessage: BoardPayload {
    var sizeHint: Int { 40 + 16 * records.count }

    func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: campaign.bytes)
        bytes.appendLittleEndian(arm)
        bytes.appendLittleEndian(bootID)
        bytes.appendLittleEndian(UInt32(truncatingIfNeeded: records.count))
        bytes.appendZeroes(4)
        for record in records {
            bytes.appendLittleEndian(record.pulse)
            bytes.appendLittleEndian(record.tick)
        }
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        campaign = try reader.campaign()
        arm = try reader.integer("arm")
        bootID = try reader.integer("boot id")
        let count = try reader.integer("count", in: 1...UInt32(Frame.maximumPayload / 16))
        try reader.skip(4)
        guard reader.remaining == Int(count) * 16 else { throw reader.bad("records") }
        records = []
        records.reserveCapacity(Int(count))
        for _ in 0..<count {
            let record = ClockRecord(pulse: try reader.integer("pulse"), tick: try reader.integer("tick"))
            if let last = records.last, record.pulse <= last.pulse || record.tick <= last.tick {
                throw reader.bad("order of the records")
            }
            records.append(record)
        }
    }
}
