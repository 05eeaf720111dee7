import Glibc

/// One measurement of a value that a gate watches.
public struct GateMeasurement: Equatable, Sendable {
    /// The routine's item whose check it was: measurements of different ones are not compared.
    public var item: CalibrationItem
    /// In ``unit``; nil for one that says nothing.
    public var value: Double?
    /// Standard uncertainty in ``unit``.
    public var uncertainty: Double?
    public var unit: String
    /// The run in the calibration history.
    public var run: String?
    /// Why there is no value.
    public var problem: String?
    /// Laboratory time in seconds.
    public var time: Double
    /// The block before which it was made.
    public var block: UInt64

    public init(
        item: CalibrationItem, value: Double?, uncertainty: Double? = nil, unit: String, run: String? = nil,
        problem: String? = nil, time: Double, block: UInt64
    ) {
        self.item = item
        self.value = value
        self.uncertainty = uncertainty
        self.unit = unit
        self.run = run
        self.problem = problem
        self.time = time
        self.block = block
    }

    /// How far its value is from an earlier one's, in ``unit``; a phase goes the short way round. Nil where the two cannot be
    /// compared.
    public func change(since earlier: GateMeasurement?) -> Double? {
        guard let earlier, earlier.item == item, earlier.unit == unit, let value, let before = earlier.value else {
            return nil
        }
        return unit == "rad" ? remainder(value - before, 2 * .pi) : value - before
    }
}
