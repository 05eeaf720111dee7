public import BellModel
import CZeroMQ

/// A blocking socket with a single owner, for clients and tests.
///
/// It cannot be copied, so the compiler keeps two threads apart; the socket closes at the end of its life.
public struct Socket: ~Copyable {
    private let raw: RawSocket

    /// Makes a socket that is not connected yet; `zmq_socket`.
    public init(
        _ context: ZeroMQContext, kind: SocketKind, options: SocketOptions = .init()
    ) throws(BellError) {
        raw = try RawSocket(context, kind, options, linger: options.lingerMilliseconds ?? 0)
    }

    deinit { raw.close() }

    /// Listens at a local endpoint, and returns it with the port that the system chose; `zmq_bind`.
    ///
    /// A Unix socket that another live process listens at is taken over without an error: take a lock first.
    /// - Throws: `zeromq.open-bind`, `zeromq.endpoint`, `zeromq.address-in-use`.
    @discardableResult
    public func bind(_ endpoint: String) throws(BellError) -> String { try raw.bind(endpoint) }

    /// Begins to connect; the other side need not be there yet. `zmq_connect`.
    ///
    /// - Throws: `zeromq.endpoint`.
    public func connect(_ endpoint: String) throws(BellError) { try raw.connect(endpoint) }

    /// Hands one message to libzmq; one to 64 parts.
    ///
    /// - Parameter timeoutMilliseconds: How long to wait for room; nil waits for ever.
    /// - Throws: `zeromq.timeout`, `zeromq.unroutable`.
    public func send(_ parts: [[UInt8]], timeoutMilliseconds: Int32? = nil) throws(BellError) {
        guard !parts.isEmpty else { return }
        let deadline = Deadline(timeoutMilliseconds)
        var flags = ZMQ_DONTWAIT
        while true {
            switch raw.send(parts, flags: flags) {
            case .sent: return
            case .failed(let error): throw error
            case .noRoom:
                let left = deadline.millisecondsLeft
                if left == 0 {
                    throw BellError(
                        .zeromqTimeout, "The message could not be sent within \(timeoutMilliseconds ?? 0) ms.",
                        fix: "see whether the other side runs")
                }
                try raw.set(ZMQ_SNDTIMEO, left)
                flags = 0
            }
        }
    }

    /// Returns the next message's parts, or nil when none came in time.
    ///
    /// - Parameter timeoutMilliseconds: How long to wait; nil waits for ever, 0 does not wait.
    public func receive(timeoutMilliseconds: Int32? = nil) throws(BellError) -> [[UInt8]]? {
        let deadline = Deadline(timeoutMilliseconds)
        var flags = ZMQ_DONTWAIT
        while true {
            switch try raw.receive(flags: flags) {
            case .message(let parts): return parts
            case .tooManyParts: continue
            case .nothing:
                let left = deadline.millisecondsLeft
                if left == 0 { return nil }
                try raw.set(ZMQ_RCVTIMEO, left)
                flags = 0
            }
        }
    }
}
