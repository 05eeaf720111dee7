/// The status byte: what an instrument has to say, read without a query (IEEE 488.2-1992, section 11.2).
public struct SCPIStatusByte: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Bit 2: entries in the error queue (SCPI-1999 volume 1, section 9).
    public static let errorQueue = SCPIStatusByte(rawValue: 1 << 2)
    /// Bit 3: the questionable status register.
    public static let questionable = SCPIStatusByte(rawValue: 1 << 3)
    /// Bit 4, MAV: a reply waits.
    public static let messageAvailable = SCPIStatusByte(rawValue: 1 << 4)
    /// Bit 5, ESB: the standard event register.
    public static let standardEvent = SCPIStatusByte(rawValue: 1 << 5)
    /// Bit 6, RQS or MSS: it has asked for service.
    public static let requestsService = SCPIStatusByte(rawValue: 1 << 6)
    /// Bit 7: the operation status register.
    public static let operation = SCPIStatusByte(rawValue: 1 << 7)
}

/// The standard event register, `*ESR?` (IEEE 488.2-1992, section 11.5.1).
public struct SCPIStandardEvents: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Bit 0, OPC: all that was ordered before `*OPC` is done.
    public static let operationComplete = SCPIStandardEvents(rawValue: 1 << 0)
    /// Bit 2, QYE: a reply was lost, or asked for when there was none.
    public static let queryError = SCPIStandardEvents(rawValue: 1 << 2)
    /// Bit 3, DDE: a failure of the instrument's own.
    public static let deviceError = SCPIStandardEvents(rawValue: 1 << 3)
    /// Bit 4, EXE: a command that cannot be followed now, or a value out of range.
    public static let executionError = SCPIStandardEvents(rawValue: 1 << 4)
    /// Bit 5, CME: not understood.
    public static let commandError = SCPIStandardEvents(rawValue: 1 << 5)
    /// Bit 7, PON: it was switched on since this was last read.
    public static let powerOn = SCPIStandardEvents(rawValue: 1 << 7)
}
