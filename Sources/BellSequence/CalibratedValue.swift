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
    public var place: SourcePlace

    public init(
        _ quantity: Quantity, value: Double, uncertainty: Double, kind: TimingSurvey.Term.Kind = .random, time: String,
        routine: String, run: String, place: SourcePlace
    ) {
        self.quantity = quantity
        self.value = value
        self.uncertainty = uncertainty
        self.kind = kind
        self.time = time
        self.routine = routine
        self.run = run
        self.place = place
    }

    /// The object that is frozen for a block; the place in the file is left out, so that only content is hashed.
    public var json: JSON {
        [
            "value": .double(value), "unit": .string(quantity.unit), "uncertainty": .double(uncertainty),
            "kind": .string(kind.rawValue), "time": .string(time), "routine": .string(routine), "run": .string(run),
        ]
    }

    /// A time as whole picoseconds; only for quantities in ns, whose ranges keep it far inside 64 bits.
    var picoseconds: Int64 { Picoseconds(nanoseconds: value).count }
}
