import Synchronization

/// The frames on their way between a ``BoardPipe`` and what plays the board, bounded on both sides.
final class FrameExchange: Sendable {
    private struct State {
        var connection: UInt64 = 1
        var received: [(frame: [UInt8], connection: UInt64)] = []
        var receivedBytes = 0
        /// Frames for the host; those before `head` are sent.
        var outgoing: [[UInt8]] = []
        var head = 0
        /// Bytes of the frame at the head that are sent.
        var sent = 0
        var outgoingBytes = 0
        var isHandingOver = false
    }

    /// Received bytes from which the host has to wait.
    private static let receiveLimit = 8 << 20

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: Bytes that may wait for the host.
    init(limit: Int) { self.limit = limit }

    // MARK: The device's side

    var hasRoomForReceived: Bool { state.withLock { $0.receivedBytes < FrameExchange.receiveLimit } }

    func received(_ frame: [UInt8]) {
        state.withLock { state in
            state.received.append((frame, state.connection))
            state.receivedBytes += frame.count
        }
    }

    /// The next bytes for the host, at most `count`: one copy, none when a whole frame fits alone. Nil when nothing waits.
    func nextTransfer(_ count: Int) -> [UInt8]? {
        state.withLock { state in
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
        state.withLock { state in
            state.connection += 1
            state.received.removeAll()
            state.receivedBytes = 0
            state.outgoing.removeAll()
            (state.head, state.sent, state.outgoingBytes) = (0, 0, 0)
        }
    }

    // MARK: The board's side

    var connection: UInt64 { state.withLock { $0.connection } }

    /// Queues a frame for the host; false when it has not read for long, or when the connection is over.
    func send(_ frame: [UInt8], on connection: UInt64) -> Bool {
        state.withLock { state in
            guard connection == state.connection, state.outgoingBytes + frame.count <= limit else { return false }
            guard !frame.isEmpty else { return true }
            state.outgoing.append(frame)
            state.outgoingBytes += frame.count
            return true
        }
    }

    /// Hands received frames over in order, one thread at a time; says whether there were any.
    func handOver(_ receive: (_ frame: [UInt8], _ connection: UInt64) -> Void) -> Bool {
        var hadAny = false
        while true {
            let batch = state.withLock { state -> [(frame: [UInt8], connection: UInt64)] in
                guard !state.isHandingOver, !state.received.isEmpty else { return [] }
                state.isHandingOver = true
                state.receivedBytes = 0
                defer { state.received = [] }
                return state.received
            }
            if batch.isEmpty { return hadAny }
            hadAny = true
            for (frame, connection) in batch { receive(frame, connection) }
            state.withLock { $0.isHandingOver = false }
        }
    }
}
