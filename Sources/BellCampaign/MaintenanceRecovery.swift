public import BellModel

/// What is tried, one after the other, when a calibration between two blocks fails; a pure value.
///
/// First the same again with back-off, then the plan's fallbacks, then a person. Nothing of it depends on outcomes.
public struct MaintenanceRecovery: Equatable, Sendable {
    /// What comes next.
    public enum Step: Equatable, Sendable {
        /// Look at everything again after so many milliseconds.
        case retry(milliseconds: Int)
        /// Calibrate these from nothing.
        case rerun(String)
        /// Begin the block with the values in force.
        case goOn
        /// Call a person, once, then look again from time to time.
        case call
    }

    private let fallbacks: [MaintenancePlan.Fallback]
    private let onFailure: MaintenancePlan.Failure
    private var failures = 0
    private var next = 0
    private var hasCalled = false

    /// How often the same is tried again before the fallbacks. A board or a disk may come back by itself; for a
    /// measurement that found nothing, whose walk has tried three times already, once is enough.
    private static let retries = (device: 5, verdict: 1)
    /// How long a suspended campaign waits before it looks again by itself: 30 s, the longest back-off.
    static let hold = 30_000

    public init(_ plan: MaintenancePlan) {
        fallbacks = plan.fallbacks
        onFailure = plan.onFailure
    }

    /// Takes a failure.
    ///
    /// - Parameter exit: What kind it is.
    public mutating func failed(_ exit: ExitCode) -> Step {
        failures += 1
        let retries = exit == .experiment ? Self.retries.verdict : Self.retries.device
        if failures <= retries { return .retry(milliseconds: CampaignMachine.backoff(attempt: failures)) }
        if next < fallbacks.count {
            next += 1
            switch fallbacks[next - 1] {
            case .useLastGood: return .goOn
            case .wait(let seconds): return .retry(milliseconds: Int(min(seconds, 3.2e7) * 1000))
            case .rerun(let what): return .rerun(what)
            }
        }
        if onFailure == .warn { return .goOn }
        return call() ? .call : .retry(milliseconds: Self.hold)
    }

    /// Whether a person is to be called now: once until things are well again.
    public mutating func call() -> Bool {
        defer { hasCalled = true }
        return !hasCalled
    }

    /// All is well, or was given up for this block: the next failure is a new one.
    public mutating func settled() {
        failures = 0
        next = 0
        hasCalled = false
    }
}

/// What is to be done between two blocks.
public enum MaintenanceOrder: Equatable, Sendable {
    /// Look at the gates, and see to what is due.
    case due
    /// Calibrate these from nothing: a fallback.
    case rerun(String)
    /// Begin with the values in force, although what is due has failed.
    case forgo
}
