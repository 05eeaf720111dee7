public import BellModel

/// What was measured at one node: pulse shapes and values.
public struct NodeCalibration: Equatable, Sendable {
    public var pulses: [PulseName: PulseShape]
    public var values: ValueTable

    public init(pulses: [PulseName: PulseShape], values: ValueTable) {
        self.pulses = pulses
        self.values = values
    }

    /// The shape of a pulse.
    ///
    /// - Throws: `calibration.missing`.
    public func pulse(_ name: PulseName) throws(BellError) -> PulseShape {
        if let pulse = pulses[name] { return pulse }
        throw BellError(
            .calibrationMissing, "The sequence needs the pulse \(name.rawValue), which the calibration does not have.",
            at: values.source, fix: "add \(name.rawValue): {envelope, duration_ns} under pulses")
    }

    /// The object that is frozen for a block.
    public var json: JSON {
        let pulses = Dictionary(
            pulses.map { ($0.key.rawValue, $0.value.json) }, uniquingKeysWith: { first, _ in first })
        return ["pulses": .object(pulses), "values": values.json]
    }
}
