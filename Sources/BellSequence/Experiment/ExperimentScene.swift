import BellModel

/// What stays the same of a node while an experiment's parameters change: its grid, its calibrated pulses, its limits.
final class ExperimentScene: Sendable {
    /// A calibrated pulse; numbers that were never measured are nil.
    struct Pulse: Sendable {
        var shape: PulseShape
        var amplitude: Double?
        /// DRAG coefficient in nanoseconds.
        var beta: Double
    }

    let node: Node
    let source: String
    let grid: Grid
    let limits: BoardLimits
    /// Ticks by which this node plays later, because the shared pulse reaches it earlier.
    let shift: Int64
    /// Ticks.
    let trialPeriod: UInt64
    let clockEvery: UInt32
    let inputBits: InputBitSource
    let frame: DriveFrame
    let halfPi: Pulse
    let pi: Pulse
    let emission: Pulse?
    let absorption: Pulse?
    /// Of full scale.
    let toneAmplitude: Double
    /// Hz from the readout frame.
    let toneFrequency: Double
    let window: Picoseconds
    let discriminator: Discriminator
    /// Half of the sample rate in Hz: no detuning can be larger.
    let largestDetuning: Double

    /// What the sequence of Bell tests has, for calibrations that never measured `readout_window`.
    static let standardWindow = Picoseconds(50_000)

    /// - Throws: `calibration.missing`, `sequence.grid`; all at once.
    init(
        _ experiment: ExperimentSequence, _ node: Node, _ calibration: CalibrationSet, _ limits: PerNode<BoardLimits>,
        shift: Int64, inputBits: InputBitSource
    ) throws(BellError) {
        let own = calibration.nodes[node]
        let steps = experiment.steps[node]
        let grid = Grid(rate: limits[node].tickRate, ticksPerSample: Int64(max(limits[node].ticksPerSample, 1)))
        let fit = grid.fit(experiment.trialPeriod, step: grid.ticksPerSample)
        var failures: [BellError] = []
        if fit.off.magnitude > Grid.tolerance {
            failures.append(
                Placement.offGrid(
                    "The trial period", experiment.trialPeriod, fit, grid, node, sampled: true,
                    at: "\(experiment.place) trial_period_ns"))
        }
        for (quantity, name, isUsed) in [
            (Quantity.emissionAmplitude, PulseName.emission, Self.contains(.emit, .emission, steps)),
            (.absorptionAmplitude, .absorption, Self.contains(.absorb, .absorption, steps)),
        ] {
            do throws(BellError) {
                if isUsed.shape { _ = try own.pulse(name) }
                if isUsed.amplitude { _ = try own.values.required(quantity) }
            } catch {
                failures.append(error)
            }
        }
        if Self.contains(nil, .pi, steps).amplitude {
            do throws(BellError) { _ = try own.values.required(.piAmplitude) } catch { failures.append(error) }
        }
        if let error = BellError.all(failures) { throw error }
        let half = try own.pulse(.halfPi)
        func transfer(_ name: PulseName, _ quantity: Quantity) -> Pulse? {
            own.pulses[name].map { Pulse(shape: $0, amplitude: own.values[quantity]?.value, beta: 0) }
        }
        self.node = node
        self.grid = grid
        self.limits = limits[node]
        self.shift = shift
        self.inputBits = inputBits
        source = experiment.source
        trialPeriod = UInt64(clamping: fit.ticks)
        clockEvery = experiment.clockEvery
        frame = try DriveFrame(node, calibration, absorbs: Self.contains(.absorb, nil, steps).isThere)
        halfPi = Pulse(
            shape: half, amplitude: try own.values.required(.halfPiAmplitude).value,
            beta: try own.values.required(.halfPiDrag).value)
        pi = Pulse(
            shape: own.pulses[.pi] ?? half, amplitude: own.values[.piAmplitude]?.value,
            beta: own.values[.piDrag]?.value ?? 0)
        emission = transfer(.emission, .emissionAmplitude)
        absorption = transfer(.absorption, .absorptionAmplitude)
        toneAmplitude = try own.values.required(.readoutAmplitude).value
        toneFrequency = own.values[.readoutFrequency]?.value ?? 0
        window = own.values[.readoutWindow].map { Picoseconds($0.picoseconds) } ?? Self.standardWindow
        discriminator = try calibration.discriminator(node)
        largestDetuning = 5e11 / grid.sample
    }

    /// Adds two times of the grid, in picoseconds, as ticks: where a tick is no whole number of picoseconds, the rounding of
    /// hundreds of pulses would otherwise add up. Times off the grid are simply added.
    @inline(__always)
    func time(_ time: Int64, plus more: Int64) -> Int64 {
        if let sum = grid.wholePicoseconds(time, more) { return sum }
        let (a, b) = (grid.fit(Picoseconds(time), step: 1), grid.fit(Picoseconds(more), step: 1))
        guard a.off.magnitude <= Grid.tolerance, b.off.magnitude <= Grid.tolerance else { return time + more }
        return grid.time(a.ticks + b.ticks).count
    }

    /// How a list uses a form or a named shape, in repeats as well.
    private static func contains(
        _ form: ExperimentPulse.Form?, _ name: PulseName?, _ steps: [ExperimentStep]
    ) -> (isThere: Bool, shape: Bool, amplitude: Bool) {
        var found = (isThere: false, shape: false, amplitude: false)
        for step in steps {
            var more = (isThere: false, shape: false, amplitude: false)
            if case .repeated(_, let inner) = step.kind {
                more = contains(form, name, inner)
            } else if case .pulse(let pulse) = step.kind, pulse.form == form || pulse.form == name.map({ .named($0) }) {
                more = (true, true, pulse.amplitude == nil)
            }
            found = (
                found.isThere || more.isThere, found.shape || more.shape, found.amplitude || more.amplitude
            )
        }
        return found
    }
}
