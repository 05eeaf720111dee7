public import BellModel

/// What a run is about: the first part of its name and of its metrics' paths.
public enum RunSubject: Hashable, Sendable, CustomStringConvertible {
    case node(Node)
    case link

    public init?(_ text: String) {
        if text == "link" {
            self = .link
        } else {
            guard let node = Node(name: text) else { return nil }
            self = .node(node)
        }
    }

    /// `alice`, `bob` or `link`.
    public var description: String {
        switch self {
        case .node(let node): node.name
        case .link: "link"
        }
    }
}

/// What is known of a run when it begins.
public struct RunStart: Equatable, Sendable {
    public var routine: String
    public var subject: RunSubject
    /// A check by a few shots instead of a calibration.
    public var isCheck: Bool
    public var started: UTCTime
    /// The version of belld, or the git commit, that performs it.
    public var software: String
    /// Whether it runs on a simulated laboratory.
    public var simulated: Bool
    /// All values in force: `CalibrationSet.frozen`.
    public var inputs: JSON

    public init(
        routine: String, subject: RunSubject, isCheck: Bool = false, started: UTCTime, software: String,
        simulated: Bool, inputs: JSON
    ) {
        self.routine = routine
        self.subject = subject
        self.isCheck = isCheck
        self.started = started
        self.software = software
        self.simulated = simulated
        self.inputs = inputs
    }
}

/// A run as the history keeps it.
public struct StoredRun: Equatable, Sendable {
    /// For example `alice-rabi-amplitude-20261121-0003`.
    public var id: String
    public var start: RunStart
    /// Nil while it runs, and for ever when its process was killed.
    public var ended: UTCTime?
    /// Nil when it did not come to one: it runs, was interrupted or failed, as ``reason`` says.
    public var verdict: RoutineReport.Verdict?
    /// Why, for people.
    public var reason: String
    /// What was measured, in short.
    public var summary: JSON
}

/// A measured value as the history keeps it, with all its digits.
public struct StoredValue: Equatable, Sendable {
    public enum State: String, CaseIterable, Sendable {
        /// Nobody has decided yet.
        case proposed
        /// In force.
        case accepted
        /// Not put into force: outside the bounds, or a person said no.
        case refused
        /// Was in force until another one came.
        case superseded
    }

    public var run: String
    public var path: CalibrationPath
    public var value: Double
    public var uncertainty: Double
    public var unit: String
    /// When its run ended.
    public var time: UTCTime
    public var state: State
    /// When somebody decided.
    public var decided: UTCTime?
    /// Who put it into force.
    public var acceptedBy: String?
    /// Why it was refused.
    public var reason: String?
}

/// A metric as the history keeps it.
public struct StoredMetric: Equatable, Sendable {
    /// Nil for one that was watched outside of any run.
    public var run: String?
    /// The subject and the name: `alice.half_pi_error`.
    public var path: String
    public var value: Double
    public var uncertainty: Double?
    public var unit: String
    public var time: UTCTime
}
