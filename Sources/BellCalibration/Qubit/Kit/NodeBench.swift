import BellModel
import BellSequence
import Glibc

/// What a routine of one node needs to write its points: the values in force by name, and what the board can do.
struct NodeBench: Sendable {
    let node: Node
    let calibration: NodeCalibration
    let limits: BoardLimits
    /// Nanoseconds from the latch to the earliest switched pulse that the compiler lets a trial play: by then the switch has
    /// moved, and a multiple of a sample.
    let gatedGap: Double

    init(_ context: RoutineContext) {
        node = context.node
        calibration = context.values.nodes[context.node]
        limits = context.limits[context.node]
        let timing = context.values.timing[node]
        let moved = (timing[.switchDelay]?.value ?? 0) - (timing[.switchLine]?.value ?? 0)
        let sample = Double(max(limits.ticksPerSample, 1)) * 1e9 / limits.tickRate.hertz
        // A picosecond less is rounding of the values.
        gatedGap = max(0, ((moved - 0.001) / sample).rounded(.up)) * sample
    }

    /// The value in force; nil when it was never measured.
    func value(_ name: String) -> Double? { calibrated(name)?.value }

    func calibrated(_ name: String) -> CalibratedValue? {
        Quantity.ofNode.first { $0.name == name }.flatMap { calibration.values[$0] }
    }

    func path(_ quantity: String) -> CalibrationPath { CalibrationPath(.node(node), quantity) }

    func point(_ sequence: String, _ parameters: [String: Double], _ count: Int) -> ExperimentPoint {
        ExperimentPoint(.shots(node), sequence, parameters, count: max(count, 1))
    }

    func proposal(_ quantity: String, _ value: Double, _ uncertainty: Double) -> RoutineReport.Proposal {
        RoutineReport.Proposal(path(quantity), value: value, uncertainty: uncertainty)
    }

    // MARK: The board's limits

    /// Nanoseconds of a waveform sample.
    var sample: Double { Double(max(limits.ticksPerSample, 1)) * 1e9 / limits.tickRate.hertz }

    /// The nearest whole number of samples, at least one.
    func onGrid(_ nanoseconds: Double) -> Double { max(1, (nanoseconds / sample).rounded()) * sample }

    /// As ``onGrid(_:)``, but 0 stays 0.
    func wait(_ nanoseconds: Double) -> Double { max(0, (nanoseconds / sample).rounded()) * sample }

    /// Hz: a carrier can be this far from the node's frame.
    var largestCarrier: Double { 0.5e9 / sample }

    /// Offsets beside `drive_detuning` that the board can play, of those wanted.
    func carriers(_ wanted: [Double]) -> [Double] {
        let now = value("drive_detuning") ?? 0
        return wanted.filter { ($0 + now).magnitude <= largestCarrier }
    }

    /// Tones that the board can play, of those wanted.
    func tones(_ wanted: [Double]) -> [Double] { wanted.filter { $0.magnitude <= largestCarrier } }

    /// The longest pulse that leaves three quarters of the board's memory free, on the grid.
    func longest(_ nanoseconds: Double) -> Double {
        min(onGrid(nanoseconds), max(1, Double(limits.waveformMemory / 4)) * sample)
    }

    /// How many pulses a shot can have beside reset, input bit, latch, readout and stop.
    var mostPulses: Int { max(1, Int(limits.maxEvents) - 8) }

    // MARK: Pulses

    /// ∫ of a pulse's envelope in nanoseconds.
    func area(_ shape: PulseShape) -> Double {
        let length = shape.duration.nanoseconds
        switch shape.envelope {
        case .cosine: return length / 2
        case .rectangle: return length
        case .gaussian:
            // Gauss' bell between ±length/2, lowered to zero at its ends; the middle rule is good to 1e-6.
            let edge = NodeBench.bell(length / 2, shape.sigma)
            let steps = 1000
            let sum = (0..<steps).reduce(0.0) { sum, k in
                sum + (NodeBench.bell(((Double(k) + 0.5) / Double(steps) - 0.5) * length, shape.sigma) - edge)
            }
            return sum * length / Double(steps) / (1 - edge)
        }
    }

    private static func bell(_ t: Double, _ sigma: Double) -> Double { exp(-t * t / (2 * sigma * sigma)) }

    /// Nanoseconds of the π/2 pulse's envelope and of its length; 6 and 12 without one.
    var halfPi: (area: Double, length: Double) {
        guard let shape = calibration.pulses[.halfPi] else { return (6, 12) }
        return (area(shape), shape.duration.nanoseconds)
    }

    /// Amplitude of the π pulse's shape over that of the π/2 pulse's for a turn twice as far.
    var piFactor: Double {
        guard let half = calibration.pulses[.halfPi], let pi = calibration.pulses[.pi] else { return 2 }
        return 2 * area(half) / area(pi)
    }

    /// The tone as it is in force.
    var tone: [String: Double] {
        [
            "frequency_hz": value("readout_frequency") ?? 0, "amplitude": value("readout_amplitude") ?? 1,
            "window_ns": onGrid(value("readout_window") ?? 50),
        ]
    }
}
