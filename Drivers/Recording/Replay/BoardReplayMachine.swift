public import BellModel
import DriverKit

/// A recorded board as a value: takes the host's frames, gives the recorded answers. No I/O, no clock of its own.
///
/// - SeeAlso: docs/recording.md, "Replay of a board".
public struct BoardReplayMachine: Sendable {
    /// What happens.
    public enum Input: Equatable, Sendable {
        case frame([UInt8])
        /// Time has passed.
        case tick
        /// The host has closed the connection.
        case closed
    }

    /// What is to be done, in this order.
    public enum Action: Equatable, Sendable {
        case send([UInt8])
        /// The board's side ends the connection, with an error when the way failed or the host diverged.
        case end(BellError?)
    }

    private struct Scheduled {
        var due: Duration
        var what: ReplayConnection.Output.What
        /// Overrides the recorded number.
        var replyTo: UInt32?
    }

    private let options: ReplayOptions
    private let path: String
    private var connections: [ReplayConnection]
    /// The connection that is served; −1 before the first.
    private var current = -1
    private var isOpen = false
    /// The last hard request that was matched.
    private var reached = -1
    /// Outputs before it have been looked at.
    private var cursor = 0
    private var scheduled: [Scheduled] = []
    private var lastSent: UInt32 = 0
    private var latestStatus: Frame?
    private var campaigns = CampaignMap()
    private var actions: [Action] = []
    /// What the host did that the recording does not have; the replay is over then.
    public private(set) var divergence: BellError?

    /// - Parameters:
    ///   - path: The recording's file, for errors.
    /// - Throws: `replay.kind`, or `recording.damaged`; a torn end is served as far as it goes.
    public init(_ trace: Trace, options: ReplayOptions = .init(), path: String = "recording") throws(BellError) {
        guard trace.header.kind == .board else { throw .replayKind(trace, wanted: .board, path: path) }
        if let damage = trace.damage(path: path) { throw damage }
        self.options = options
        self.path = path
        connections = ReplayConnection.all(of: trace)
    }

    /// Recorded requests of the host, without heartbeats and the like, that the host has not sent so far.
    public var unsentRequests: Int {
        connections.reduce(0) { sum, connection in sum + connection.requests.count { $0.isHard && !$0.isMatched } }
    }

    /// When ``handle(_:at:)`` has something to do next; nil: nothing.
    public var deadline: Duration? { scheduled.first?.due }

    // MARK: Connection

    /// Goes on to the next recorded connection.
    ///
    /// - Throws: What opening it threw then, `replay.divergence` after one, `replay.exhausted` after the last.
    public mutating func open(at now: Duration) throws(BellError) -> [Action] {
        if let divergence { throw divergence }
        guard current + 1 < connections.count else {
            throw .replayExhausted(connections.count, path: path)
        }
        current += 1
        if let error = connections[current].openError { throw error }
        isOpen = true
        reached = -1
        cursor = 0
        scheduled = []
        lastSent = 0
        latestStatus = nil
        release(from: connections[current].outputs.first?.time ?? 0, answering: nil, as: 0, at: now)
        emit(at: now)
        return takeActions()
    }

    /// Takes one input.
    public mutating func handle(_ input: Input, at now: Duration) -> [Action] {
        guard isOpen else { return [] }
        switch input {
        case .frame(let bytes): take(bytes, at: now)
        case .tick: break
        case .closed: isOpen = false
        }
        emit(at: now)
        return takeActions()
    }

    private mutating func takeActions() -> [Action] {
        defer { actions = [] }
        return actions
    }

    // MARK: The host's frames

    private mutating func take(_ bytes: [UInt8], at now: Duration) {
        let frame = try? Frame.decode(bytes)
        switch frame.flatMap({ MessageType(rawValue: $0.type) }) {
        case .ping: answerPing(frame, at: now)
        case .pong, .acknowledge, .error: break
        case .statusRequest: answerStatus(frame, at: now)
        default:
            guard let place = match(bytes, frame) else { return diverge(bytes, frame) }
            serve(place, as: frame?.sequence ?? 0, at: now)
        }
    }

    private mutating func match(_ bytes: [UInt8], _ frame: Frame?) -> Int? {
        for (place, request) in connections[current].requests.enumerated() where request.isHard && !request.isMatched {
            guard let frame else {
                if request.bytes == bytes { return place }
                continue
            }
            guard let recorded = request.frame, recorded.type == frame.type else { continue }
            let isSame: Bool
            if frame.type == MessageType.hello.rawValue {
                // The host's name and version may be others; the protocol's version may not.
                isSame = recorded.payload.prefix(2) == frame.payload.prefix(2)
            } else if options.matching == .mapCampaign {
                isSame = campaigns.matches(host: frame.payload, recorded: recorded.payload, type: frame.type)
            } else {
                isSame = recorded.payload == frame.payload
            }
            if isSame { return place }
        }
        return nil
    }

    private mutating func serve(_ place: Int, as sequence: UInt32, at now: Duration) {
        connections[current].requests[place].isMatched = true
        if connections[current].requests[place].isHard { reached = max(reached, place) }
        release(from: connections[current].requests[place].time, answering: place, as: sequence, at: now)
    }

    /// The next recorded question within this part of the conversation is answered as it was; else the latest status.
    private mutating func answerStatus(_ frame: Frame?, at now: Duration) {
        guard let frame else { return }
        let requests = connections[current].requests
        for place in requests.indices where place > reached && !requests[place].isMatched {
            if requests[place].isHard { break }
            if requests[place].frame?.type == frame.type { return serve(place, as: frame.sequence, at: now) }
        }
        guard var status = latestStatus else { return diverge(frame.encoded(), frame) }
        status.replyTo = frame.sequence
        schedule(Scheduled(due: now, what: .frame(status, step: 1), replyTo: frame.sequence))
    }

    private mutating func answerPing(_ frame: Frame?, at now: Duration) {
        guard let frame else { return }
        let connection = connections[current]
        if connection.fellSilent && cursor == connection.outputs.count && scheduled.isEmpty { return }
        let pong = Frame(type: MessageType.pong.rawValue, sequence: 0, payload: Array(frame.payload))
        schedule(Scheduled(due: now, what: .frame(pong, step: 1), replyTo: frame.sequence))
    }

    // MARK: The board's frames

    /// Schedules the answers to a request and everything unsolicited that it makes due, in the recorded order.
    private mutating func release(from origin: UInt64, answering place: Int?, as sequence: UInt32, at now: Duration) {
        var due = place.map { connections[current].requests[$0].answers } ?? []
        while cursor < connections[current].outputs.count, connections[current].outputs[cursor].anchor <= reached {
            if connections[current].outputs[cursor].request == nil { due.append(cursor) }
            cursor += 1
        }
        for output in due.sorted() where !connections[current].outputs[output].isServed {
            connections[current].outputs[output].isServed = true
            let recorded = connections[current].outputs[output]
            let span = recorded.time > origin ? recorded.time - origin : 0
            schedule(
                Scheduled(
                    due: now + options.scaled(span), what: recorded.what,
                    replyTo: recorded.request == nil ? nil : sequence))
        }
    }

    private mutating func schedule(_ item: Scheduled) {
        let place = scheduled.lastIndex { $0.due <= item.due }.map { $0 + 1 } ?? 0
        scheduled.insert(item, at: place)
    }

    private mutating func emit(at now: Duration) {
        let count = scheduled.prefix { $0.due <= now }.count
        for item in scheduled.prefix(count) where isOpen {
            switch item.what {
            case .garbage(let bytes): actions.append(.send(bytes))
            case .frame(let frame, let step): send(frame, step: step, replyTo: item.replyTo)
            case .end(let error):
                isOpen = false
                actions.append(.end(error))
            }
        }
        scheduled.removeFirst(count)
    }

    /// Numbers the frame so that it follows the last one as it did in the recording.
    private mutating func send(_ frame: Frame, step: UInt64?, replyTo: UInt32?) {
        var frame = frame
        if let replyTo { frame.replyTo = replyTo }
        if let step {
            let ordinal = (UInt64(lastSent) + step + ReplayConnection.ring - 1) % ReplayConnection.ring
            frame.sequence = UInt32(ordinal) + 1
        }
        if frame.sequence != 0 { lastSent = frame.sequence }
        campaigns.translate(&frame)
        if frame.type == MessageType.status.rawValue { latestStatus = frame }
        actions.append(.send(frame.encoded()))
    }

    // MARK: Divergence

    private mutating func diverge(_ bytes: [UInt8], _ frame: Frame?) {
        let connection = connections[current]
        let next = connection.requests.first { $0.isHard && !$0.isMatched }
        let sent = frame.map { ReplayConnection.name(of: $0.type) } ?? "bytes that are no frame"
        let payload = frame.map { Array($0.payload) } ?? bytes
        let expected =
            next.map { "expected next: \($0.name) \(Hex.short($0.frame.map { Array($0.payload) } ?? $0.bytes))" }
            ?? "nothing more was sent on this connection"
        let error = BellError(
            .replayDivergence, "The driver sent \(sent), which is not in the rest of the recorded connection.",
            at: "\(path), byte \(next?.offset ?? connection.lastOffset), connection \(current + 1)",
            cause: "sent: \(sent) \(Hex.short(payload)); \(expected)", state: "the replay has ended",
            fix: "see what changed in the driver or in its settings since the recording; if it is meant, record again")
        divergence = error
        isOpen = false
        scheduled = []
        actions.append(.end(error))
    }
}

/// Bytes for people.
enum Hex {
    /// At most 48 bytes, then how many more.
    static func short(_ bytes: [UInt8]) -> String {
        guard !bytes.isEmpty else { return "(no bytes)" }
        let digits = Array(bytes.prefix(48)).hex
        return bytes.count > 48 ? "\(digits)… (\(bytes.count) bytes)" : digits
    }
}

extension BellError {
    static func replayKind(_ trace: Trace, wanted: TraceHeader.Kind, path: String) -> BellError {
        BellError(
            .replayKind, "A \(trace.header.kind.name) recording cannot serve a \(wanted.name) device.", at: path,
            fix: "give the recording of a \(wanted.name) device")
    }
}
