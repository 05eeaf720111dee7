public import BellModel
public import BellZeroMQ

/// Asks the daemon and waits for the answer; for one thread at a time.
public final class ControlClient {
    /// Where the daemon is expected.
    public let endpoint: String

    private let socket: Socket
    private let connectTimeout: Int32
    private let clock = ContinuousClock()
    private var lastID: Int64 = 0

    /// Connects to `endpoint`; that nobody is there shows at the first call.
    ///
    /// - Parameter connectTimeoutMilliseconds: How long a call waits for a daemon to be there at all.
    public init(
        context: ZeroMQContext, endpoint: String, connectTimeoutMilliseconds: Int32 = 1000
    ) throws(BellError) {
        self.endpoint = endpoint
        connectTimeout = connectTimeoutMilliseconds
        var options = SocketOptions()
        // Requests wait for a real connection, so that a missing daemon is told from a slow one.
        options.immediate = true
        options.lingerMilliseconds = 0
        socket = try Socket(context, kind: .dealer, options: options)
        try socket.connect(endpoint)
    }

    /// Calls a method and waits for its result.
    ///
    /// - Parameters:
    ///   - params: An object.
    ///   - timeoutMilliseconds: How long the method may take, once the daemon has the request.
    /// - Returns: The reply's `result`.
    /// - Throws: The error the daemon answered with; `control.unreachable` when no daemon is there, or none answered in
    ///   time. After a time-out the method may still be carried out.
    public func call(
        _ method: String, _ params: JSON = [:], timeoutMilliseconds: Int32 = 10_000
    ) throws(BellError) -> JSON {
        lastID += 1
        let request = ControlRequest(id: lastID, method: method, params: params)
        do throws(BellError) {
            try socket.send([request.encoded], timeoutMilliseconds: connectTimeout)
        } catch {
            throw BellError(
                .controlUnreachable, "No daemon is there to answer \"\(method)\".", at: endpoint, cause: error.what,
                state: "nothing was asked of a daemon",
                fix: "start it with `bellctl lab up`; see `bellctl status`, and check --state")
        }
        let deadline = clock.now + .milliseconds(max(timeoutMilliseconds, 0))
        while true {
            let left = clock.now.duration(to: deadline).components
            let milliseconds = max(0, left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000)
            guard let parts = try socket.receive(timeoutMilliseconds: Int32(clamping: milliseconds)) else {
                throw BellError(
                    .controlUnreachable,
                    "The daemon did not answer \"\(method)\" within \(timeoutMilliseconds) ms.", at: endpoint,
                    state: "the request was sent; whether it is carried out is not known",
                    fix: "look with `bellctl status`; if the daemon hangs, `bellctl lab down` and `bellctl lab up`")
            }
            let reply = try ControlReply(parsing: parts.last ?? [])
            // An answer to an earlier call that had timed out is not ours any more.
            guard reply.id == request.id else { continue }
            return try reply.result.get()
        }
    }
}
