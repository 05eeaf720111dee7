import BellModel

/// Decides what the supervisor of a laboratory does; the supervisor performs it.
///
/// Pure: time is handed in as monotonic nanoseconds. Start: every process is spawned, then the machine waits for
/// `ready`; a death before that ends the start. Afterwards a death is a restart with back-off, except that of a belld
/// that was told to end. Stop: belld first, so that it can finish its block with everything still there, then the others.
struct LabMachine {
    typealias Role = LabProcess.Role

    /// What happened.
    enum Event: Equatable {
        /// A process ended; see ``Ending``.
        case ended(Role, Ending)
        /// belld answers and reports both boards and the certifier.
        case ready
        /// Ctrl-C, SIGTERM; each one counts.
        case stop
        /// Time went by.
        case tick
    }

    /// How a process ended.
    enum Ending: Equatable, Sendable {
        case exit(Int32)
        case signal(Int32)

        /// `with status 4`, `by signal 9`.
        var text: String {
            switch self {
            case .exit(let status): "with status \(status)"
            case .signal(let number): "by signal \(number)"
            }
        }

        /// The exit status that stands for it.
        var exitCode: ExitCode {
            if case .exit(let status) = self, let code = ExitCode(rawValue: status), code != .ok {
                code
            } else {
                .internal
            }
        }

        /// Whether belld ended because it was told to.
        var isIntended: Bool { self == .exit(ExitCode.ok.rawValue) || self == .exit(ExitCode.interrupted.rawValue) }
    }

    /// What to do.
    enum Action: Equatable {
        case spawn(Role)
        case terminate(Role)
        case kill(Role)
        /// A line for the person and the log.
        case say(String)
        /// The laboratory is up.
        case announce
        /// A process died before the laboratory was up: show its log's end.
        case fail(Role, Ending)
        /// Not ready in time.
        case late
        /// Nothing is left running.
        case finish(ExitCode)
    }

    private enum Phase: Equatable {
        case starting(deadline: UInt64)
        case up
        /// belld is asked to end; counts how often.
        case stoppingDaemon(signals: Int, killAt: UInt64?)
        case stoppingOthers(killAt: UInt64)
        case finished
    }

    /// 10 s: mocklab and bellcert end in milliseconds, a disk may take seconds.
    static let grace: UInt64 = 10_000_000_000

    private let roles: [Role]
    private var phase: Phase
    private var alive: [Role: UInt64] = [:]
    private var backoff: [Role: Backoff] = [:]
    private var restartAt: [Role: UInt64] = [:]
    private var exit = ExitCode.interrupted

    /// Begins with nothing running; call ``begin(now:)`` next.
    /// - Parameter patience: Nanoseconds until the laboratory must be ready.
    init(roles: [Role], now: UInt64, patience: UInt64) {
        self.roles = roles
        phase = .starting(deadline: now &+ patience)
    }

    /// Spawns everything.
    mutating func begin(now: UInt64) -> [Action] {
        for role in roles { alive[role] = now }
        return roles.map(Action.spawn)
    }

    /// Whether the machine still waits for the laboratory to be ready.
    var isStarting: Bool { if case .starting = phase { true } else { false } }

    /// Whether the laboratory is being taken down.
    var isStopping: Bool {
        switch phase {
        case .starting, .up: false
        default: true
        }
    }

    mutating func handle(_ event: Event, now: UInt64) -> [Action] {
        switch event {
        case .ended(let role, let ending): ended(role, ending, now: now)
        case .ready: ready()
        case .stop: stop(now: now)
        case .tick: tick(now: now)
        }
    }

    private mutating func ready() -> [Action] {
        guard isStarting else { return [] }
        phase = .up
        return [.announce]
    }

    private mutating func ended(_ role: Role, _ ending: Ending, now: UInt64) -> [Action] {
        guard let since = alive.removeValue(forKey: role) else { return [] }
        switch phase {
        case .starting:
            exit = ending.exitCode
            return [.fail(role, ending)] + stopOthers(now: now)
        case .up where role == .belld && ending.isIntended:
            exit = ending == .exit(0) ? .ok : .interrupted
            return [.say("belld ended as it was asked to; taking the laboratory down")] + stopOthers(now: now)
        case .up:
            let delay = backoff[role, default: Backoff()].delay(lifetime: now &- since)
            restartAt[role] = now &+ delay
            return [
                .say(
                    "\(role.rawValue) ended \(ending.text); starting it again in "
                        + "\(NumberText.fixed(Double(delay) / 1e9, 1)) s")
            ]
        case .stoppingDaemon:
            return role == .belld ? stopOthers(now: now) : []
        case .stoppingOthers:
            return finishIfDone()
        case .finished: return []
        }
    }

    private mutating func stop(now: UInt64) -> [Action] {
        restartAt = [:]
        switch phase {
        case .starting, .up:
            guard alive[.belld] != nil else { return stopOthers(now: now) }
            phase = .stoppingDaemon(signals: 1, killAt: nil)
            return [
                .say("stopping: belld finishes its block; once more to stop at the arm, a third time to kill it"),
                .terminate(.belld),
            ]
        case .stoppingDaemon(let signals, _):
            guard signals < 2 else { return [.say("killing belld"), .kill(.belld)] }
            phase = .stoppingDaemon(signals: 2, killAt: now &+ 3 * LabMachine.grace)
            return [.say("stopping at the arm"), .terminate(.belld)]
        case .stoppingOthers: return roles.filter { alive[$0] != nil }.map(Action.kill)
        case .finished: return []
        }
    }

    private mutating func stopOthers(now: UInt64) -> [Action] {
        phase = .stoppingOthers(killAt: now &+ LabMachine.grace)
        restartAt = [:]
        // belld is still alive here only when another process died during the start.
        return roles.reversed().filter { alive[$0] != nil }.map(Action.terminate) + finishIfDone()
    }

    private mutating func finishIfDone() -> [Action] {
        guard alive.isEmpty else { return [] }
        phase = .finished
        return [.finish(exit)]
    }

    private mutating func tick(now: UInt64) -> [Action] {
        switch phase {
        case .starting(let deadline) where now >= deadline:
            exit = .hardware
            return [.late] + stopOthers(now: now)
        case .up:
            var actions: [Action] = []
            for role in roles {
                guard let at = restartAt[role], now >= at else { continue }
                restartAt[role] = nil
                alive[role] = now
                actions.append(.spawn(role))
            }
            return actions
        case .stoppingDaemon(_, let killAt?) where now >= killAt: return [.kill(.belld)]
        case .stoppingOthers(let killAt) where now >= killAt:
            return roles.filter { alive[$0] != nil }.map(Action.kill)
        default: return []
        }
    }
}
