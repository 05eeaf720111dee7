public import BellModel
import Glibc
import Synchronization

/// One thread that owns all of its sockets, reads them and calls back.
///
/// Polls libzmq's descriptors and an eventfd, and serves the sockets in turn, a bounded batch each. Callbacks run on
/// the thread and must not block; what they send there goes out without another hop.
public final class Reactor: Sendable {
    private let core: ReactorCore
    private let context: ZeroMQContext
    private let thread: Mutex<pthread_t?>

    /// Starts the thread; `name` (15 bytes are shown) is for debuggers and `top -H`.
    ///
    /// - Throws: `zeromq.failed` when the system has no thread or descriptor left.
    public init(context: ZeroMQContext, name: String) throws(BellError) {
        self.context = context
        core = try ReactorCore(name: name)
        var started = pthread_t()
        let body = Unmanaged.passRetained(core)
        let result = pthread_create(
            &started, nil,
            { body in
                if let body { Unmanaged<ReactorCore>.fromOpaque(body).takeRetainedValue().run() }
                return nil
            }, body.toOpaque())
        thread = Mutex(result == 0 ? started : nil)
        if result != 0 {
            body.release()
            throw BellError(
                .zeromqFailed, "No thread can be started.",
                cause: "pthread_create: \(String(cString: strerror(result)))")
        }
    }

    deinit { shutdown() }

    /// Opens a socket, binds and connects it, and begins to read it.
    ///
    /// - Parameters:
    ///   - bind: Endpoints to listen at. A Unix socket that another live process listens at is taken over without an
    ///     error: take a lock first.
    ///   - connect: Endpoints to connect to; the other side need not be there yet.
    ///   - onMessage: Called on the reactor's thread with one message's parts; must not block.
    /// - Throws: `zeromq.open-bind`, `zeromq.endpoint`, `zeromq.address-in-use`, `zeromq.closed` after ``shutdown()``.
    public func open(
        _ kind: SocketKind, bind: [String] = [], connect: [String] = [], options: SocketOptions = .init(),
        onMessage: @escaping @Sendable (_ parts: [[UInt8]]) -> Void
    ) throws(BellError) -> Channel {
        // The socket is made here, so that errors reach the caller, and then belongs to the thread.
        let socket = try RawSocket(
            context, kind, options, linger: options.lingerMilliseconds ?? ReactorCore.graceMilliseconds)
        var endpoint: String?
        do throws(BellError) {
            for address in bind {
                let bound = try socket.bind(address)
                endpoint = endpoint ?? bound
            }
            for address in connect { try socket.connect(address) }
        } catch {
            socket.close()
            throw error
        }
        let port = Port(socket, endpoint: endpoint ?? connect.first ?? "", options: options, onMessage: onMessage)
        guard core.post(.adopt(port)) else {
            port.close()
            throw BellError(.zeromqClosed, "The reactor \(core.name) has been shut down.", at: port.endpoint)
        }
        return Channel(port, core)
    }

    /// Whether the caller runs on the reactor's thread.
    public var isCurrent: Bool { core.isCurrent }

    /// Closes all sockets as ``Channel/close()`` does and waits for the thread, at most about half a second.
    ///
    /// Repeated calls do nothing. Called on the reactor's own thread it does not wait.
    public func shutdown() {
        core.post(.stop)
        let own = core.isCurrent
        let joinable = thread.withLock { thread in
            let joinable = thread
            thread = nil
            return joinable
        }
        guard let joinable else { return }
        if own { pthread_detach(joinable) } else { pthread_join(joinable, nil) }
    }
}
