public import BellModel

/// The result of one check of a conformance kit.
public struct ConformanceCheck: Equatable, Sendable {
    /// How a check went.
    public enum Verdict: Equatable, Sendable {
        /// The device keeps the rule.
        case passed
        /// It does not: what was seen, where the rule stands, how to mend it.
        case failed(BellError)
        /// The check could not be made; why.
        case skipped(String)
        /// Something was measured that no rule bounds; what.
        case note(String)

        /// `passed`, `failed`, `skipped` or `note`.
        public var name: String {
            switch self {
            case .passed: "passed"
            case .failed: "failed"
            case .skipped: "skipped"
            case .note: "note"
            }
        }
    }

    /// A measured value.
    public struct Measurement: Equatable, Sendable {
        /// Lower case with dashes, for example `p50`.
        public var name: String
        public var value: Double
        /// For example `ms`, `records/s`; empty for a number without one.
        public var unit: String

        public init(_ name: String, _ value: Double, _ unit: String) {
            self.name = name
            self.value = value
            self.unit = unit
        }
    }

    /// A stable word, `topic.rule`.
    public var id: String
    /// One line for people.
    public var title: String
    public var verdict: Verdict
    public var measurements: [Measurement]
    /// Wall time, or the injected clock's.
    public var duration: Duration

    public init(
        id: String, title: String, verdict: Verdict, measurements: [Measurement] = [], duration: Duration = .zero
    ) {
        self.id = id
        self.title = title
        self.verdict = verdict
        self.measurements = measurements
        self.duration = duration
    }

    /// Whether the device broke the rule.
    public var hasFailed: Bool { if case .failed = verdict { true } else { false } }
}

extension ConformanceCheck {
    /// `{"id", "title", "verdict", "reason" | "error", "measurements", "seconds"}`.
    public var json: JSON {
        var object: [String: JSON] = [
            "id": .string(id), "title": .string(title), "verdict": .string(verdict.name),
            "seconds": .double(duration.inSeconds),
        ]
        switch verdict {
        case .passed: break
        case .failed(let error): object["error"] = error.json
        case .skipped(let reason), .note(let reason): object["reason"] = .string(reason)
        }
        if !measurements.isEmpty {
            object["measurements"] = .array(
                measurements.map { ["name": .string($0.name), "value": .double($0.value), "unit": .string($0.unit)] })
        }
        return .object(object)
    }
}

/// Where a run of a kit is, for a progress bar.
public struct ConformanceProgress: Equatable, Sendable {
    /// From 1.
    public var number: Int
    public var total: Int
    /// The check that begins.
    public var id: String
    public var title: String
}

extension Duration {
    /// For people and reports.
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
