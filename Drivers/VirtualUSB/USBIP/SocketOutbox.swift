import Glibc

/// Sends answers on a socket: at once when the socket takes them, else by a thread of its own, always in order.
final class SocketOutbox: Sendable {
    private struct State {
        /// Parts that wait; the first one's `sent` bytes are gone.
        var parts: [[UInt8]] = []
        var sent = 0
        var bytes = 0
        /// The thread is at it: everybody else only appends.
        var isBusy = false
        var isClosed = false
    }

    /// Waiting bytes from which the reader of the socket takes no further commands.
    private static let highWater = 32 << 20

    private let socket: Int32
    private let monitor = Monitor(State())

    /// - Parameter socket: Stays its owner's; must be open until the outbox is closed and its thread has ended.
    init(socket: Int32) { self.socket = socket }

    /// The thread's work: sends what waits, until the outbox is closed.
    func run() {
        while let (parts, sent) = nextBatch() {
            let isSent = SocketOutbox.sendAll(parts, from: sent, on: socket)
            monitor.withLock { state in
                state.isBusy = false
                if !isSent { state.isClosed = true }
            }
            monitor.wake()
        }
    }

    /// Sends a header and its data, or queues what the socket does not take now.
    func send(_ header: [UInt8], _ data: [UInt8] = []) {
        let mustWake = monitor.withLock { state -> Bool in
            guard !state.isClosed else { return false }
            var sent = 0
            if state.parts.isEmpty, !state.isBusy {
                sent = max(SocketOutbox.transmit([header, data], from: 0, on: socket, flags: Int32(MSG_DONTWAIT)), 0)
                if sent == header.count + data.count { return false }
                state.sent = sent
            }
            state.parts.append(header)
            if !data.isEmpty { state.parts.append(data) }
            state.bytes += header.count + data.count - sent
            return !state.isBusy
        }
        if mustWake { monitor.wake() }
    }

    /// Blocks while too much waits; false when the outbox is closed.
    func waitForRoom() -> Bool {
        monitor.wait { state in
            if state.isClosed { return .ready(false) }
            return state.bytes < SocketOutbox.highWater ? .ready(true) : .wait(until: nil)
        }
    }

    /// Drops what waits; nothing is sent any more.
    func close() {
        monitor.withLock { state in
            state.isClosed = true
            state.parts = []
            state.bytes = 0
        }
        monitor.wake()
    }

    private func nextBatch() -> (parts: [[UInt8]], sent: Int)? {
        monitor.wait { state in
            if state.isClosed { return .ready(nil) }
            guard !state.parts.isEmpty else { return .wait(until: nil) }
            let batch = (state.parts, state.sent)
            (state.parts, state.sent, state.bytes) = ([], 0, 0)
            state.isBusy = true
            return .ready(batch)
        }
    }

    private static func sendAll(_ parts: [[UInt8]], from start: Int, on socket: Int32) -> Bool {
        // 64 parts a call: far below IOV_MAX, and enough to fill any socket buffer.
        var place = 0
        var offset = start
        while place < parts.count {
            let group = Array(parts[place..<min(place + 64, parts.count)])
            var sent = offset
            let total = group.reduce(0) { $0 + $1.count }
            while sent < total {
                let count = transmit(group, from: sent, on: socket, flags: 0)
                guard count > 0 else { return false }
                sent += count
            }
            place += group.count
            offset = 0
        }
        return true
    }

    /// One `sendmsg` of what follows the first `start` bytes; its result, or -1.
    private static func transmit(_ parts: [[UInt8]], from start: Int, on socket: Int32, flags: Int32) -> Int {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: parts.count) { vectors in
            func gather(_ place: Int, _ skip: Int, _ used: Int) -> Int {
                guard place < parts.count else { return emit(vectors, used) }
                let part = parts[place]
                guard part.count > skip else { return gather(place + 1, skip - part.count, used) }
                return part.withUnsafeBytes { bytes in
                    let rest = UnsafeMutableRawPointer(mutating: bytes.baseAddress?.advanced(by: skip))
                    vectors[used] = iovec(iov_base: rest, iov_len: part.count - skip)
                    return gather(place + 1, 0, used + 1)
                }
            }
            func emit(_ vectors: UnsafeMutableBufferPointer<iovec>, _ used: Int) -> Int {
                var message = msghdr()
                message.msg_iov = vectors.baseAddress
                message.msg_iovlen = used
                while true {
                    let count = sendmsg(socket, &message, flags | Int32(MSG_NOSIGNAL))
                    if count >= 0 || errno != EINTR { return count }
                }
            }
            return gather(0, start, 0)
        }
    }
}
