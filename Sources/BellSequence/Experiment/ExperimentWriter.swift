import BellModel

/// Plays an experiment's operations of one node into a program.
struct ExperimentWriter {
    let scene: ExperimentScene
    let values: [Double]
    /// Of the node's schedule, in laboratory time: where the next operation begins.
    private(set) var now: Int64 = 0
    private(set) var failures: [BellError] = []
    private var events: [ProgramEvent] = []
    /// Where each event was written in the file.
    private var lines: [Int] = []
    private var waveforms = WaveformTable()
    private var places: [(key: WaveformCache.Key, place: UInt16)] = []
    private var readoutEnd: Int64?
    private var hasStop = false
    /// Operations played, waits included.
    private var played = 0
    /// After a failure that makes all others meaningless.
    private var isOver = false
    /// What follows a start that is off the grid is off as well; one error is enough.
    private var isOffGrid = false

    /// 0.4 s, as the sequences of trials have it.
    static let longest: Int64 = 400_000_000_000
    /// Bounds the time that a hostile file can cost.
    static let maximumPlayed = 1_000_000
    static let maximumFailures = 20

    init(_ scene: ExperimentScene, values: [Double]) {
        self.scene = scene
        self.values = values
        events.reserveCapacity(16)
        lines.reserveCapacity(16)
    }

    /// Plays a step that begins at a time in picoseconds; ``now`` is its end afterwards.
    mutating func play(_ step: ExperimentStep, at time: Int64, _ cache: inout WaveformCache) {
        guard !isOver else { return }
        now = time
        played += 1
        guard now >= 0, now <= Self.longest else {
            return end(.sequenceLimits, "starts at \(Format.ns(now)) ns", step, fix: "starts lie in 0 … 400000000 ns")
        }
        guard played <= Self.maximumPlayed else {
            return end(
                .sequenceLimits, "comes after \(Self.maximumPlayed) others", step, fix: "repeat less often")
        }
        switch step.kind {
        case .wait(let duration): now = scene.time(now, plus: picoseconds(duration))
        case .reset(let duration): lasting(.reset, picoseconds(duration), step)
        case .inputBit(let duration): lasting(.inputBit, picoseconds(duration), step)
        case .latch: lasting(.gate, 0, step)
        case .stop:
            hasStop = true
            lasting(.stop, 0, step)
        case .readout(let readout): play(readout, step, &cache)
        case .pulse(let pulse): play(pulse, step, &cache)
        case .repeated(let times, let steps):
            for _ in 0..<Int(times.value(values)) {
                for inner in steps {
                    play(inner, at: inner.gap.map { scene.time(now, plus: picoseconds($0)) } ?? now, &cache)
                    if isOver { return }
                }
            }
        case .cliffords(let seed, let length, let gap): play(seed, length, gap, step, &cache)
        }
    }

    @inline(__always)
    func picoseconds(_ number: ExperimentNumber) -> Int64 { Int64((number.value(values) * 1000).rounded()) }

    // MARK: Pulses

    private mutating func play(_ pulse: ExperimentPulse, _ step: ExperimentStep, _ cache: inout WaveformCache) {
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

    private mutating func play(
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

    private mutating func play(_ readout: ExperimentReadout, _ step: ExperimentStep, _ cache: inout WaveformCache) {
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

    // MARK: Events

    private mutating func lasting(_ kind: ProgramEvent.Kind, _ duration: Int64, _ step: ExperimentStep) {
        guard let (tick, ticks) = place(duration, sampled: false, step) else { return }
        append(ProgramEvent(kind: kind, tick: tick, duration: ticks), step)
        now = scene.time(now, plus: duration)
    }

    private mutating func append(
        _ kind: ProgramEvent.Kind, _ shape: PulseShape, beta: Double, amplitude: Double, phase: UInt32,
        detuning: Int64, _ step: ExperimentStep, _ cache: inout WaveformCache
    ) {
        guard amplitude <= 1 else {
            return fail(
                .sequenceAmplitude, "needs \(Format.fixed(amplitude, 3)) of the channel's full scale", step,
                fix: "amplitudes are at most 1: use a smaller angle or a longer pulse")
        }
        guard let (tick, ticks) = place(shape.duration.count, sampled: true, step) else { return }
        let samples = Int(ticks) / Int(scene.grid.ticksPerSample)
        guard samples <= Int(scene.limits.waveformMemory), samples > 0 else {
            return fail(
                .sequenceLimits, "has \(samples) samples; the board's memory holds \(scene.limits.waveformMemory)",
                step, fix: samples > 0 ? "make it shorter" : "make it longer than a sample")
        }
        let key = WaveformCache.Key(
            envelope: shape.envelope, duration: shape.duration.count, sigma: shape.sigma, beta: beta, samples: samples)
        var event = ProgramEvent(
            kind: kind, tick: tick, duration: ticks, amplitude: UInt16((amplitude * 65_535).rounded()), phase: phase,
            detuning: detuning)
        if let known = places.first(where: { $0.key == key }) {
            event.waveform = known.place
        } else {
            guard let waveform = cache.waveform(key) else {
                failures.append(
                    WaveformTable.pastFullScale(label(step), at: at(step), beta: beta, shape))
                isOver = failures.count >= Self.maximumFailures
                return
            }
            let place = waveforms.place(of: waveform)
            places.append((key, place))
            event.waveform = place
        }
        append(event, step)
        now = scene.time(now, plus: shape.duration.count)
    }

    private mutating func append(_ event: ProgramEvent, _ step: ExperimentStep) {
        guard events.count < Int(scene.limits.maxEvents) else {
            return end(
                .sequenceLimits,
                "is one event more than the \(scene.limits.maxEvents) that \(scene.node.name)'s board "
                    + "holds", step, fix: "repeat less often")
        }
        events.append(event)
        lines.append(step.line)
    }

    /// Start and length in ticks; nil after an error.
    private mutating func place(
        _ duration: Int64, sampled: Bool, _ step: ExperimentStep
    ) -> (UInt32, UInt32)? {
        let unit = sampled ? scene.grid.ticksPerSample : 1
        let start = scene.grid.fit(Picoseconds(now), step: unit)
        let length = scene.grid.fit(Picoseconds(duration), step: unit)
        if length.off.magnitude > Grid.tolerance {
            off("The duration of \(label(step))", duration, length, sampled, step)
        }
        if start.off.magnitude > Grid.tolerance && !isOffGrid {
            off("The start of \(label(step))", now, start, sampled, step)
            isOffGrid = true
        }
        let first = start.ticks + scene.shift
        let last = first + length.ticks
        guard last <= Int64(clamping: scene.trialPeriod), last <= Int64(UInt32.max) else {
            end(
                .sequenceLimits, "ends \(Format.ns(now + duration)) ns after the trigger pulse", step,
                fix: last > Int64(UInt32.max)
                    ? "events have 32-bit ticks: \(Format.ns(scene.grid.time(Int64(UInt32.max)).count)) ns"
                    : "it must end inside of the trial period: make trial_period_ns longer, or waits shorter")
            return nil
        }
        return (UInt32(clamping: first), UInt32(clamping: length.ticks))
    }

    // MARK: The program

    /// Ends the shot; nil when something was wrong.
    mutating func program() -> NodeProgram? {
        if !hasStop, let readoutEnd, !isOver {
            let tick = scene.grid.fit(Picoseconds(readoutEnd), step: 1).ticks + scene.shift
            let stop = ExperimentStep(kind: .stop, name: "stop", start: .next, line: lines.last ?? 1)
            append(ProgramEvent(kind: .stop, tick: UInt32(clamping: tick), duration: 0), stop)
        }
        sort()
        checkOrder()
        if waveforms.samples > Int(scene.limits.waveformMemory) {
            failures.append(
                BellError(
                    .sequenceLimits,
                    "\(scene.node.name)'s waveforms have \(waveforms.samples) samples; its board holds "
                        + "\(scene.limits.waveformMemory).", at: scene.source, fix: "shorten a pulse"))
        }
        guard failures.isEmpty else { return nil }
        return NodeProgram(
            node: scene.node, tickRate: scene.limits.tickRate, ticksPerSample: scene.limits.ticksPerSample,
            trialPeriod: scene.trialPeriod, clockEvery: scene.clockEvery, inputBits: scene.inputBits,
            waveforms: waveforms.waveforms, events: events, discriminator: scene.discriminator)
    }

    /// By tick; equal ticks keep the order of the file. By insertion where few events can be out of place.
    private mutating func sort() {
        guard events.count <= 1024 else {
            let order = events.indices.sorted { (events[$0].tick, $0) < (events[$1].tick, $1) }
            (events, lines) = (order.map { events[$0] }, order.map { lines[$0] })
            return
        }
        for i in events.indices.dropFirst() where events[i].tick < events[i - 1].tick {
            let (event, line) = (events[i], lines[i])
            var place = i
            while place > 0, events[place - 1].tick > event.tick {
                (events[place], lines[place]) = (events[place - 1], lines[place - 1])
                place -= 1
            }
            (events[place], lines[place]) = (event, line)
        }
    }

    /// What acts on the qubit cannot overlap, and the stop tag lies after the readout.
    private mutating func checkOrder() {
        var until: UInt64 = 0
        var before = 0
        var stop: UInt64 = .max
        var end: UInt64 = 0
        for (i, event) in events.enumerated() {
            switch event.kind {
            case .reset, .drive, .gatedDrive, .emit, .absorb:
                if UInt64(event.tick) < until, failures.count < Self.maximumFailures {
                    failures.append(
                        BellError(
                            .sequenceOrder,
                            "\(scene.node.name) begins a pulse at tick \(event.tick), before the one of line \(before) "
                                + "has ended at tick \(until).", at: "\(scene.source):\(lines[i])",
                            fix: "start it later"))
                }
                if UInt64(event.tick) + UInt64(event.duration) >= until {
                    (until, before) = (UInt64(event.tick) + UInt64(event.duration), lines[i])
                }
            case .readout: end = UInt64(event.tick) + UInt64(event.duration)
            case .stop: stop = UInt64(event.tick)
            case .inputBit, .gate: break
            }
        }
        if stop < end, failures.isEmpty {
            failures.append(
                BellError(
                    .sequenceOrder, "\(scene.node.name) tags the stop event before the readout window ends.",
                    at: scene.source, cause: "samples after the tag would still influence the outcome",
                    fix: "remove stop: it is added after the readout"))
        }
    }

    // MARK: Errors

    private func label(_ step: ExperimentStep) -> String { "\(scene.node.name)/\(step.name)" }
    private func at(_ step: ExperimentStep) -> String { "\(scene.source):\(step.line) \(label(step))" }

    private mutating func fail(_ code: BellError.Code, _ what: String, _ step: ExperimentStep, fix: String) {
        failures.append(BellError(code, "\(label(step)) \(what).", at: at(step), fix: fix))
        if failures.count >= Self.maximumFailures { isOver = true }
    }

    private mutating func end(_ code: BellError.Code, _ what: String, _ step: ExperimentStep, fix: String) {
        fail(code, what, step, fix: fix)
        isOver = true
    }

    private mutating func off(
        _ what: String, _ time: Int64, _ fit: Grid.Fit, _ sampled: Bool, _ step: ExperimentStep
    ) {
        failures.append(
            Placement.offGrid(
                what, Picoseconds(time), fit, scene.grid, scene.node, sampled: sampled, at: at(step)))
        if failures.count >= Self.maximumFailures { isOver = true }
    }
}
