import BellModel
import CZeroMQ

/// A libzmq socket without an owner's discipline: ``Socket`` and ``Port`` provide it.
///
/// Holds its context strongly: ARC may otherwise end the context first, which blocks for ever on open sockets.
struct RawSocket {
    /// More parts than any protocol of ours has; a longer message is dropped.
    static let mostParts = 64

    let pointer: UnsafeMutableRawPointer
    let kind: SocketKind
    private let context: ZeroMQContext

    enum SendResult { case sent, noRoom, failed(BellError) }
    enum Received { case message([[UInt8]]), nothing, tooManyParts }

    init(_ context: ZeroMQContext, _ kind: SocketKind, _ options: SocketOptions, linger: Int32) throws(BellError) {
        guard let pointer = zmq_socket(context.raw, kind.raw) else {
            throw lastError("zmq_socket", "No socket can be made", at: nil)
        }
        self.pointer = pointer
        self.kind = kind
        self.context = context
        do throws(BellError) {
            try apply(options, linger: linger)
        } catch {
            close()
            throw error
        }
    }

    func close() { zmq_close(pointer) }

    private func apply(_ options: SocketOptions, linger: Int32) throws(BellError) {
        try set(ZMQ_LINGER, max(0, linger))
        try set(ZMQ_SNDHWM, options.highWaterMark)
        try set(ZMQ_RCVHWM, options.highWaterMark)
        try set(ZMQ_MAXMSGSIZE, options.maxMessageBytes)
        try set(ZMQ_IMMEDIATE, Int32(options.immediate ? 1 : 0))
        // A peer that is just starting should be found fast, one that is down not asked too often.
        try set(ZMQ_RECONNECT_IVL, Int32(20))
        try set(ZMQ_RECONNECT_IVL_MAX, Int32(500))
        if let interval = options.heartbeatMilliseconds {
            try set(ZMQ_HEARTBEAT_IVL, interval)
            try set(ZMQ_HEARTBEAT_TIMEOUT, interval.multipliedReportingOverflow(by: 3).partialValue)
        }
        if kind == .router {
            try set(ZMQ_ROUTER_MANDATORY, Int32(options.routerMandatory ? 1 : 0))
            try set(ZMQ_ROUTER_HANDOVER, Int32(options.routerHandover ? 1 : 0))
        }
        if let identity = options.identity { try set(ZMQ_ROUTING_ID, bytes: identity) }
        if kind == .subscribe {
            for topic in options.subscriptions { try set(ZMQ_SUBSCRIBE, bytes: Array(topic.utf8)) }
        }
    }

    func set(_ option: Int32, _ value: some FixedWidthInteger) throws(BellError) {
        var value = value
        if zmq_setsockopt(pointer, option, &value, MemoryLayout.size(ofValue: value)) != 0 {
            throw lastError("zmq_setsockopt", "Option \(option) cannot be \(value)", at: nil)
        }
    }

    private func set(_ option: Int32, bytes: [UInt8]) throws(BellError) {
        if zmq_setsockopt(pointer, option, bytes, bytes.count) != 0 {
            throw lastError("zmq_setsockopt", "Option \(option) cannot be \(bytes.hex)", at: nil)
        }
    }

    private func value(of option: Int32) -> Int32 {
        var value: Int32 = 0
        var size = MemoryLayout<Int32>.size
        return zmq_getsockopt(pointer, option, &value, &size) == 0 ? value : 0
    }

    /// Readable when ``events`` should be looked at; edge triggered.
    var descriptor: Int32 { value(of: ZMQ_FD) }
    /// `ZMQ_POLLIN` and `ZMQ_POLLOUT`.
    var events: Int32 { value(of: ZMQ_EVENTS) }

    /// Binds, and returns the endpoint with the port that the system chose.
    func bind(_ endpoint: String) throws(BellError) -> String {
        try checkPath(endpoint)
        try checkScheme(endpoint)
        guard isLocal(endpoint: endpoint) else {
            throw BellError(
                .zeromqOpenBind, "Other machines could reach this address, and nothing would be encrypted.",
                at: endpoint, fix: "bind ipc://… or tcp://127.0.0.1:port, and reach it through ssh -L")
        }
        if endpoint.hasPrefix("tcp://[") { try set(ZMQ_IPV6, Int32(1)) }
        if zmq_bind(pointer, endpoint) != 0 { throw lastError("zmq_bind", "Cannot listen", at: endpoint) }
        var name = [UInt8](repeating: 0, count: 512)
        var size = name.count
        guard zmq_getsockopt(pointer, ZMQ_LAST_ENDPOINT, &name, &size) == 0, size > 0 else { return endpoint }
        return String(decoding: name.prefix(size - 1), as: UTF8.self)
    }

    func connect(_ endpoint: String) throws(BellError) {
        try checkPath(endpoint)
        if endpoint.hasPrefix("tcp://[") { try set(ZMQ_IPV6, Int32(1)) }
        if zmq_connect(pointer, endpoint) != 0 { throw lastError("zmq_connect", "Cannot connect", at: endpoint) }
    }

    /// Sends one message without copying it twice; `flags` 0 waits as long as `ZMQ_SNDTIMEO` says.
    func send(_ parts: [[UInt8]], flags: Int32) -> SendResult {
        for (i, part) in parts.enumerated() {
            let more = i + 1 < parts.count ? ZMQ_SNDMORE : 0
            while zmq_send(pointer, part, part.count, flags | more) < 0 {
                switch zmq_errno() {
                case EINTR where flags & ZMQ_DONTWAIT != 0 || i > 0: continue
                // Only the first part meets a full or missing peer; libzmq takes the others or drops them together.
                case EAGAIN, EINTR: return .noRoom
                case EHOSTUNREACH:
                    return .failed(
                        BellError(.zeromqUnroutable, "No peer of this name is connected: \(part.prefix(32).hex)."))
                default: return .failed(lastError("zmq_send", "A message cannot be sent", at: nil))
                }
            }
        }
        return .sent
    }

    /// Receives one message; `flags` 0 waits as long as `ZMQ_RCVTIMEO` says.
    func receive(flags: Int32) throws(BellError) -> Received {
        var parts: [[UInt8]] = []
        var message = zmq_msg_t()
        zmq_msg_init(&message)
        defer { zmq_msg_close(&message) }
        var count = 0
        repeat {
            while zmq_msg_recv(&message, pointer, flags) < 0 {
                switch zmq_errno() {
                case EINTR where flags & ZMQ_DONTWAIT != 0 || count > 0: continue
                case EAGAIN, EINTR: return .nothing
                default: throw lastError("zmq_msg_recv", "A message cannot be received", at: nil)
                }
            }
            count += 1
            if count <= Self.mostParts {
                parts.append(
                    Array(UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message))))
            }
        } while zmq_msg_more(&message) != 0
        return count <= Self.mostParts ? .message(parts) : .tooManyParts
    }
}
