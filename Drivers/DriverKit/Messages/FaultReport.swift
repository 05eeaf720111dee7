import BellModel

/// FAULT: something is wrong at a board; unsolicited.
public struct FaultReport: Hashable, Sendable {
    /// What is wrong; codes that version 1 does not name are passed on.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// The reference clock is not locked.
        public static let clockUnlocked = Code(rawValue: 1)
        /// The random number generator fails its health test.
        public static let rngHealth = Code(rawValue: 2)
        /// Trigger pulses are missing or too many.
        public static let trigger = Code(rawValue: 3)
        /// A temperature is out of its range.
        public static let temperature = Code(rawValue: 4)
        /// The spool's memory failed.
        public static let spool = Code(rawValue: 5)
        /// A converter, amplifier or supply failed.
        public static let hardware = Code(rawValue: 6)
        /// A defect of the firmware.
        public static let firmware = Code(rawValue: 7)
    }

    /// What it means for the experiment.
    public enum Severity: UInt8, CaseIterable, Sendable {
        /// For the log.
        case note = 0
        /// Trials go on, and carry flags where they are affected.
        case warning = 1
        /// The board went to its fault state; the arm has ended.
        case stopped = 2
    }

    public var code: Code
    public var severity: Severity
    /// The board's counter when it happened.
    public var tick: UInt64
    /// The arm that was running; 0 without one.
    public var arm: UInt64
    public var text: String

    public init(code: Code, severity: Severity, tick: UInt64, arm: UInt64 = 0, text: String) {
        self.code = code
        self.severity = severity
        self.tick = tick
        self.arm = arm
        self.text = text
    }
}

extension FaultReport: BoardPayload {
    func append(to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(code.rawValue)
        bytes.append(severity.rawValue)
        bytes.appendZeroes(5)
        bytes.appendLittleEndian(tick)
        bytes.appendLittleEndian(arm)
        bytes.appendText(text)
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        code = Code(rawValue: try reader.integer("code"))
        guard let severity = Severity(rawValue: try reader.integer("severity")) else { throw reader.bad("severity") }
        self.severity = severity
        try reader.skip(5)
        tick = try reader.integer("tick")
        arm = try reader.integer("arm")
        text = try reader.text("text")
    }
}
