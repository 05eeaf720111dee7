import BellModel

/// ARM_END: an arm is over, and how many records it made.
public struct ArmEnd: Hashable, Sendable {
    /// Why an arm is over.
    public enum Reason: UInt8, CaseIterable, Sendable {
        /// All of its trials ran.
        case completed = 0
        /// The host sent STOP.
        case stopped = 1
        /// The host sent SAFE.
        case safe = 2
        /// The board's hardware failed.
        case fault = 3
        /// There was no room for another record.
        case spoolFull = 4
        /// No trigger pulse came for longer than the board waits.
        case noTrigger = 5

        /// The name in texts.
        public var name: String {
            switch self {
            case .completed: "completed"
            case .stopped: "stopped"
            case .safe: "made safe"
            case .fault: "hardware fault"
            case .spoolFull: "spool full"
            case .noTrigger: "no trigger"
            }
        }
    }

    /// The order that the arm was armed with.
    public var order: ArmOrder
    /// Records made, from the first index on without a gap; at most the order's count.
    public var made: UInt32
    public var reason: Reason

    public init(order: ArmOrder, made: UInt32, reason: Reason) {
        self.order = order
        self.made = made
        self.reason = reason
    }
}

extension ArmEnd: BoardPayload {
    func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: order.campaign.bytes)
        bytes.appendLittleEndian(order.arm)
        bytes.appendLittleEndian(order.firstIndex)
        bytes.appendLittleEndian(order.count)
        bytes.appendLittleEndian(made)
        bytes.append(reason.rawValue)
        bytes.appendZeroes(7)
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        order = ArmOrder(
            campaign: try reader.campaign(), arm: try reader.integer("arm"),
            firstIndex: try reader.integer("first index"), count: try reader.integer("count", in: 1...UInt32.max))
        guard order.endIndex != nil else { throw reader.bad("first index") }
        made = try reader.integer("made", in: 0...order.count)
        guard let reason = Reason(rawValue: try reader.integer("reason")) else { throw reader.bad("reason") }
        self.reason = reason
        try reader.skip(7)
    }
}
