/// What a campaign does between its blocks so that a night gives one good campaign: what is looked at, and when it waits.
///
/// Part of the sealed plan. Nothing in it depends on outcomes of trials.
public struct MaintenancePlan: Equatable, Sendable {
    /// When an item is due.
    public enum When: String, CaseIterable, Sendable {
        /// Once it is as old as `every` says.
        case age
        /// Once its history predicts that it has moved by the tolerance; by its age where the history is too short.
        case drift
        /// A few calibration shots every so often tell whether it still holds.
        case shots
    }

    /// How often.
    public enum Interval: Equatable, Sendable {
        /// In seconds of laboratory time; > 0.
        case seconds(Double)
        /// In blocks of the campaign; > 0.
        case blocks(UInt64)
    }

    /// One thing that is kept right.
    public struct Check: Equatable, Sendable {
        /// A routine (`ramsey`), an item (`alice/ramsey`), or a value's path (`alice.drive_detuning`).
        public var what: String
        /// Only at this node; nil for everywhere.
        public var node: Node?
        public var when: When
        /// For ``When/drift`` the longest time between two; nil for a day.
        public var every: Interval?
        /// How far the value may move, in its own unit; > 0, and there for ``When/drift``.
        public var tolerance: Double?

        public init(
            _ what: String, node: Node? = nil, when: When, every: Interval? = nil, tolerance: Double? = nil
        ) {
            self.what = what
            self.node = node
            self.when = when
            self.every = every
            self.tolerance = tolerance
        }
    }

    /// What becomes of good proposals.
    public enum Acceptance: String, CaseIterable, Sendable {
        /// They come into force with the next block, within their bounds.
        case automatic
        /// They wait for a person; the campaign goes on with the old ones.
        case never
    }

    /// What is tried when a calibration has failed.
    public enum Fallback: Equatable, Sendable {
        /// Go on with the values in force, until the check is due again.
        case useLastGood
        /// Wait so many seconds, then try again.
        case wait(Double)
        /// Calibrate these from nothing: words of `calibrate run`, or `bring-up` for everything.
        case rerun(String)
    }

    /// What happens when every fallback has failed, too.
    public enum Failure: String, CaseIterable, Sendable {
        /// The campaign stays suspended, and a person is called.
        case suspend
        /// It goes on with the values in force, with a warning.
        case warn
    }

    public var checks: [Check]
    public var acceptance: Acceptance
    /// In the order in which they are tried.
    public var fallbacks: [Fallback]
    public var onFailure: Failure
    public var gates: [Gate]

    public init(
        checks: [Check] = [], acceptance: Acceptance = .automatic, fallbacks: [Fallback] = [],
        onFailure: Failure = .suspend, gates: [Gate] = []
    ) {
        self.checks = checks
        self.acceptance = acceptance
        self.fallbacks = fallbacks
        self.onFailure = onFailure
        self.gates = gates
    }

    /// The most checks, and the most gates, of a plan.
    public static let mostEntries = 200
    /// The most fallbacks of a plan.
    public static let mostFallbacks = 20
    /// Spans of time in a plan, in seconds: to a year.
    public static let spans: ClosedRange<Double> = 0...3.2e7
}
