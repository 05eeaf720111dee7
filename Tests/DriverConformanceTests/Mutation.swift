import BellModel
import DriverKit

/// A frame on its way from a board, before it gets its number.
struct Wire: Sendable {
    var type: UInt16
    var payload: [UInt8]
    var replyTo: UInt32

    init(_ message: BoardMessage, replyTo: UInt32 = 0) {
        (type, payload) = message.encode()
        self.replyTo = replyTo
    }

    init(type: MessageType, payload: [UInt8], replyTo: UInt32 = 0) {
        self.type = type.rawValue
        self.payload = payload
        self.replyTo = replyTo
    }

    func bytes(sequence: UInt32) -> [UInt8] {
        Frame(type: type, sequence: sequence, replyTo: replyTo, payload: payload).encoded()
    }
}

/// A board's planted violation: sits between a sound virtual board and the host, and changes what passes.
struct Mutation: Sendable {
    /// What a mutation remembers.
    struct Memory: Sendable {
        var count = 0
        var isDone = false
        var program: BoardMessage?
        var orders: [UInt64: ArmOrder] = [:]
        var started: Set<UInt64> = []
        var last: BoardMessage?
        var lastHost: BoardMessage?
        var held: [Wire] = []
        /// Between CAPABILITIES and STATUS.
        var isReplaying = false
        /// HELLO came on a connection that had not greeted.
        var isNewConnection = false
        /// PROGRAM was taken and SAFE has not come since.
        var hasProgram = false
        var now: UInt64 = 0
    }

    /// What becomes of a request.
    enum HostAction: Sendable {
        case pass
        /// The board never sees it; these are its answers.
        case answer([BoardMessage])
        /// The board sees these instead; the last one is answered as the request, the others are not.
        case replace([BoardMessage])
        /// The board sees this, unanswered; the request is answered so.
        case replaceAnswered(BoardMessage, BoardMessage)
    }

    typealias Host = @Sendable (inout Memory, BoardMessage, _ isGreeted: Bool) -> HostAction
    typealias Board = @Sendable (inout Memory, BoardMessage, _ replyTo: UInt32) -> [Wire]?

    var host: Host = { _, _, _ in .pass }
    /// Nil: it passes as it is.
    var board: Board = { _, _, _ in nil }
    var skipsNumbers = false

    private var memory = Memory()
    private var sequence: UInt32 = 0
    /// Requests that the host did not make have numbers from here on.
    private static let hidden: UInt32 = 0xFFFF_0000

    init(
        host: @escaping Host = { _, _, _ in .pass }, board: @escaping Board = { _, _, _ in nil },
        skipsNumbers: Bool = false
    ) {
        self.host = host
        self.board = board
        self.skipsNumbers = skipsNumbers
    }

    /// The next frame's number.
    mutating func number() -> UInt32 {
        sequence += 1
        if skipsNumbers && sequence % 50 == 0 { sequence += 1 }
        return sequence
    }

    /// - Returns: The frames that the board gets, and what is answered without it.
    mutating func fromHost(_ bytes: [UInt8], isGreeted: Bool) -> ([[UInt8]], [Wire]) {
        guard let frame = try? Frame.decode(bytes), let message = try? BoardMessage(frame) else {
            memory.lastHost = nil
            return ([bytes], [])
        }
        if case .hello = message {
            memory.isNewConnection = !isGreeted
            memory.isReplaying = true
        }
        let action = host(&memory, message, isGreeted)
        memory.lastHost = message
        switch message {
        case .program: if memory.program == nil { memory.program = message }
        case .arm(let order): memory.orders[order.arm] = order
        case .start(let name): memory.started.insert(name.arm)
        case .safe: memory.hasProgram = false
        default: break
        }
        switch action {
        case .pass: return ([bytes], [])
        case .answer(let messages): return ([], messages.map { Wire($0, replyTo: frame.sequence) })
        case .replace(let messages):
            return (
                messages.enumerated().map { place, message in
                    message.encoded(
                        sequence: place == messages.count - 1 ? frame.sequence : Mutation.hidden + UInt32(place))
                }, []
            )
        case .replaceAnswered(let message, let answer):
            return ([message.encoded(sequence: Mutation.hidden)], [Wire(answer, replyTo: frame.sequence)])
        }
    }

    mutating func fromBoard(_ bytes: [UInt8], now: UInt64) -> [Wire] {
        guard let frame = try? Frame.decode(bytes), let message = try? BoardMessage(frame) else { return [] }
        if frame.replyTo >= Mutation.hidden { return [] }
        memory.now = now
        if case .programLoaded = message { memory.hasProgram = true }
        let wires = board(&memory, message, frame.replyTo) ?? [Wire(message, replyTo: frame.replyTo)]
        if case .status = message, frame.replyTo == 0 { memory.isReplaying = false }
        memory.last = message
        return wires
    }
}

extension TrialsMessage {
    /// The records with one of them changed.
    func changing(_ place: Int, _ change: (inout TrialRecord) -> Void) -> TrialsMessage {
        var all = TrialRecord.all(in: records)
        if all.indices.contains(place) { change(&all[place]) }
        var changed = self
        changed.records = TrialRecord.bytes(of: all)
        return changed
    }

    /// The records with all of them changed.
    func changingAll(_ change: (inout TrialRecord) -> Void) -> TrialsMessage {
        var all = TrialRecord.all(in: records)
        for place in all.indices { change(&all[place]) }
        var changed = self
        changed.records = TrialRecord.bytes(of: all)
        return changed
    }
}
