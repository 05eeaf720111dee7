/// Frames on their way out: cut into transfers, in order, each byte sent once even when the pipe stalls; a pure value.
struct USBSendQueue {
    /// A piece of a frame that is one transfer.
    struct Piece: Equatable, Sendable {
        let number: UInt64
        let frame: [UInt8]
        let range: Range<Int>
        /// The frame's end is a full packet: an empty one has to follow, else the device waits for more.
        let needsEmptyPacket: Bool
    }

    private struct Flying {
        var piece: Piece
        /// Bytes that the device took; nil while the transfer is under way.
        var taken: Int?
    }

    /// Bytes that may wait; further frames are refused. Four full spools of 2^16 trials, as in-process transports allow.
    static let limit = 4 * 65_536 * 32
    /// A transfer's largest size: the kernel needs its memory in one piece on some host controllers.
    private static let pieceBytes = 256 << 10

    private let packet: Int
    private let window: Int
    private let maximumFlying: Int
    private var frames: [[UInt8]] = []
    private var head = 0
    /// Bytes of the first waiting frame that are cut off already.
    private var cut = 0
    /// Pieces that came back in a failure and go out first.
    private var again: [Piece] = []
    private var flying: [Flying] = []
    private var lastNumber: UInt64 = 0
    /// Whether a piece failed; nothing goes out until all are back and ``restart()`` is called.
    private(set) var isHalted = false
    /// Bytes of all frames that are not sent yet.
    private(set) var waitingBytes = 0

    /// - Parameters:
    ///   - packet: The endpoint's packet size.
    ///   - window: Bytes under way at the most (one piece always may be).
    ///   - maximumFlying: Pieces under way at the most.
    init(packet: Int, window: Int, maximumFlying: Int) {
        self.packet = max(1, packet)
        self.window = window
        self.maximumFlying = max(1, maximumFlying)
    }

    /// Appends a frame; false when too much waits already. A frame always fits into an empty queue.
    mutating func append(_ frame: [UInt8]) -> Bool {
        guard !frame.isEmpty else { return true }
        guard waitingBytes == 0 || waitingBytes + frame.count <= USBSendQueue.limit else { return false }
        frames.append(frame)
        waitingBytes += frame.count
        return true
    }

    /// The next piece to submit; nil when there is none or enough is under way.
    mutating func next() -> Piece? {
        guard !isHalted, flying.count < maximumFlying else { return nil }
        let underWay = flying.reduce(0) { $0 + $1.piece.range.count }
        guard let piece = again.first ?? cutPiece() else { return nil }
        guard flying.isEmpty || underWay + piece.range.count <= window else {
            if again.isEmpty { again = [piece] }
            return nil
        }
        if !again.isEmpty { again.removeFirst() }
        flying.append(Flying(piece: piece))
        return piece
    }

    /// A piece came back.
    ///
    /// - Parameter taken: The bytes that the device took; less than all of them halts the queue, as `failed` does.
    mutating func finished(_ number: UInt64, taken: Int, failed: Bool) {
        guard let place = flying.firstIndex(where: { $0.piece.number == number }) else { return }
        let size = flying[place].piece.range.count
        let taken = max(0, min(size, taken))
        waitingBytes -= taken
        flying[place].taken = taken
        if failed || taken < size { isHalted = true }
        guard isHalted else {
            flying.remove(at: place)
            return
        }
        guard isDrained else { return }
        // What was not taken goes out again, from the very byte on: the device's stream has no gap and no repetition.
        let all = flying
        var rest: [Piece] = []
        for entry in all {
            let taken = entry.taken ?? 0
            guard taken < entry.piece.range.count else { continue }
            rest.append(make(entry.piece.frame, entry.piece.range.dropFirst(taken)))
        }
        again = rest + again
        flying.removeAll()
    }

    /// Whether nothing is under way.
    var isDrained: Bool { flying.allSatisfy { $0.taken != nil } }

    /// Lets pieces go out again after a failure was mended.
    mutating func restart() { isHalted = false }

    private mutating func cutPiece() -> Piece? {
        guard head < frames.count else { return nil }
        let frame = frames[head]
        let end = min(frame.count, cut + USBSendQueue.pieceBytes)
        let piece = make(frame, cut..<end)
        cut = end
        if cut == frame.count {
            frames[head] = []
            head += 1
            cut = 0
            if head == frames.count || head >= 1024 {
                frames.removeFirst(head)
                head = 0
            }
        }
        return piece
    }

    private mutating func make(_ frame: [UInt8], _ range: Range<Int>) -> Piece {
        lastNumber += 1
        let endsFull = range.upperBound == frame.count && range.count.isMultiple(of: packet)
        return Piece(number: lastNumber, frame: frame, range: range, needsEmptyPacket: endsFull)
    }
}
