/// Who has how much of a limited memory and who waits for it, first come first served; a pure value.
struct USBMemoryLedger {
    let limit: Int
    private(set) var used = 0
    private var queue: [(ticket: UInt64, bytes: Int)] = []
    private var lastTicket: UInt64 = 0

    enum Answer: Equatable {
        /// The bytes are taken.
        case taken
        /// There is no room, or others were first; the ticket's turn comes with a ``release(_:)``.
        case waits(UInt64)
    }

    init(limit: Int) { self.limit = limit }

    /// Asks for bytes. More than the limit is given when nothing else is taken: the kernel then decides.
    mutating func request(_ bytes: Int) -> Answer {
        if queue.isEmpty, hasRoom(for: bytes) {
            used += bytes
            return .taken
        }
        lastTicket += 1
        queue.append((lastTicket, bytes))
        return .waits(lastTicket)
    }

    /// Takes bytes beyond any queue and limit.
    mutating func take(_ bytes: Int) { used += bytes }

    /// Gives bytes back.
    ///
    /// - Returns: The tickets whose turn has come; their bytes are taken.
    mutating func release(_ bytes: Int) -> [UInt64] {
        used = max(0, used - bytes)
        return serve()
    }

    /// Takes a ticket out of the queue; `wasWaiting` is false when its bytes were given already.
    mutating func withdraw(_ ticket: UInt64) -> (wasWaiting: Bool, served: [UInt64]) {
        guard let place = queue.firstIndex(where: { $0.ticket == ticket }) else { return (false, []) }
        queue.remove(at: place)
        return (true, serve())
    }

    private mutating func serve() -> [UInt64] {
        var served: [UInt64] = []
        while let first = queue.first, hasRoom(for: first.bytes) {
            used += first.bytes
            served.append(first.ticket)
            queue.removeFirst()
        }
        return served
    }

    private func hasRoom(for bytes: Int) -> Bool { used == 0 || used + bytes <= limit }
}
