public import BellModel
import CZeroMQ

extension BellError.Code {
    /// An endpoint is not one that libzmq understands, or an ipc path is too long.
    public static let zeromqEndpoint = BellError.Code("zeromq.endpoint", exit: .usage)
    /// Something else listens there already.
    public static let zeromqInUse = BellError.Code("zeromq.address-in-use", exit: .usage)
    /// A bind that other machines could reach.
    public static let zeromqOpenBind = BellError.Code("zeromq.open-bind", exit: .usage)
    /// A channel's queue is full: the other side does not read.
    public static let zeromqQueueFull = BellError.Code("zeromq.queue-full", exit: .unreachable)
    /// A ROUTER with `routerMandatory` knows no peer of that identity.
    public static let zeromqUnroutable = BellError.Code("zeromq.unroutable", exit: .unreachable)
    /// No room to send in the given time.
    public static let zeromqTimeout = BellError.Code("zeromq.timeout", exit: .unreachable)
    /// The channel or its reactor has been closed.
    public static let zeromqClosed = BellError.Code("zeromq.closed", exit: .internal)
    /// Another call of libzmq failed.
    public static let zeromqFailed = BellError.Code("zeromq.failed", exit: .internal)
}

/// Tells whether only processes of this machine can reach an endpoint: `ipc://`, `inproc://` or loopback TCP.
public func isLocal(endpoint: String) -> Bool {
    if endpoint.hasPrefix("ipc://") || endpoint.hasPrefix("inproc://") { return true }
    guard endpoint.hasPrefix("tcp://"), let colon = endpoint.lastIndex(of: ":") else { return false }
    let host = endpoint[..<colon].dropFirst("tcp://".count)
    if host == "localhost" || host == "[::1]" { return true }
    let octets = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return octets.count == 4 && octets[0] == 127 && !octets.contains(nil)
}

/// The longest path of a Unix socket in bytes: `sun_path` without its closing zero (unix(7)).
let longestSocketPath = 107

/// Refuses an ipc path that cannot be bound or connected to.
func checkPath(_ endpoint: String) throws(BellError) {
    guard endpoint.hasPrefix("ipc://") else { return }
    let bytes = endpoint.utf8.count - "ipc://".utf8.count
    guard bytes > longestSocketPath else { return }
    throw BellError(
        .zeromqEndpoint, "The socket's path has \(bytes) bytes; at most \(longestSocketPath) are possible.",
        at: endpoint, fix: "use a state directory or XDG_RUNTIME_DIR with a shorter path")
}

/// Refuses what is not a ZeroMQ endpoint at all, before anything is said about who could reach it.
func checkScheme(_ endpoint: String) throws(BellError) {
    guard !["ipc://", "inproc://", "tcp://"].contains(where: endpoint.hasPrefix) else { return }
    throw BellError(
        .zeromqEndpoint, "This is no ZeroMQ endpoint that can be listened at.", at: endpoint,
        fix: "write ipc:///an/existing/folder/name or tcp://127.0.0.1:port")
}

/// Turns libzmq's last error into ours; call it right after the failing function, which `function` names.
func lastError(_ function: StaticString, _ what: String, at place: String?) -> BellError {
    let number = zmq_errno()
    let cause = "\(function): \(String(cString: zmq_strerror(number))) (\(number))"
    switch number {
    case EADDRINUSE:
        return BellError(
            .zeromqInUse, "\(what): the address is in use.", at: place, cause: cause,
            fix: "end the program that listens there, or choose another address")
    case EINVAL, EPROTONOSUPPORT, ENODEV, EADDRNOTAVAIL, ENAMETOOLONG, ENOENT, EACCES:
        return BellError(
            .zeromqEndpoint, "\(what): the address cannot be used.", at: place, cause: cause,
            fix: "write ipc:///an/existing/folder/name or tcp://127.0.0.1:port")
    default: return BellError(.zeromqFailed, "\(what).", at: place, cause: cause)
    }
}
