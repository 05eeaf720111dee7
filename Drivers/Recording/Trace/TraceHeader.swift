/// What the beginning of a `.belltrace` file says.
///
/// - SeeAlso: docs/recording.md, "Header".
public struct TraceHeader: Equatable, Sendable {
    /// What was recorded.
    public enum Kind: UInt8, CaseIterable, Sendable {
        /// Frames of the board protocol, over whatever transport.
        case board = 0
        /// Transfers of one interface of a USB device.
        case usb = 1
        /// A stream of bytes in each direction, for example TCP to an instrument.
        case stream = 2

        /// The name in texts.
        public var name: String {
            switch self {
            case .board: "board"
            case .usb: "USB"
            case .stream: "stream"
            }
        }
    }

    /// The format that this library writes and reads.
    public static let version: UInt16 = 1

    public var kind: Kind
    /// Whether the device was a simulated one; nil when that was not known. A board's CAPABILITIES say it too.
    public var simulated: Bool?
    /// The device's name in the laboratory file.
    public var device: String
    /// Its `at:`.
    public var address: String
    /// The program that recorded, with its version.
    public var software: String
    /// Wall time of the start, ISO 8601 in UTC.
    public var started: String

    public init(
        kind: Kind, simulated: Bool? = nil, device: String, address: String, software: String, started: String
    ) {
        self.kind = kind
        self.simulated = simulated
        self.device = device
        self.address = address
        self.software = software
        self.started = started
    }
}
