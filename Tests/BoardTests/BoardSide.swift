import Board
import BellModel
import DriverKit
import Testing

/// Makes what a board sends, and drives a ``BoardLinkMachine`` with it by hand.
struct BoardSide {
    static let boot: UInt64 = 77
    var machine: BoardLinkMachine
    var numbers = SequenceCounter()
    var now = Duration.zero
    /// Events delivered so far.
    var events: [BoardEvent] = []
    /// Frames sent so far, as messages.
    var sent: [BoardMessage] = []
    /// The sequence of the last frame sent.
    var lastSequence: UInt32 = 0
    var completed: [UInt64: Result<BoardReply, BellError>] = [:]
    var disconnects = 0

    init(timeouts: BoardTimeouts = .init()) {
        machine = BoardLinkMachine(name: "alice/board", node: .alice, timeouts: timeouts)
    }

    static let campaign: CampaignID? = CampaignID(bytes: Array(1...16))
    static let otherCampaign: CampaignID? = CampaignID(bytes: Array(2...17))

    static func capabilities(boot: UInt64 = BoardSide.boot, node: Node = .alice, spool: UInt32 = 4096) throws
        -> Capabilities
    {
        Capabilities(
            node: node, model: "test", serial: "A1", firmware: "1", simulated: true,
            tickRate: try #require(TickRate(numerator: 8_000_000_000)), ticksPerSample: 4, channels: 2,
            waveformMemory: 1024, maxEvents: 64, spoolTrials: spool, hasRNG: true, hasSigningKey: true, bootID: boot)
    }

    static func status(boot: UInt64 = BoardSide.boot, armed: ArmOrder? = nil) -> BoardStatus {
        BoardStatus(
            state: armed == nil ? .ready : .running, bootID: boot, tick: 1, spoolUsed: 0, spoolFree: 4096, armed: armed)
    }

    static func order(arm: UInt64 = 1, first: UInt64 = 0, count: UInt32 = 8) throws -> ArmOrder {
        ArmOrder(campaign: try #require(campaign), arm: arm, firstIndex: first, count: count)
    }

    static func trials(
        arm: UInt64 = 1, first: UInt64 = 0, count: Int = 4, outcome: UInt8 = 0, boot: UInt64 = BoardSide.boot,
        campaign: CampaignID? = BoardSide.campaign
    ) throws -> BoardMessage {
        let records = (0..<count).map {
            TrialRecord(
                index: first &+ UInt64($0), startTick: 1000 + UInt64($0), stopDelta: 800, setting: 0, outcome: outcome)
        }
        return .trials(
            TrialsMessage(
                campaign: try #require(campaign), arm: arm, bootID: boot, firstIndex: first, firstPulse: 100 &+ first,
                records: TrialRecord.bytes(of: records)))
    }

    static func clock(arm: UInt64 = 1, _ records: [(UInt64, UInt64)] = [(100, 5), (107, 12)]) throws -> BoardMessage {
        .clock(
            ClockMessage(
                campaign: try #require(campaign), arm: arm, bootID: boot,
                records: records.map { ClockRecord(pulse: $0.0, tick: $0.1) }))
    }

    static func end(arm: UInt64 = 1, first: UInt64 = 0, count: UInt32 = 8, made: UInt32 = 8) throws -> BoardMessage {
        .armEnd(
            ArmEnd(
                order: try order(arm: arm, first: first, count: count), made: made,
                reason: made == count ? .completed : .stopped))
    }

    // MARK: Driving

    mutating func perform(_ input: BoardLinkMachine.Input) {
        for action in machine.handle(input, at: now) {
            switch action {
            case .send(let bytes):
                guard let frame = try? Frame.decode(bytes), let message = try? BoardMessage(frame) else {
                    Issue.record("the machine sent no message")
                    continue
                }
                lastSequence = frame.sequence
                sent.append(message)
            case .deliver(let event): events.append(event)
            case .complete(let token, let result): completed[token] = result
            case .disconnect: disconnects += 1
            }
        }
    }

    /// Lets a message of the board arrive.
    mutating func receive(_ message: BoardMessage, replyTo: UInt32 = 0) {
        perform(.frame(message.encoded(sequence: numbers.next(), replyTo: replyTo)))
    }

    /// Opens, greets and replays; forgets what happened meanwhile.
    mutating func connect(
        boot: UInt64 = BoardSide.boot, spool: UInt32 = 4096, replay: [BoardMessage] = [], armed: ArmOrder? = nil
    ) throws {
        perform(.opened(token: 1000))
        receive(.capabilities(try BoardSide.capabilities(boot: boot, spool: spool)), replyTo: lastSequence)
        for message in replay { receive(message) }
        receive(.status(BoardSide.status(boot: boot, armed: armed)))
    }

    /// Arms, and lets the board say ARMED.
    mutating func arm(_ order: ArmOrder) {
        perform(.request(.arm(order), token: 2000))
        receive(.armed(order), replyTo: lastSequence)
    }

    /// Answers a HELLO on the same connection.
    mutating func replay(_ messages: [BoardMessage], armed: ArmOrder? = nil) throws {
        receive(.capabilities(try BoardSide.capabilities()), replyTo: lastSequence)
        for message in messages { receive(message) }
        receive(.status(BoardSide.status(armed: armed)))
    }

    mutating func forget() {
        events = []
        sent = []
        completed = [:]
    }

    /// The first index and count of every chunk delivered.
    var chunks: [[Int]] {
        events.compactMap {
            if case .trials(_, _, let chunk) = $0 { [Int(chunk.firstIndex), chunk.count] } else { nil }
        }
    }

    var faults: [BoardFault] { events.compactMap { if case .fault(let fault) = $0 { fault } else { nil } } }
    var ends: Int { events.count { if case .armEnd = $0 { true } else { false } } }
    var replayEnds: Int { events.count { if case .replayEnd = $0 { true } else { false } } }
    var greetings: Int { sent.count { if case .hello = $0 { true } else { false } } }

    var disconnection: BellError? {
        for case .disconnected(let error) in events { return error }
        return nil
    }

    func error(of token: UInt64) -> BellError? {
        if case .failure(let error)? = completed[token] { error } else { nil }
    }
}
