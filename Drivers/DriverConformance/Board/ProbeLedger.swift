import BellModel
import DriverKit

/// Files what a board sends on one or more connections, and notes what no board may do. A pure value.
///
/// Unlike the driver's link it repairs nothing and forgives nothing.
struct ProbeLedger: Sendable {
    /// A frame that came.
    struct Arrival: Sendable {
        var type: UInt16
        var payload: [UInt8]
        /// Nil when the payload cannot be read.
        var message: BoardMessage?
        var problem: FrameError?
        var at: Duration
    }

    /// Answers by the request's number.
    private(set) var answers: [UInt32: Arrival] = [:]
    /// What came unasked, oldest first.
    private(set) var arrivals: [Arrival] = []
    private var arrivalBytes = 0
    /// ERROR with reply to 0.
    private(set) var strayErrors: [ErrorReport] = []
    /// Requests without an answer yet, in the order in which they were sent.
    private var pending: [UInt32] = []
    /// Requests that were given up; a late answer is no fault.
    private var givenUp: Set<UInt32> = []
    private var answered: Set<UInt32> = []
    private var expected: UInt32?
    private var lastTick: (boot: UInt64, tick: UInt64)?

    /// Frames that cannot be read, by what is wrong.
    private(set) var unreadable = Remarks()
    /// Frame numbers that are not the next one.
    private(set) var gaps = Remarks()
    /// Answers that nobody asked for, that come twice or out of order.
    private(set) var disorder = Remarks()
    /// Tick counters that went back.
    private(set) var backwardTicks = Remarks()
    /// Boot ids outside of other campaigns' replayed data, in the order in which they were first seen.
    private(set) var bootIDs: [UInt64] = []

    /// Texts, the first few of which are kept.
    struct Remarks: Sendable {
        private(set) var texts: [String] = []
        private(set) var count = 0
        mutating func add(_ text: String) {
            count += 1
            if texts.count < 4 { texts.append(text) }
        }
    }

    /// What the probe has to do.
    enum Action: Equatable, Sendable {
        case none
        /// Answer the board's PING.
        case pong(token: UInt64, replyTo: UInt32)
    }

    /// Notes a request that has to be answered.
    mutating func sent(_ number: UInt32) { pending.append(number) }

    /// Stops waiting for an answer.
    mutating func giveUp(_ number: UInt32) {
        pending.removeAll { $0 == number }
        givenUp.insert(number)
    }

    /// Forgets what is bound to a connection.
    mutating func connectionEnded() {
        pending = []
        givenUp = []
        answered = []
        answers = [:]
        expected = nil
    }

    /// Takes the answer to a request.
    mutating func takeAnswer(_ number: UInt32) -> Arrival? { answers.removeValue(forKey: number) }

    /// Takes what came unasked.
    mutating func takeArrivals() -> [Arrival] {
        defer {
            arrivals = []
            arrivalBytes = 0
        }
        return arrivals
    }

    mutating func takeStrayErrors() -> [ErrorReport] {
        defer { strayErrors = [] }
        return strayErrors
    }

    /// Files a frame.
    mutating func receive(_ bytes: [UInt8], at time: Duration, own campaign: CampaignID) -> Action {
        let frame: Frame
        do throws(FrameError) {
            frame = try Frame.decode(bytes)
        } catch {
            unreadable.add(error.description)
            return .none
        }
        var arrival = Arrival(type: frame.type, payload: Array(frame.payload), message: nil, problem: nil, at: time)
        do throws(FrameError) {
            arrival.message = try BoardMessage(frame)
        } catch {
            arrival.problem = error
            unreadable.add(error.description)
        }
        let isGreeting = frame.type == MessageType.capabilities.rawValue
        // What a pipe still held of the connection before says nothing about this one.
        if isGreeting, expected == nil {
            arrivals = []
            arrivalBytes = 0
        }
        count(frame, isGreeting: isGreeting)
        if let message = arrival.message { note(message, own: campaign) }
        if case .ping(let token) = arrival.message { return .pong(token: token, replyTo: frame.sequence) }
        file(arrival, frame)
        return .none
    }

    private mutating func count(_ frame: Frame, isGreeting: Bool) {
        if let expected, !isGreeting, frame.sequence != expected {
            gaps.add("\(name(frame.type)) has the number \(frame.sequence), the next one is \(expected)")
        }
        if frame.sequence == 0 { gaps.add("\(name(frame.type)) has the number 0, which is never used") }
        if isGreeting || expected != nil { expected = SequenceCounter.successor(of: frame.sequence) }
    }

    private mutating func file(_ arrival: Arrival, _ frame: Frame) {
        let isData = ProbeLedger.unasked.contains(frame.type)
        if isData && frame.replyTo != 0 {
            disorder.add("\(name(frame.type)) is unsolicited but has reply to \(frame.replyTo)")
        }
        if isData || frame.replyTo == 0 {
            if case .error(let report) = arrival.message {
                if strayErrors.count < 1_000 { strayErrors.append(report) }
            } else {
                if !isData && frame.type != MessageType.status.rawValue {
                    disorder.add("\(name(frame.type)) is an answer but has reply to 0")
                }
                arrivalBytes += arrival.payload.count + Frame.headerSize
                guard arrivalBytes <= ProbeLedger.limit else {
                    disorder.add("over \(ProbeLedger.limit) bytes came unasked; \(name(frame.type)) is dropped")
                    return
                }
                arrivals.append(arrival)
            }
            return
        }
        if givenUp.remove(frame.replyTo) != nil { return }
        guard let place = pending.firstIndex(of: frame.replyTo) else {
            let again = answered.contains(frame.replyTo)
            disorder.add(
                "\(name(frame.type)) answers frame \(frame.replyTo), "
                    + (again ? "which was answered before" : "which is no request"))
            return
        }
        if place > 0 {
            disorder.add("\(name(frame.type)) answers frame \(frame.replyTo) before frame \(pending[0])")
        }
        pending.remove(at: place)
        answered.insert(frame.replyTo)
        answers[frame.replyTo] = arrival
    }

    /// Boot ids and ticks, wherever they come.
    private mutating func note(_ message: BoardMessage, own campaign: CampaignID) {
        var boot: UInt64?
        switch message {
        case .capabilities(let capabilities): boot = capabilities.bootID
        case .status(let status):
            boot = status.bootID
            if let last = lastTick, last.boot == status.bootID, status.tick < last.tick {
                backwardTicks.add("STATUS shows tick \(status.tick) after \(last.tick)")
            }
            lastTick = (status.bootID, status.tick)
        case .trials(let trials) where trials.campaign == campaign: boot = trials.bootID
        case .clock(let clock) where clock.campaign == campaign: boot = clock.bootID
        case .chunkSignature(let signature) where signature.campaign == campaign: boot = signature.bootID
        default: break
        }
        if let boot, !bootIDs.contains(boot), bootIDs.count < 8 { bootIDs.append(boot) }
    }

    private func name(_ type: UInt16) -> String {
        MessageType(rawValue: type)?.name ?? "type 0x\(String(type, radix: 16))"
    }

    /// Twice the largest spool, 2^24 records of 32 bytes.
    static let limit = 1 << 30

    /// FAULT, TRIALS, CLOCK, CHUNK_SIGNATURE and ARM_END are never answers.
    private static let unasked: Set<UInt16> = Set(
        [MessageType.fault, .trials, .clock, .chunkSignature, .armEnd].map(\.rawValue))
}
