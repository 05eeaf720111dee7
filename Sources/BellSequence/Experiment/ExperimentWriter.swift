import BellModel

/// Plays an experiment's operations of one node into a program.
struct ExperimentWriter {
    let scene: ExperimentScene
    let values: [Double]
    /// Of the node's schedule, in laboratory time: where the next operation begins.
    var now: Int64 = 0
    private(set) var failures: [BellError] = []
    private var events = ShotEvents(capacity: 16)
    private var waveforms = WaveformTable()
    private var places: [(key: WaveformCache.Key, place: UInt16)] = []
    var readoutEnd: Int64?
    private var hasStop = false
    /// Operations played, waits included.
    private var played = 0
    /// After a failure that makes all others meaningless.
    private(set) var isOver = false
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

    // MARK: Events

    private mutating func lasting(_ kind: ProgramEvent.Kind, _ duration: Int64, _ step: ExperimentStep) {
        guard let (tick, ticks) = place(duration, sampled: false, step) else { return }
        append(ProgramEvent(kind: kind, tick: tick, duration: ticks), step)
        now = scene.time(now, plus: duration)
    }

    mutating func append(
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
        events.append(event, line: step.line)
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
            let stop = ExperimentStep(kind: .stop, name: "stop", start: .next, line: events.lastLine)
            append(ProgramEvent(kind: .stop, tick: UInt32(clamping: tick), duration: 0), stop)
        }
        events.sort()
        events.checkOrder(of: scene.node, in: scene.source, &failures, most: Self.maximumFailures)
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
            waveforms: waveforms.waveforms, events: events.events, discriminator: scene.discriminator)
    }

    // MARK: Errors

    private func label(_ step: ExperimentStep) -> String { "\(scene.node.name)/\(step.name)" }
    private func at(_ step: ExperimentStep) -> String { "\(scene.source):\(step.line) \(label(step))" }

    mutating func fail(_ code: BellError.Code, _ what: String, _ step: ExperimentStep, fix: String) {
        failures.append(BellError(code, "\(label(step)) \(what).", at: at(step), fix: fix))
        if failures.count >= Self.maximumFailures { isOver = true }
    }

    mutating func end(_ code: BellError.Code, _ what: String, _ step: ExperimentStep, fix: String) {
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
