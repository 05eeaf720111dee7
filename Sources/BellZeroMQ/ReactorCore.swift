import BellModel
import CShims
import CZeroMQ
import Glibc
import Synchronization

/// The thread of a ``Reactor`` and what belongs to it.
final class ReactorCore: Sendable {
    /// How long an orderly close waits for room in libzmq, and libzmq for the peer.
    static let graceMilliseconds: Int32 = 500

    /// How often waiting messages are tried again, should the hint that there is room have been overlooked: a ROUTER
    /// says only that some peer has room, and any call on the socket takes such hints away.
    static let retryMilliseconds: Int32 = 10

    enum Command: Sendable {
        case adopt(Port)
        case send(Port, [[UInt8]])
        case check(Port)
        case close(Port)
        case stop
    }

    private struct Inbox {
        var commands: [Command] = []
        var hasEnded = false
    }

    let name: String
    private let wakeDescriptor: Int32
    private let inbox = Mutex<Inbox>(Inbox())
    private let thread = Atomic<UInt>(0)
    // Both are touched by the reactor's thread only.
    nonisolated(unsafe) private var ports: [Port] = []
    nonisolated(unsafe) private var isStopping = false

    init(name: String) throws(BellError) {
        self.name = name
        wakeDescriptor = bell_eventfd()
        if wakeDescriptor < 0 {
            throw BellError(
                .zeromqFailed, "No event descriptor can be made.",
                cause: "eventfd: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(wakeDescriptor) }

    /// Whether the caller runs on the reactor's thread.
    var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Gives the thread something to do; false when it has ended.
    @discardableResult
    func post(_ command: Command) -> Bool {
        let (accepted, isFirst) = inbox.withLock { inbox in
            if inbox.hasEnded { return (false, false) }
            inbox.commands.append(command)
            return (true, inbox.commands.count == 1)
        }
        if isFirst {
            var one: UInt64 = 1
            // A full counter would already wake the thread.
            _ = write(wakeDescriptor, &one, 8)
        }
        return accepted
    }

    // MARK: the thread

    /// Serves the sockets until told to stop; the thread's body.
    func run() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        bell_name_thread(name)
        bell_block_signals()
        var descriptors: [pollfd] = []
        while true {
            obey()
            let more = serve()
            retire()
            if isStopping && ports.isEmpty { break }
            wait(&descriptors, milliseconds: more ? 0 : timeout)
        }
        let unheard = inbox.withLock { inbox in
            inbox.hasEnded = true
            let commands = inbox.commands
            inbox.commands = []
            return commands
        }
        for case .adopt(let port) in unheard { port.close() }
        thread.store(0, ordering: .relaxed)
    }

    private func obey() {
        let commands = inbox.withLock { inbox in
            let commands = inbox.commands
            inbox.commands.removeAll(keepingCapacity: false)
            return commands
        }
        for command in commands {
            switch command {
            case .adopt(let port): ports.append(port)
            case .send(let port, let parts): port.sendReserved(parts)
            case .check(let port): port.isDirty = true
            case .close(let port): port.beginClosing(graceMilliseconds: Self.graceMilliseconds)
            case .stop: isStopping = true
            }
        }
        if isStopping {
            for port in ports { port.beginClosing(graceMilliseconds: Self.graceMilliseconds) }
        }
    }

    /// Gives every socket that needs one a turn.
    private func serve() -> Bool {
        var more = false
        for port in ports where port.isDirty {
            if port.turn() {
                port.isDirty = true
                more = true
            }
        }
        return more
    }

    private func retire() {
        guard ports.contains(where: { $0.closing != nil && $0.canClose }) else { return }
        for port in ports where port.closing != nil && port.canClose { port.close() }
        ports.removeAll { $0.isClosed }
    }

    /// How long to sleep at most: until a closing socket gives up, or until waiting messages are tried again.
    private var timeout: Int32 {
        ports.compactMap { port in
            min(port.closing?.millisecondsLeft ?? .max, port.isHoldingBack ? Self.retryMilliseconds : .max)
        }.min().flatMap { $0 == .max ? nil : $0 } ?? -1
    }

    /// Sleeps until a socket or the inbox has something, and marks the sockets to look at.
    private func wait(_ descriptors: inout [pollfd], milliseconds: Int32) {
        descriptors.removeAll(keepingCapacity: true)
        descriptors.append(pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0))
        for port in ports { descriptors.append(pollfd(fd: port.descriptor, events: Int16(POLLIN), revents: 0)) }
        let ready = poll(&descriptors, nfds_t(descriptors.count), milliseconds)
        for port in ports where port.isHoldingBack { port.isDirty = true }
        guard ready > 0 else { return }
        if descriptors[0].revents != 0 {
            var count: UInt64 = 0
            _ = read(wakeDescriptor, &count, 8)
        }
        // The descriptor is edge triggered: it is quiet again after one look, whether or not everything was read.
        for (port, descriptor) in zip(ports, descriptors.dropFirst()) where descriptor.revents != 0 {
            port.isDirty = true
        }
    }
}
