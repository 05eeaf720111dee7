/// Decides what is done with one driver process; whoever starts processes performs it (`bellctl lab up`).
///
/// Pure: time is handed in as monotonic nanoseconds. A started process is asked for a sign of life at once and every
/// `patience` until its first one, then `interval` after each. The third question in a row without an answer, or a
/// start without any within `startPatience`, ends it: SIGTERM, SIGKILL after `grace`. However it ends, it is started
/// again after a back-off (``DriverBackoff``), until ``Event/stop``.
public struct DriverSupervisor: Sendable {
    /// What happened.
    public enum Event: Equatable, Sendable {
        /// A sign of life: any well-formed answer to a ping.
        case answered
        /// The process ended, or could not be started; `how` for people: `with status 4`, `by signal 9`.
        case ended(how: String)
        /// Time went by; call it often, for example every 50 ms, or at ``DriverSupervisor/deadline``.
        case tick
        /// End the process for good.
        case stop
    }

    /// What to do, in this order.
    public enum Action: Equatable, Sendable {
        /// Start the process.
        case start
        /// Ask it for a sign of life, on a connection of its own (``DriverProbe``).
        case ping
        /// SIGTERM.
        case terminate
        /// SIGKILL.
        case kill
        case report(Report)
    }

    /// What people and logs are told.
    public enum Report: Equatable, Sendable {
        /// The first answer since it was started: others may use it.
        case ready
        /// It has not answered `count` questions in a row, and is being ended.
        case silent(count: Int)
        /// It ended; it is started again after `delay` nanoseconds.
        case restarting(how: String, delay: UInt64)
        /// It ended after ``Event/stop``; the supervisor has nothing left to do.
        case finished
    }

    /// What the process is doing.
    public enum Phase: Equatable, Sendable {
        case idle
        /// Started, and no answer yet.
        case starting
        case alive
        /// Told to end; by the time `killAt` it is killed.
        case ending
        /// Waits for its next start.
        case waiting
        /// Told to end for good.
        case stopping
        case finished
    }

    public let policy: SupervisionPolicy
    public private(set) var phase = Phase.idle
    /// How often the process ended by itself.
    public private(set) var exits: UInt64 = 0
    /// How often it was ended because it was silent.
    public private(set) var silences: UInt64 = 0
    private var backoff = DriverBackoff()
    /// When the next thing is due: a start, a question, an answer's end, a kill.
    private var due: UInt64 = .max
    private var startedAt: UInt64 = 0
    private var unanswered = 0
    private var firstAnswer: UInt64?
    private var lastAnswer: UInt64 = 0

    public init(policy: SupervisionPolicy = .init()) { self.policy = policy }

    /// When ``Event/tick`` is wanted next; nil for never.
    public var deadline: UInt64? { due == .max ? nil : due }

    /// Starts the process for the first time.
    public mutating func begin(now: UInt64) -> [Action] { phase == .idle ? start(now: now) : [] }

    public mutating func handle(_ event: Event, now: UInt64) -> [Action] {
        switch event {
        case .answered: answered(now: now)
        case .ended(let how): ended(how, now: now)
        case .tick: now >= due ? tick(now: now) : []
        case .stop: stop(now: now)
        }
    }

    private mutating func start(now: UInt64) -> [Action] {
        phase = .starting
        startedAt = now
        firstAnswer = nil
        lastAnswer = now
        unanswered = 1
        due = now &+ policy.patience
        return [.start, .ping]
    }

    private mutating func answered(now: UInt64) -> [Action] {
        guard phase == .starting || phase == .alive else { return [] }
        let isFirst = phase == .starting
        phase = .alive
        firstAnswer = firstAnswer ?? now
        lastAnswer = now
        unanswered = 0
        due = now &+ policy.interval
        return isFirst ? [.report(.ready)] : []
    }

    private mutating func tick(now: UInt64) -> [Action] {
        switch phase {
        case .starting:
            guard now &- startedAt < policy.startPatience else { return giveUp(now: now) }
            return ask(now: now)
        case .alive: return unanswered < policy.silences ? ask(now: now) : giveUp(now: now)
        case .ending, .stopping:
            // Again should it be in vain: a process in an uninterruptible call ends when that returns.
            due = now &+ policy.grace
            return [.kill]
        case .waiting: return start(now: now)
        case .idle, .finished:
            due = .max
            return []
        }
    }

    private mutating func ask(now: UInt64) -> [Action] {
        unanswered += 1
        due = now &+ policy.patience
        return [.ping]
    }

    private mutating func giveUp(now: UInt64) -> [Action] {
        let count = unanswered
        silences += 1
        phase = .ending
        due = now &+ policy.grace
        return [.report(.silent(count: count)), .terminate]
    }

    private mutating func ended(_ how: String, now: UInt64) -> [Action] {
        switch phase {
        case .starting, .alive, .ending:
            if phase != .ending { exits += 1 }
            let health = firstAnswer.map { lastAnswer &- $0 } ?? 0
            let delay = backoff.delay(health: health)
            phase = .waiting
            due = now &+ delay
            return [.report(.restarting(how: how, delay: delay))]
        case .stopping:
            phase = .finished
            due = .max
            return [.report(.finished)]
        case .idle, .waiting, .finished: return []
        }
    }

    private mutating func stop(now: UInt64) -> [Action] {
        switch phase {
        case .starting, .alive:
            phase = .stopping
            due = now &+ policy.grace
            return [.terminate]
        case .ending:
            // SIGTERM has been sent; the kill stays due when it was.
            phase = .stopping
            return []
        case .idle, .waiting:
            phase = .finished
            due = .max
            return [.report(.finished)]
        case .stopping, .finished: return []
        }
    }
}

extension DriverSupervisor.Report {
    /// One line about the driver of a device.
    public func text(of name: String) -> String {
        switch self {
        case .ready: "the driver of \(name) answers"
        case .silent(let count): "the driver of \(name) has not answered \(count) pings in a row; ending it"
        case .restarting(let how, let delay):
            "the driver of \(name) ended \(how); starting it again in \(seconds(delay)) s"
        case .finished: "the driver of \(name) has ended"
        }
    }
}

/// Nanoseconds as seconds with one digit after the point, rounded down.
private func seconds(_ nanoseconds: UInt64) -> String {
    let tenths = nanoseconds / 100_000_000
    return "\(tenths / 10).\(tenths % 10)"
}
