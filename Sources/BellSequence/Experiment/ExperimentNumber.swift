/// What a number of an experiment file is for: its key, the unit that the key has, and what is possible.
struct ExperimentSlot: Equatable, Sendable {
    let key: String
    /// What a parameter that is put here must have: `1`, `ns`, `Hz` or `deg`.
    let unit: String
    let range: ClosedRange<Double>
    var isWhole = false

    static let units = ["1", "ns", "Hz", "deg"]

    /// 0.4 s, as the sequences of trials have it.
    static let duration = ExperimentSlot(key: "duration_ns", unit: "ns", range: 0...4e8)
    static let pulseDuration = ExperimentSlot(key: "duration_ns", unit: "ns", range: 0.01...1e6)
    static let window = ExperimentSlot(key: "window_ns", unit: "ns", range: 0.01...1e6)
    static let start = ExperimentSlot(key: "at_ns", unit: "ns", range: 0...4e8)
    static let gap = ExperimentSlot(key: "gap_ns", unit: "ns", range: -1e6...4e8)
    /// Between the pulses of a list that the compiler makes.
    static let pulseGap = ExperimentSlot(key: "pulse_gap_ns", unit: "ns", range: 0...1e6)
    static let sigma = ExperimentSlot(key: "sigma_ns", unit: "ns", range: 0.01...1e6)
    static let drag = ExperimentSlot(key: "drag_ns", unit: "ns", range: -10...10)
    /// Of the channel's full scale; a negative amplitude is half a turn of phase.
    static let amplitude = ExperimentSlot(key: "amplitude", unit: "1", range: -1...1)
    static let toneAmplitude = ExperimentSlot(key: "amplitude", unit: "1", range: 0...1)
    static let scale = ExperimentSlot(key: "scale", unit: "1", range: -10...10)
    static let angle = ExperimentSlot(key: "angle_deg", unit: "deg", range: -360...360)
    static let axis = ExperimentSlot(key: "axis_deg", unit: "deg", range: -1e6...1e6)
    /// Added to the axis.
    static let turn = ExperimentSlot(key: "turn_deg", unit: "deg", range: -1e6...1e6)
    static let phase = ExperimentSlot(key: "phase_deg", unit: "deg", range: -1e6...1e6)
    static let detuning = ExperimentSlot(key: "detuning_hz", unit: "Hz", range: -1e9...1e9)
    static let frequency = ExperimentSlot(key: "frequency_hz", unit: "Hz", range: -1e9...1e9)
    static let times = ExperimentSlot(key: "times", unit: "1", range: 0...100_000, isWhole: true)
    static let length = ExperimentSlot(key: "length", unit: "1", range: 0...100_000, isWhole: true)
    /// Whole numbers that a double holds exactly.
    static let seed = ExperimentSlot(key: "seed", unit: "1", range: 0...0x1p53, isWhole: true)

    /// `-1 ≤ amplitude ≤ 1`, as errors say.
    var allowed: String {
        "\(Format.number(range.lowerBound)) ≤ \(key) ≤ \(Format.number(range.upperBound))"
            + (isWhole ? ", whole" : "")
    }

    func accepts(_ value: Double) -> Bool { range.contains(value) && (!isWhole || value == value.rounded()) }
}

/// A number of an experiment file: written there, or a parameter, possibly with the other sign.
struct ExperimentNumber: Equatable, Sendable {
    enum Source: Equatable, Sendable {
        case literal(Double)
        /// Place in the experiment's parameters; `sign` is 1 or −1.
        case parameter(Int, sign: Double)
    }

    var source: Source
    var slot: ExperimentSlot
    /// Counted from 1.
    var line: Int
    /// Counted from 1.
    var column: Int

    /// - Parameter values: Of all parameters, in their order.
    @inline(__always)
    func value(_ values: [Double]) -> Double {
        switch source {
        case .literal(let value): value
        case .parameter(let place, let sign): sign * values[place]
        }
    }
}
