public import BellModel
public import DriverKit

/// One thing that happened between a driver and its device.
public struct TraceRecord: Equatable, Sendable {
    /// Nanoseconds since the recording's start; of an operation, when it had ended.
    public var time: UInt64
    /// Which connection it belongs to: 1, 2, 3 …, in the order of their opening.
    public var connection: UInt32
    /// It happened before the recording began and is kept so that the rest can be understood.
    public var isContext: Bool
    public var event: TraceEvent

    public init(time: UInt64, connection: UInt32, isContext: Bool = false, event: TraceEvent) {
        self.time = time
        self.connection = connection
        self.isContext = isContext
        self.event = event
    }
}

/// What a ``TraceRecord`` says.
public enum TraceEvent: Equatable, Sendable {
    /// A connection was made; of a USB interface with what it said of itself.
    case opened(TraceDevice?)
    /// A connection could not be made.
    case openFailed(BellError)
    /// The host closed the connection.
    case closed
    /// The device's side ended the connection.
    case ended
    /// The way itself failed.
    case failed(BellError)
    /// The last record of a recording that was not cut off.
    case stopped(TraceStop)
    /// A frame that the host sent.
    case hostFrame([UInt8])
    /// A frame, or what came as one, from the board.
    case boardFrame([UInt8])
    /// The host's frame right before could not be sent.
    case sendFailed(BellError)
    /// A transfer on a USB interface, or a write or read of a stream.
    case operation(TraceOperation)
}

/// Why a recording is over.
public enum TraceStop: UInt8, CaseIterable, Sendable {
    /// It was told to stop.
    case requested = 0
    /// It had reached the size that it was allowed.
    case sizeLimit = 1
    /// The disk was slower than the device.
    case slowDisk = 2
    /// The disk refused; only in reports, since it can no longer be written into the file.
    case diskFailed = 3

    /// The reason in texts.
    public var text: String {
        switch self {
        case .requested: "it was stopped"
        case .sizeLimit: "it reached its size limit"
        case .slowDisk: "the disk was slower than the device"
        case .diskFailed: "the file could not be written"
        }
    }
}

/// What a USB interface said of itself when it was opened.
public struct TraceDevice: Equatable, Sendable {
    public var identity: USBIdentity
    /// `bInterfaceNumber`.
    public var number: UInt8
    public var endpoints: [USBEndpoint]

    public init(identity: USBIdentity, number: UInt8, endpoints: [USBEndpoint]) {
        self.identity = identity
        self.number = number
        self.endpoints = endpoints
    }
}

/// One call of a USB driver or of a stream's user, with what came of it.
public struct TraceOperation: Equatable, Sendable {
    /// The calls. A stream's endpoint is 0.
    public enum Call: Equatable, Sendable {
        case write([UInt8], endpoint: UInt8)
        /// Asks for at most so many bytes.
        case read(Int, endpoint: UInt8)
        case control(USBControlRequest, data: [UInt8])
        case clearHalt(UInt8)
        case reset
    }

    /// When it was called, in nanoseconds since the start.
    public var began: UInt64
    public var call: Call
    /// What was read; empty for calls that read nothing.
    public var result: Result<[UInt8], BellError>

    public init(began: UInt64, call: Call, result: Result<[UInt8], BellError>) {
        self.began = began
        self.call = call
        self.result = result
    }
}
