/// The frames on their way between a ``BoardPipe`` and what plays the board, bounded on both sides.
final class FrameExchange: Sendable {
    /// What the board is told, in order.
    enum News: Sendable {
        case frame([UInt8], connection: UInt64)
        case disconnected(UInt64)
    }

    private struct State {
        var connection: UInt64 = 1
        var news: [News] = []
        var receivedBytes = 0
        /// A transfer of the host found no room.
        var hasRefused = false
        /// Frames for the host; those before `head` are sent.
        var outgoing: [[UInt8]] = []
        var head = 0
        /// Bytes of the frame at the head that are sent.
        var sent = 0
        var outgoingBytes = 0
        var isOver = false
    }

    /// Received bytes from which the host has to wait.
    private static let receiveLimit = 8 << 20

    private let limit: Int
    private let monitor = Monitor(State())

    /// - Parameter limit: Bytes that may wait for the host.
    init(limit: Int) { self.limit = limit }

    // MARK: The device's side

    /// Whether a transfer can be taken; if not, ``nextNews()`` will say that it should be offered again.
    func hasRoomForReceived() -> Bool {
        monitor.withLock { state in
            guard state.receivedBytes >= FrameExchange.receiveLimit else { return true }
            state.hasRefused = true
            return false
        }
    }

    func received(_ frame: [UInt8]) {
        monitor.withLock { state in
            state.news.append(.frame(frame, connection: state.connection))
            state.receivedBytes += frame.count
        }
        monitor.wake()
    }

    /// The next bytes for the host, at most `count`: one copy, none when a whole frame fits alone. Nil when nothing waits.
    func nextTransfer(_ count: Int) -> [UInt8]? {
        monitor.withLock { state in
            guard state.outgoingBytes > 0 else { return nil }
            let first = state.outgoing[state.head]
            let isAlone = state.outgoingBytes == first.count
            if isAlone, state.sent == 0, first.count <= count {
                state.outgoing.removeAll(keepingCapacity: true)
                (state.head, state.outgoingBytes) = (0, 0)
                return first
            }
            let size = min(count, state.outgoingBytes)
            return [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
                FrameExchange.take(size, from: &state, into: UnsafeMutableRawBufferPointer(buffer))
                filled = size
            }
        }
    }

    /// Copies `size` bytes, which are there, out of the queue.
    private static func take(_ size: Int, from state: inout State, into target: UnsafeMutableRawBufferPointer) {
        var done = 0
        while done < size {
            let frame = state.outgoing[state.head]
            let part = min(size - done, frame.count - state.sent)
            frame.withUnsafeBytes { source in
                UnsafeMutableRawBufferPointer(rebasing: target[done..<done + part])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[state.sent..<state.sent + part]))
            }
            done += part
            state.sent += part
            guard state.sent == frame.count else { break }
            state.outgoing[state.head] = []
            state.head += 1
            state.sent = 0
        }
        state.outgoingBytes -= size
        if state.head == state.outgoing.count || state.head >= 4096 {
            state.outgoing.removeFirst(state.head)
            state.head = 0
        }
    }

    /// Starts a new connection: what waits in either direction belongs to the old one.
    func restart() {
        monitor.withLock { state in
            state.news.removeAll { if case .frame = $0 { true } else { false } }
            state.news.append(.disconnected(state.connection))
            state.connection += 1
            state.receivedBytes = 0
            state.outgoing.removeAll()
            (state.head, state.sent, state.outgoingBytes) = (0, 0, 0)
        }
        monitor.wake()
    }

    // MARK: The board's side

    var connection: UInt64 { monitor.withLock { $0.connection } }

    /// Queues a frame for the host; false when it has not read for long, or when the connection is over.
    func send(_ frame: [UInt8], on connection: UInt64) -> Bool {
        monitor.withLock { state in
            guard connection == state.connection, state.outgoingBytes + frame.count <= limit else { return false }
            guard !frame.isEmpty else { return true }
            state.outgoing.append(frame)
            state.outgoingBytes += frame.count
            return true
        }
    }

    /// Blocks until there is news; nil at the end.
    ///
    /// - Returns: What happened, and whether the host's refused transfers should be offered again.
    func nextNews() -> (news: [News], hasRefused: Bool)? {
        monitor.wait { state in
            if state.isOver { return .ready(nil) }
            guard !state.news.isEmpty else { return .wait(until: nil) }
            defer {
                state.news = []
                state.receivedBytes = 0
                state.hasRefused = false
            }
            return .ready((state.news, state.hasRefused))
        }
    }

    /// Ends ``nextNews()``.
    func end() {
        monitor.withLock { $0.isOver = true }
        monitor.wake()
    }
}
