public import BellModel
public import BellZeroMQ
import Synchronization

/// Answers control requests on a ROUTER socket.
///
/// Clients are DEALER or REQ sockets of any language; whatever they send gets one answer, and nothing they send ends
/// the daemon. Cheap methods are answered on the reactor's thread, the others in a task each.
public final class ControlServer: Sendable {
    /// Answers at once on the reactor's thread, or returns nil to hand the call to ``Slow``; must not block.
    public typealias Fast = @Sendable (_ method: String, _ params: JSON) throws(BellError) -> JSON?
    /// Answers in its own task; calls of one client may run at the same time.
    public typealias Slow = @Sendable (_ method: String, _ params: JSON) async throws(BellError) -> JSON

    /// What the server has seen since it began.
    public struct Counts: Equatable, Sendable {
        /// Requests, well formed or not.
        public var requests: UInt64 = 0
        /// Requests answered with an error by the server itself: malformed, or too many at once.
        public var refused: UInt64 = 0
        /// Replies that could not be handed to the socket; their clients time out.
        public var undelivered: UInt64 = 0
        /// Slow calls in progress.
        public var pending = 0
    }

    /// A request of at most this many bytes; a larger message closes its connection.
    public static let maxRequestBytes: Int64 = 4 << 20

    private let fast: Fast
    private let slow: Slow
    private let limit: Int
    private let channel = Mutex<Channel?>(nil)
    private let state = Mutex(Counts())

    /// Binds the socket and begins to answer.
    ///
    /// - Parameters:
    ///   - endpoint: `ipc://…` or loopback `tcp://…`.
    ///   - limit: Slow calls in progress before further ones are refused with `control.busy`.
    /// - Throws: what ``Reactor`` throws for an occupied, too long or non-loopback endpoint.
    public init(
        reactor: Reactor, endpoint: String, limit: Int = 64, fast: @escaping Fast, slow: @escaping Slow
    ) throws(BellError) {
        self.fast = fast
        self.slow = slow
        self.limit = limit
        var options = SocketOptions()
        options.maxMessageBytes = Self.maxRequestBytes
        // The lock is held until the channel is in its place: a first request may come before `open` returns.
        try channel.withLock { channel throws(BellError) in
            channel = try reactor.open(.router, bind: [endpoint], options: options) { [weak self] parts in
                self?.received(parts)
            }
        }
    }

    /// The endpoint as bound.
    public var endpoint: String { channel.withLock { $0?.endpoint ?? "" } }

    public var counts: Counts { state.withLock { $0 } }

    /// Stops answering; slow calls in progress end without a reply.
    public func close() {
        let open = channel.withLock { channel in
            defer { channel = nil }
            return channel
        }
        open?.close()
    }

    private func received(_ parts: [[UInt8]]) {
        // A ROUTER puts the sender's identity first; a REQ client adds an empty part. All of it is the way back.
        guard parts.count >= 2, parts.count <= 8, let body = parts.last else {
            state.withLock { $0.refused += 1 }
            return
        }
        let way = Array(parts.dropLast())
        let request = ControlRequest(parsing: body)
        state.withLock { $0.requests += 1 }
        switch request.call {
        case .failure(let error):
            state.withLock { $0.refused += 1 }
            send(ControlReply(id: request.id, result: .failure(error)), along: way)
        case .success(let call):
            do throws(BellError) {
                if let result = try fast(call.method, call.params) {
                    send(ControlReply(id: request.id, result: .success(result)), along: way)
                } else {
                    begin(call, id: request.id, along: way)
                }
            } catch {
                send(ControlReply(id: request.id, result: .failure(error)), along: way)
            }
        }
    }

    private func begin(_ call: ControlRequest.Call, id: [UInt8], along way: [[UInt8]]) {
        let admitted = state.withLock { counts in
            if counts.pending >= limit {
                counts.refused += 1
                return false
            }
            counts.pending += 1
            return true
        }
        guard admitted else {
            let error = BellError(
                .controlBusy, "\(limit) requests are in progress already.", at: call.method,
                state: "the request was not begun", fix: "wait for an answer, then ask again")
            return send(ControlReply(id: id, result: .failure(error)), along: way)
        }
        Task { [self] in
            let result: Result<JSON, BellError>
            do throws(BellError) {
                result = .success(try await slow(call.method, call.params))
            } catch {
                result = .failure(error)
            }
            state.withLock { $0.pending -= 1 }
            send(ControlReply(id: id, result: result), along: way)
        }
    }

    private func send(_ reply: ControlReply, along way: [[UInt8]]) {
        guard let channel = channel.withLock({ $0 }) else { return }
        do throws(BellError) {
            try channel.send(way + [reply.encoded])
        } catch {
            // The client has gone or does not read; there is nobody left to tell.
            state.withLock { $0.undelivered += 1 }
        }
    }
}
