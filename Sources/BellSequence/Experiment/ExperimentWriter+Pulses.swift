import BellModel

/// What is played: rotations, shapes and the readout's tone, as events.
extension ExperimentWriter {
    mutating func play(_ pulse: ExperimentPulse, _ step: ExperimentStep, _ cache: inout WaveformCache) {
        let gated = pulse.gated
        switch pulse.form {
        case .rotation(let number):
            let angle = number?.value(values) ?? 90
            let scale = pulse.scale?.value(values) ?? 1
            let isPi = angle.magnitude == 180
            // Two π/2 pulses do for a π pulse that nobody has calibrated.
            if isPi, scene.pi.amplitude == nil, pulse.amplitude == nil {
                let half = calibrated(scene.halfPi, (angle < 0 ? -1 : 1) * scale, gated)
                drive(pulse, scene.halfPi, half, step, &cache)
                drive(pulse, scene.halfPi, half, step, &cache)
                return
            }
            let basis = isPi ? scene.pi : scene.halfPi
            let amplitude =
                if let amplitude = pulse.amplitude { amplitude.value(values) * scale } else {
                    calibrated(basis, (isPi ? (angle < 0 ? -1 : 1) : angle / 90) * scale, gated)
                }
            drive(pulse, basis, amplitude, step, &cache)
        case .named(let name):
            let basis: ExperimentScene.Pulse? =
                switch name {
                case .halfPi: scene.halfPi
                case .pi: scene.pi
                case .emission: scene.emission
                case .absorption: scene.absorption
                }
            // The scene was made for this list: what it needs is there.
            guard let basis else { return }
            drive(pulse, basis, pulse.amplitude?.value(values) ?? calibrated(basis, 1, gated), step, &cache)
        case .own(let envelope):
            let length = pulse.duration.map { Picoseconds(picoseconds($0)) } ?? .zero
            let shape = PulseShape(
                envelope: envelope, duration: length, sigma: pulse.sigma?.value(values),
                place: SourcePlace(file: scene.source, line: step.line))
            drive(
                pulse, ExperimentScene.Pulse(shape: shape, amplitude: nil, beta: 0),
                pulse.amplitude?.value(values) ?? 0, step, &cache)
        case .emit, .absorb:
            guard let basis = pulse.form == .emit ? scene.emission : scene.absorption else { return }
            append(
                pulse.form == .emit ? .emit : .absorb, shape(basis.shape, pulse), beta: 0,
                amplitude: pulse.amplitude?.value(values) ?? basis.amplitude ?? 0,
                phase: ProgramWriter.phase((pulse.axis?.value(values) ?? 0) / 360), detuning: 0, step, &cache)
        }
    }

    /// A calibrated amplitude, as the channel must play it: the switched path is stronger or weaker than the fixed one.
    private func calibrated(_ basis: ExperimentScene.Pulse, _ factor: Double, _ gated: Bool) -> Double {
        (basis.amplitude ?? 0) * factor / (gated ? scene.frame.gatedRatio : 1)
    }

    /// The shape with the duration that the file gives; a Gaussian is stretched as a whole.
    private func shape(_ shape: PulseShape, _ pulse: ExperimentPulse) -> PulseShape {
        guard let number = pulse.duration, case let length = picoseconds(number), length != shape.duration.count else {
            return shape
        }
        var stretched = shape
        stretched.duration = Picoseconds(length)
        stretched.sigma *= Double(length) / Double(shape.duration.count)
        return stretched
    }

    private mutating func drive(
        _ pulse: ExperimentPulse, _ basis: ExperimentScene.Pulse, _ amplitude: Double, _ step: ExperimentStep,
        _ cache: inout WaveformCache
    ) {
        drive(
            axis: ((pulse.axis?.value(values) ?? 0) + (pulse.turn?.value(values) ?? 0)) / 360, amplitude,
            shape(basis.shape, pulse),
            beta: pulse.drag?.value(values) ?? basis.beta, detuning: pulse.detuning?.value(values) ?? 0,
            gated: pulse.gated, step, &cache)
    }

    private mutating func drive(
        axis: Double, _ amplitude: Double, _ shape: PulseShape, beta: Double, detuning: Double, gated: Bool,
        _ step: ExperimentStep, _ cache: inout WaveformCache
    ) {
        let carrier = scene.frame.detuning + detuning
        guard carrier.magnitude <= scene.largestDetuning else {
            return fail(
                .sequenceLimits,
                "has a carrier \(Format.number(carrier)) Hz off, more than half of the board's sample rate", step,
                fix: "the board can play ±\(Format.number(scene.largestDetuning)) Hz; drive_detuning counts as well")
        }
        append(
            gated ? .gatedDrive : .drive, shape, beta: beta, amplitude: amplitude.magnitude,
            phase: scene.frame.phase(axis: axis + (amplitude < 0 ? 0.5 : 0), gated: gated),
            detuning: scene.frame.millihertz(adding: detuning), step, &cache)
    }

    mutating func play(
        _ seed: ExperimentNumber, _ length: ExperimentNumber, _ gap: ExperimentNumber?, _ step: ExperimentStep,
        _ cache: inout WaveformCache
    ) {
        let room = Int(scene.limits.maxEvents)
        guard
            let sequence = CliffordSequence(
                seed: UInt64(seed.value(values)), length: Int(length.value(values)), limit: room)
        else {
            return end(
                .sequenceLimits, "has more pulses than the \(room) events that \(scene.node.name)'s board holds", step,
                fix: "make length smaller: a gate has one pulse on average")
        }
        let pause = gap.map { picoseconds($0) } ?? 0
        let amplitude = scene.halfPi.amplitude ?? 0
        for (i, turns) in sequence.quarterTurns.enumerated() {
            if i > 0 { now = scene.time(now, plus: pause) }
            drive(
                axis: Double(turns) / 4, amplitude, scene.halfPi.shape, beta: scene.halfPi.beta, detuning: 0,
                gated: false, step, &cache)
            if isOver { return }
        }
    }

    // MARK: Readout

    mutating func play(_ readout: ExperimentReadout, _ step: ExperimentStep, _ cache: inout WaveformCache) {
        let frequency = readout.frequency?.value(values) ?? scene.toneFrequency
        guard frequency.magnitude <= scene.largestDetuning else {
            return fail(
                .sequenceLimits,
                "has a tone \(Format.number(frequency)) Hz off, more than half of the board's sample rate", step,
                fix: "the board can play ±\(Format.number(scene.largestDetuning)) Hz")
        }
        let window = readout.window.map { Picoseconds(picoseconds($0)) } ?? scene.window
        append(
            .readout,
            PulseShape(
                envelope: .rectangle, duration: window, place: SourcePlace(file: scene.source, line: step.line)),
            beta: 0, amplitude: readout.amplitude?.value(values) ?? scene.toneAmplitude, phase: 0,
            detuning: Int64((frequency * 1000).rounded()), step, &cache)
        readoutEnd = now
    }
}
