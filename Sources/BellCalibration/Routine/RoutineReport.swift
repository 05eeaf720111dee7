public import BellPlot

/// What a routine found.
public struct RoutineReport: Equatable, Sendable {
    /// How the data are judged (Kelly et al., arXiv:1803.03226, section III).
    public enum Verdict: String, Equatable, Sendable {
        /// The values are right, or right after the proposals.
        case good
        /// The data are sound, and what they show is outside its limits: something that this routine depends on may
        /// have moved, or the device is not as specified. Of a check: calibrate anew.
        case outOfSpec = "out-of-spec"
        /// The data say nothing: a routine that this one depends on must be done again.
        case badData = "bad-data"
    }

    /// A value that a routine proposes.
    public struct Proposal: Equatable, Sendable {
        public var path: CalibrationPath
        /// In the quantity's unit.
        public var value: Double
        /// Standard uncertainty in the quantity's unit.
        public var uncertainty: Double

        public init(_ path: CalibrationPath, value: Double, uncertainty: Double) {
            self.path = path
            self.value = value
            self.uncertainty = uncertainty
        }
    }

    /// A number that is worth showing and keeping, but sets nothing.
    public struct Metric: Equatable, Sendable {
        /// In words with underscores, `half_pi_error`; kept in the history under this name.
        public var name: String
        public var value: Double
        public var uncertainty: Double?
        public var unit: String

        public init(_ name: String, _ value: Double, _ uncertainty: Double? = nil, unit: String = "1") {
            self.name = name
            self.value = value
            self.uncertainty = uncertainty
            self.unit = unit
        }
    }

    public var verdict: Verdict
    /// Why, for people; for a bad verdict with what to do.
    public var reason: String
    /// Empty unless the verdict is good.
    public var proposals: [Proposal]
    public var metrics: [Metric]
    public var figures: [Figure]

    public init(
        _ verdict: Verdict, _ reason: String, proposals: [Proposal] = [], metrics: [Metric] = [], figures: [Figure] = []
    ) {
        self.verdict = verdict
        self.reason = reason
        // A fit that fails never proposes a number.
        self.proposals = verdict == .good ? proposals : []
        self.metrics = metrics
        self.figures = figures
    }
}
