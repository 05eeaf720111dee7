public import BellModel
import DriverKit

/// The host's side of the instrument protocol as a value: takes what happens, says what to do. No I/O, no clock.
///
/// Requests carry rising ids; an answer whose id is not waited for is dropped and counted, whether it is late, repeated
/// or made up. A driver that goes on sending what nobody asked for loses its link.
public struct InstrumentLinkMachine: Sendable {
    /// What happens.
    public enum Input: Sendable {
        /// A new link is open; `token` is completed by the answer to `hello`.
        case opened(token: UInt64, software: String)
        case request(InstrumentRequest, token: UInt64)
        case message([UInt8])
        case tick
        /// The owner, or the way itself, gives the link up.
        case close(BellError)
    }

    /// What is to be done, in this order.
    public enum Action: Equatable, Sendable {
        case send([UInt8])
        case complete(token: UInt64, Result<JSON, BellError>)
        case disconnect
    }

    /// Surplus messages that a link survives within ``window``: more than any driver needs that answers late.
    public static let surplusLimit = 64
    /// The time in which surplus messages are counted together.
    public static let window = Duration.seconds(10)

    private struct Pending {
        var request: InstrumentRequest
        var token: UInt64
        var deadline: Duration
    }

    private let name: String
    private let timeouts: InstrumentTimeouts
    private var isOpen = false
    private var isGreeting = false
    private var bootID: String?
    private var lastID: Int64 = 0
    private var pending: [Int64: Pending] = [:]
    private var windowStart = Duration.zero
    private var surplus = 0
    private var actions: [Action] = []
    /// Messages that were no answer to a question that waits, since the machine was made.
    public private(set) var surplusMessages: UInt64 = 0
    /// How many boots of the driver were seen; 2 and more: it was started anew.
    public private(set) var boots = 0

    public init(name: String, timeouts: InstrumentTimeouts = .init()) {
        self.name = name
        self.timeouts = timeouts
    }

    /// Whether a link is up.
    public var isConnected: Bool { isOpen && !isGreeting }

    /// When ``Input/tick`` is wanted next; nil when nothing waits.
    public var deadline: Duration? { pending.values.map(\.deadline).min() }

    /// Takes one input.
    public mutating func handle(_ input: Input, at now: Duration) -> [Action] {
        switch input {
        case .opened(let token, let software):
            fail(BellError(.instrumentNotConnected, "A new connection replaces this one.", at: name))
            isOpen = true
            isGreeting = true
            surplus = 0
            windowStart = now
            send(.hello(software: software), token: token, at: now)
        case .request(let request, let token):
            if isConnected { send(request, token: token, at: now) } else { refuse(token) }
        case .message(let bytes): if isOpen { receive(bytes, at: now) }
        case .tick: if isOpen { tick(at: now) }
        case .close(let error): fail(error)
        }
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    private mutating func send(_ request: InstrumentRequest, token: UInt64, at now: Duration) {
        lastID += 1
        let bytes = request.encoded(id: lastID)
        guard bytes.count <= InstrumentAnswer.maximumSize else {
            let error = BellError(
                .instrumentRange, "The request has \(bytes.count) bytes, over \(InstrumentAnswer.maximumSize).",
                at: name)
            return actions.append(.complete(token: token, .failure(error)))
        }
        pending[lastID] = Pending(request: request, token: token, deadline: now + timeouts.span(of: request))
        actions.append(.send(bytes))
    }

    private mutating func refuse(_ token: UInt64) {
        let error = BellError(
            .instrumentNotConnected, "The instrument's driver process is not connected.", at: name,
            fix: "check that the process runs; `bellctl lab up` starts it when lab.yaml has `run:`")
        actions.append(.complete(token: token, .failure(error)))
    }

    private mutating func receive(_ bytes: [UInt8], at now: Duration) {
        let answer: InstrumentAnswer
        do throws(BellError) { answer = try InstrumentAnswer(bytes, from: name) } catch {
            return count(error.what, at: now)
        }
        guard let waiting = pending.removeValue(forKey: answer.id) else {
            return count("The last answers question \(answer.id), which does not wait.", at: now)
        }
        if isGreeting, case .hello = waiting.request {
            if case .failure(let error) = answer.result {
                actions.append(.complete(token: waiting.token, answer.result))
                return fail(error)
            }
            isGreeting = false
            if bootID != answer.bootID { boots += 1 }
            bootID = answer.bootID
        } else if answer.bootID != bootID {
            let error = BellError(
                .instrumentRebooted, "The instrument's driver process has started anew.", at: name,
                state: "the instrument may have gone back to its settings at power-up",
                fix: "nothing to do when it was restarted on purpose; else see its log")
            actions.append(.complete(token: waiting.token, .failure(error)))
            return fail(error)
        }
        actions.append(.complete(token: waiting.token, answer.result))
    }

    /// Counts a message that answers nothing; beyond the limit the link is closed.
    private mutating func count(_ why: String, at now: Duration) {
        surplusMessages &+= 1
        if now - windowStart >= InstrumentLinkMachine.window {
            windowStart = now
            surplus = 0
        }
        surplus += 1
        guard surplus > InstrumentLinkMachine.surplusLimit else { return }
        fail(
            BellError(
                .instrumentFlood,
                "The driver process sent more than \(InstrumentLinkMachine.surplusLimit) messages within "
                    + "\(InstrumentLinkMachine.window.components.seconds) s that answer no question.",
                at: name, cause: shown(why), state: "the link to it is closed",
                fix: "mend the driver: one answer to each request, and nothing else (docs/instrument-protocol.md)"))
    }

    private mutating func tick(at now: Duration) {
        for (id, waiting) in pending.sorted(by: { $0.key < $1.key }) where now >= waiting.deadline {
            pending[id] = nil
            let error = BellError(
                .instrumentTimeout,
                "The instrument's driver process did not answer \(waiting.request.method) within "
                    + "\(timeouts.span(of: waiting.request)).", at: name,
                fix: "see the process's log; its supervisor starts it again when it stays silent")
            if isGreeting { pending[id] = waiting }
            guard !isGreeting else { return fail(error) }
            actions.append(.complete(token: waiting.token, .failure(error)))
        }
    }

    /// Ends the link; everything that waits fails.
    private mutating func fail(_ error: BellError) {
        guard isOpen else { return }
        isOpen = false
        isGreeting = false
        for (_, waiting) in pending.sorted(by: { $0.key < $1.key }) {
            actions.append(.complete(token: waiting.token, .failure(error)))
        }
        pending = [:]
        actions.append(.disconnect)
    }
}
