/// A simulated microwave source that understands SCPI: what it is set to, and its status registers. No I/O, no clock.
///
/// Takes one program message, gives the response message. Served over USBTMC by ``USBTMCSource`` and over TCP by
/// ``SCPISocketServer``.
///
/// - SeeAlso: IEEE 488.2-1992 (common commands, status), SCPI-1999 volume 2 (the rest).
public struct SimulatedSource: Sendable {
    /// Limits, as its data sheet would give them.
    public static let frequencies = 100e3...20e9
    public static let powers = -60.0...20.0
    static let errorQueueLength = 16

    public var serial: String
    public internal(set) var frequency = 5e9
    public internal(set) var power = -60.0
    public internal(set) var isOn = false
    public internal(set) var usesExternalReference = false
    /// Whether an external reference is plugged in and good; tests pull it.
    public var hasReference = true
    /// Entries of the error queue.
    var errors: [(code: Int, text: String)] = []
    /// Standard event register; a source that was just switched on says so (bit 7).
    var events: UInt8 = 0x80
    var eventEnable: UInt8 = 0
    var serviceEnable: UInt8 = 0
    /// Responses of the message under way.
    var responses: [[UInt8]] = []
    /// How often it was triggered.
    public internal(set) var triggers = 0

    public init(serial: String = "SRC01") { self.serial = serial }

    /// Whether the output's frequency follows its reference.
    public var isLocked: Bool { !usesExternalReference || hasReference }

    /// Follows one program message.
    ///
    /// - Returns: The response message with its newline; nil when nothing was asked.
    public mutating func take(_ message: [UInt8]) -> [UInt8]? {
        responses = []
        for unit in SCPIMessageUnit.all(of: message) { follow(unit) }
        guard !responses.isEmpty else { return nil }
        return Array(responses.joined(separator: [UInt8(ascii: ";")])) + [UInt8(ascii: "\n")]
    }

    /// The status byte without bit 6.
    ///
    /// - Parameter isAnswerWaiting: MAV: the interface holds a response that nobody has fetched.
    public func statusByte(isAnswerWaiting: Bool) -> UInt8 {
        (errors.isEmpty ? 0 : 0x04) | (isLocked ? 0 : 0x08) | (isAnswerWaiting ? 0x10 : 0)
            | (events & eventEnable == 0 ? 0 : 0x20)
    }

    /// Whether the status asks for service.
    public func wantsService(isAnswerWaiting: Bool) -> Bool {
        statusByte(isAnswerWaiting: isAnswerWaiting) & serviceEnable & 0xBF != 0
    }

    /// A trigger from the interface.
    public mutating func trigger() { triggers += 1 }

    /// Notes an error as SCPI does: queue, and the event register's bit for its hundred.
    public mutating func note(_ code: Int, _ text: String) {
        if errors.count < SimulatedSource.errorQueueLength - 1 {
            errors.append((code, text))
        } else if errors.count < SimulatedSource.errorQueueLength {
            errors.append((-350, "Queue overflow"))
            events |= 0x08
        }
        switch code {
        case -199 ... -100: events |= 0x20
        case -299 ... -200: events |= 0x10
        case -499 ... -400: events |= 0x04
        default: events |= 0x08
        }
    }

    /// As `*RST`.
    mutating func restore() {
        frequency = 5e9
        power = -60
        isOn = false
        usesExternalReference = false
    }

    mutating func answer(_ text: String) { responses.append(Array(text.utf8)) }
}
