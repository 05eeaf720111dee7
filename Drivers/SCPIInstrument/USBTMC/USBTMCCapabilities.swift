/// What a device says that it can do (GET_CAPABILITIES).
///
/// The USB488 bits stand in bytes 14 and 15, not in byte 4 as some libraries read them.
///
/// - SeeAlso: USBTMC 1.0, table 37; USB488 1.0, table 8.
public struct USBTMCCapabilities: Equatable, Sendable {
    /// Takes INDICATOR_PULSE.
    public var hasIndicatorPulse = false
    /// Sends only.
    public var isTalkOnly = false
    /// Listens only; it never answers.
    public var isListenOnly = false
    /// Ends replies at a termination character when it is asked to.
    public var hasTerminator = false
    /// A USB488 device of the 488.2 kind.
    public var is4882 = false
    /// Takes REN_CONTROL, GO_TO_LOCAL and LOCAL_LOCKOUT.
    public var hasRemoteControl = false
    /// Takes TRIGGER.
    public var hasTrigger = false
    /// Understands the mandatory commands of SCPI.
    public var isSCPI = false
    /// SR1: can ask for service.
    public var hasServiceRequest = false

    /// A device of which nothing is known: no optional request is sent to it.
    public init() {}

    /// Reads an answer; bytes that are not there count as 0, as devices of plain USBTMC send none of USB488's.
    public init(_ answer: [UInt8]) {
        func bit(_ bit: UInt8, ofByte index: Int) -> Bool { index < answer.count && answer[index] >> bit & 1 == 1 }
        hasIndicatorPulse = bit(2, ofByte: 4)
        isTalkOnly = bit(1, ofByte: 4)
        isListenOnly = bit(0, ofByte: 4)
        hasTerminator = bit(0, ofByte: 5)
        is4882 = bit(2, ofByte: 14)
        hasRemoteControl = bit(1, ofByte: 14)
        hasTrigger = bit(0, ofByte: 14)
        isSCPI = bit(3, ofByte: 15)
        hasServiceRequest = bit(2, ofByte: 15)
    }
}
