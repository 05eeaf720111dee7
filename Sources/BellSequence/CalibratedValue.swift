public import BellModel
public import BellTiming

/// A measured number with everything that is needed to trust it: unit, uncertainty, and the run that produced it.
public struct CalibratedValue: Equatable, Sendable {
    public var quantity: Quantity
    /// In the quantity's unit.
    public var value: Double
    /// In the quantity's unit, ≥ 0: a standard deviation or a bound, as ``kind`` says.
    public var uncertainty: Double
    public var kind: TimingSurvey.Term.Kind
    /// Wall clock, ISO 8601 in UTC: when it was measured.
    public var time: String
    /// The routine that measured it, for example `rabi-amplitude`.
    public var routine: String
    /// The run of that routine.
    public var run: String
    /// The version of belld, or the git commit, that measured it; nil where the file is silent.
    public var commit: String?
    /// How long it counts, in the opinion of who wrote the file; nil: as long as its routine says.
    public var validFor: TimeSpan?
    /// Who put it into force; nil for a value of before there was a record.
    public var acceptedBy: Acceptance?
    /// What a person allows a later value to be: one outside is refused when it should come into force.
    public var bounds: ClosedRange<Double>?
    public var place: SourcePlace

    public init(
        _ quantity: Quantity, value: Double, uncertainty: Double, kind: TimingSurvey.Term.Kind = .random, time: String,
        routine: String, run: String, commit: String? = nil, validFor: TimeSpan? = nil,
        acceptedBy: Acceptance? = nil, bounds: ClosedRange<Double>? = nil, place: SourcePlace
    ) {
        self.quantity = quantity
        self.value = value
        self.uncertainty = uncertainty
        self.kind = kind
        self.time = time
        self.routine = routine
        self.run = run
        self.commit = commit
        self.validFor = validFor
        self.acceptedBy = acceptedBy
        self.bounds = bounds
        self.place = place
    }

    /// The object that is frozen for a block; the place in the file is left out, so that only content is hashed.
    ///
    /// What the file leaves out is left out here, so that the hash of an old file stays what it was.
    public var json: JSON {
        var object: [String: JSON] = [
            "value": .double(value), "unit": .string(quantity.unit), "uncertainty": .double(uncertainty),
            "kind": .string(kind.rawValue), "time": .string(time), "routine": .string(routine), "run": .string(run),
        ]
        if let commit { object["commit"] = .string(commit) }
        if let validFor { object["valid_for_s"] = .double(validFor.seconds) }
        if let acceptedBy { object["accepted_by"] = .string(acceptedBy.description) }
        if let bounds { object["bounds"] = [.double(bounds.lowerBound), .double(bounds.upperBound)] }
        return .object(object)
    }

    /// A time as whole picoseconds; only for quantities in ns, whose ranges keep it far inside 64 bits.
    var picoseconds: Int64 { Picoseconds(nanoseconds: value).count }
}
