import BellModel
import CZeroMQ
import Synchronization

/// One socket of a reactor: what ``Channel`` stands for.
// @unchecked: everything but the two synchronised members is touched by the reactor's thread only, after the opener
// has handed the port over through the reactor's mutex, which is the fence that libzmq asks for.
final class Port: @unchecked Sendable {
    /// Messages read from or written to one socket before the others get their turn.
    static let batch = 64

    let socket: RawSocket
    let descriptor: Int32
    let endpoint: String
    private let options: SocketOptions
    private var onMessage: (@Sendable ([[UInt8]]) -> Void)?
    /// Messages that libzmq had no room for, oldest first.
    private var queue: [[[UInt8]]] = []
    /// Whether something has been done to the socket since its events were last looked at.
    var isDirty = true
    /// When an orderly close gives up waiting for room; nil while the port is open.
    private(set) var closing: Deadline?
    private(set) var isClosed = false

    /// Messages on their way to libzmq: in the reactor's inbox and in ``queue``.
    private let backlog = Mutex<Backlog>(Backlog())
    let isPaused = Atomic<Bool>(false)
    /// Messages that other threads have posted and that are not in ``queue`` yet.
    let posted = Atomic<Int>(0)

    private struct Backlog {
        var messages = 0
        var bytes = 0
    }

    init(
        _ socket: RawSocket, endpoint: String, options: SocketOptions,
        onMessage: @escaping @Sendable ([[UInt8]]) -> Void
    ) {
        self.socket = socket
        self.endpoint = endpoint
        self.options = options
        self.onMessage = onMessage
        descriptor = socket.descriptor
    }

    // MARK: any thread

    /// Makes room for one more waiting message.
    func reserve(_ parts: [[UInt8]]) throws(BellError) {
        let size = Self.size(parts)
        let fits = backlog.withLock { backlog in
            guard backlog.messages < options.queuedMessages, backlog.bytes <= options.queuedBytes - size else {
                return false
            }
            backlog.messages += 1
            backlog.bytes += size
            return true
        }
        if !fits {
            throw BellError(
                .zeromqQueueFull, "The other side does not read: \(waiting) messages wait already.", at: endpoint,
                fix: "see whether the other side runs")
        }
    }

    /// How many messages wait.
    var waiting: Int { backlog.withLock { $0.messages } }

    private func release(_ parts: [[UInt8]]) {
        let size = Self.size(parts)
        backlog.withLock {
            $0.messages -= 1
            $0.bytes -= size
        }
    }

    private static func size(_ parts: [[UInt8]]) -> Int { parts.reduce(0) { $0 + $1.count } }

    // MARK: the reactor's thread

    /// Sends at once when nothing waits before it and libzmq has room, else queues.
    func sendDirectly(_ parts: [[UInt8]]) throws(BellError) {
        if queue.isEmpty {
            isDirty = true
            switch socket.send(parts, flags: ZMQ_DONTWAIT) {
            case .sent: return
            case .failed(let error): throw error
            case .noRoom: break
            }
        }
        try reserve(parts)
        queue.append(parts)
    }

    /// Takes a message for which room has been reserved.
    func sendReserved(_ parts: [[UInt8]]) {
        posted.subtract(1, ordering: .acquiringAndReleasing)
        if isClosed { return }
        isDirty = true
        queue.append(parts)
        // Once for a burst is enough; the rest goes with the next turn.
        if queue.count == 1 { flush() }
    }

    /// Whether messages wait for room in libzmq.
    var isHoldingBack: Bool { !queue.isEmpty }

    /// Moves at most one batch each way and leaves libzmq's descriptor quiet.
    ///
    /// Any call on the socket may take the descriptor's edge away, so the last call of a turn must be one whose answer
    /// is up to date: an attempt to receive that found nothing, or a look at `ZMQ_EVENTS`.
    /// - Returns: Whether there may be more to do at once.
    func turn() -> Bool {
        guard !isClosed else { return false }
        let more = flush()
        isDirty = false
        if socket.kind.canReceive && closing == nil && !isPaused.load(ordering: .relaxed) { return read() || more }
        return hasRoomAgain || more
    }

    /// Whether waiting messages were refused a moment ago and would be taken now.
    private var hasRoomAgain: Bool {
        // A ROUTER says so when any peer has room, which is of no use here.
        socket.events & ZMQ_POLLOUT != 0 && isHoldingBack && socket.kind != .router
    }

    private func read() -> Bool {
        for _ in 0..<Self.batch {
            // After these the socket has not been looked at; the next turn does it.
            if isPaused.load(ordering: .relaxed) || closing != nil { return true }
            isDirty = false
            // Fails for a REQ or REP socket whose turn it is to send; unlike a fruitless attempt, a failed one leaves
            // the descriptor as it is.
            guard let received = try? socket.receive(flags: ZMQ_DONTWAIT) else { return hasRoomAgain }
            switch received {
            case .message(let parts): onMessage?(parts)
            case .tooManyParts: break
            case .nothing: return isHoldingBack && hasRoomAgain
            }
        }
        return true
    }

    /// Hands waiting messages to libzmq; returns whether it took a whole batch and more wait.
    @discardableResult
    private func flush() -> Bool {
        if socket.kind == .router { return flushRouter() }
        var count = 0
        while count < min(queue.count, Self.batch), !isNoRoom(socket.send(queue[count], flags: ZMQ_DONTWAIT)) {
            release(queue[count])
            count += 1
        }
        queue.removeFirst(count)
        return count == Self.batch && !queue.isEmpty
    }

    /// Like ``flush()``, but a peer without room does not hold up the others.
    private func flushRouter() -> Bool {
        var full: Set<[UInt8]> = []
        var left: [[[UInt8]]] = []
        var count = 0
        for (i, parts) in queue.enumerated() {
            if count == Self.batch {
                left += queue[i...]
                break
            }
            let peer = parts.first ?? []
            if full.contains(peer) || isNoRoom(socket.send(parts, flags: ZMQ_DONTWAIT)) {
                full.insert(peer)
                left.append(parts)
            } else {
                release(parts)
                count += 1
            }
        }
        queue = left
        return count == Self.batch && !queue.isEmpty
    }

    /// A message that libzmq refuses for good, for example to a peer that has left, counts as gone.
    private func isNoRoom(_ result: RawSocket.SendResult) -> Bool { if case .noRoom = result { true } else { false } }

    /// Stops reading; waiting messages still have `grace` to find room.
    func beginClosing(graceMilliseconds grace: Int32) {
        if closing != nil { return }
        closing = Deadline(grace)
        onMessage = nil
    }

    /// Whether an orderly close has nothing left to wait for.
    var canClose: Bool { queue.isEmpty || closing?.millisecondsLeft == 0 }

    /// Closes the socket; what libzmq holds lingers there.
    func close() {
        if isClosed { return }
        isClosed = true
        onMessage = nil
        queue = []
        socket.close()
    }
}
