public import BellModel

/// Calibrated values of one file or section, by quantity.
public struct ValueTable: Equatable, Sendable {
    /// What was read, for example `Calibration/mocklab/alice.yaml`; errors name it.
    public var source: String
    var values: [String: CalibratedValue]

    public init(source: String, values: [CalibratedValue] = []) {
        self.source = source
        self.values = Dictionary(values.map { ($0.quantity.name, $0) }, uniquingKeysWith: { _, last in last })
    }

    init(source: String, values: [String: CalibratedValue]) {
        self.source = source
        self.values = values
    }

    /// The value of a quantity, or nil when the file leaves it out.
    public subscript(quantity: Quantity) -> CalibratedValue? {
        get { values[quantity.name] }
        set { values[quantity.name] = newValue }
    }

    /// The value of a quantity.
    ///
    /// - Throws: `calibration.missing`.
    public func required(_ quantity: Quantity) throws(BellError) -> CalibratedValue {
        if let value = values[quantity.name] { return value }
        throw BellError(
            .calibrationMissing, "The sequence needs \(quantity.name) (\(quantity.meaning)), which was never measured.",
            at: source, fix: "add \(quantity.name): {value, unit: \(quantity.unit), uncertainty, time, routine, run}")
    }

    /// The object that is frozen for a block.
    public var json: JSON { .object(values.mapValues(\.json)) }
}
