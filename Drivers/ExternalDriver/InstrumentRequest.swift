import BellModel
public import DriverKit

/// What belld asks of a driver process.
///
/// - SeeAlso: docs/instrument-protocol.md.
public enum InstrumentRequest: Equatable, Sendable {
    case hello(software: String)
    case ping
    case read(key: String)
    case set(key: String, value: InstrumentValue)
    case problems
    case safe

    /// The method's name on the wire.
    public var method: String {
        switch self {
        case .hello: "hello"
        case .ping: "ping"
        case .read: "read"
        case .set: "set"
        case .problems: "problems"
        case .safe: "safe"
        }
    }

    /// The message's bytes: canonical JSON.
    public func encoded(id: Int64) -> [UInt8] {
        let params: JSON =
            switch self {
            case .hello(let software): ["protocol": .int(InstrumentHello.version), "host": .string(software)]
            case .ping, .problems, .safe: [:]
            case .read(let key): ["key": .string(key)]
            case .set(let key, let value): ["key": .string(key), "value": value.json]
            }
        let message: JSON = ["id": .int(id), "method": .string(method), "params": params]
        return Array(message.text.utf8)
    }
}

/// How long ``ExternalInstrument`` waits for an answer.
public struct InstrumentTimeouts: Hashable, Sendable {
    /// For all but `set` and `safe`.
    public var request: Duration
    /// For `set` and `safe`, in which an instrument may settle.
    public var action: Duration

    /// 5 s cover a busy Python process; 15 s an attenuator with a motor or a source that locks.
    public init(request: Duration = .seconds(5), action: Duration = .seconds(15)) {
        self.request = request
        self.action = action
    }

    func span(of request: InstrumentRequest) -> Duration {
        switch request {
        case .set, .safe: action
        case .hello, .ping, .read, .problems: self.request
        }
    }
}
