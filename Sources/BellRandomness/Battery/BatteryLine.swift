public import BellModel

/// One test of a battery with its parameters, what it computed and what it says.
public struct BatteryLine: Equatable, Sendable {
    /// A named number that the test computed, for example `min-entropy` in `bits/bit`.
    public struct Measure: Equatable, Sendable {
        public var name: String
        public var value: Double
        /// Empty for a pure number.
        public var unit: String

        public init(_ name: String, _ value: Double, unit: String = "") {
            (self.name, self.value, self.unit) = (name, value, unit)
        }
    }

    /// Unique in its report: `frequency`, `non-overlapping template 000000001`.
    public var name: String
    /// Lines of one family share a row of a table; the name itself for a test that stands alone.
    public var family: String
    /// As the standard writes them: `M = 128`; may be empty.
    public var parameters: String
    /// One for each stream that counted, in the streams' order; empty for tests without p-values.
    public var pValues: [Double]
    public var measures: [Measure]
    public var verdict: BatteryVerdict
    /// What a reader has to know besides; may be empty.
    public var note: String

    public init(
        name: String, family: String? = nil, parameters: String = "", pValues: [Double] = [], measures: [Measure] = [],
        verdict: BatteryVerdict, note: String = ""
    ) {
        self.name = name
        self.family = family ?? name
        self.parameters = parameters
        self.pValues = pValues
        self.measures = measures
        self.verdict = verdict
        self.note = note
    }

    /// The measure of this name, if the test computed it.
    public func measure(_ name: String) -> Double? { measures.first { $0.name == name }?.value }

    public var json: JSON {
        var members: [String: JSON] = ["name": .string(name), "verdict": .string(verdict.word)]
        if family != name { members["family"] = .string(family) }
        if !parameters.isEmpty { members["parameters"] = .string(parameters) }
        if !pValues.isEmpty { members["p_values"] = .array(pValues.map { .double($0) }) }
        if case .insufficientData(let wanted) = verdict { members["wanted_bits"] = .int(Int64(wanted)) }
        if !note.isEmpty { members["note"] = .string(note) }
        if !measures.isEmpty {
            members["measures"] = .array(
                measures.map { measure in
                    var one: [String: JSON] = ["name": .string(measure.name), "value": .double(measure.value)]
                    if !measure.unit.isEmpty { one["unit"] = .string(measure.unit) }
                    return .object(one)
                })
        }
        return .object(members)
    }
}
