public import BellModel

/// What became of every item that a walk through the graph came to.
public struct GraphReport: Equatable, Sendable {
    public enum Outcome: Equatable, Sendable {
        /// Its state passed; nothing was measured.
        case fresh
        /// A check by a few shots passed.
        case inSpec
        /// It was calibrated, and its proposals were taken.
        case calibrated
        /// What a check alone found, with its reason; nothing was done about it.
        case checked(RoutineReport.Verdict, String)
        /// Its calibration did not end well; its old values are in force.
        case failed(RoutineReport.Verdict, String)
        /// Something that it needs failed.
        case blocked(by: CalibrationItem)
        /// The walk ended before.
        case notReached

        /// Whether later items may build on it.
        public var isSound: Bool {
            switch self {
            case .fresh, .inSpec, .calibrated: true
            case .checked(let verdict, _): verdict == .good
            case .failed, .blocked, .notReached: false
            }
        }

        /// One word for programs.
        public var name: String {
            switch self {
            case .fresh: "fresh"
            case .inSpec: "in-spec"
            case .calibrated: "calibrated"
            case .checked: "checked"
            case .failed: "failed"
            case .blocked: "blocked"
            case .notReached: "not-reached"
            }
        }
    }

    /// One item and what became of it.
    public struct Row: Equatable, Sendable {
        public var item: CalibrationItem
        public var outcome: Outcome

        public init(_ item: CalibrationItem, _ outcome: Outcome) {
            self.item = item
            self.outcome = outcome
        }
    }

    /// In the graph's order.
    public var rows: [Row]
    /// What ended the walk before its time: a device, a file.
    public var error: BellError?
    /// A person ended it before its time.
    public var isCancelled: Bool

    public init(rows: [Row], error: BellError? = nil, isCancelled: Bool = false) {
        self.rows = rows
        self.error = error
        self.isCancelled = isCancelled
    }

    /// What became of an item; nil for one that was not wanted.
    public subscript(item: CalibrationItem) -> Outcome? { rows.first { $0.item == item }?.outcome }

    /// Whether all that was wanted is good now.
    public var isGood: Bool { error == nil && !isCancelled && rows.allSatisfy(\.outcome.isSound) }

    /// The exit status of who asked: interrupted before hardware before verdicts.
    public var exit: ExitCode {
        if isCancelled { return .interrupted }
        if let error { return error.code.exit }
        return isGood ? .ok : .experiment
    }
}
