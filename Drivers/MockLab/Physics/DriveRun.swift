import BellModel
import Glibc

/// Consecutive steps of drive at the qubit for one input bit: one event's waveform, or several that overlap.
///
/// Steps are given in a frame that turns at `carrier`, and turned by `phase`, so that equal pulses about different axes
/// and at different times share their propagator.
struct DriveRun: Sendable {
    /// Seconds.
    var start: Double
    var end: Double
    /// Hz from the node's frame.
    var carrier: Double
    /// Radians.
    var phase: Double
    var steps: [DriveStep]
    /// Runs with equal keys have equal steps and carriers; nil: unlike any other.
    var key: Key?

    struct Key: Hashable, Sendable {
        var waveform: UInt16?
        var ticks: UInt64
        var amplitude: UInt16
        var detuning: Int64
        var path: DriveChain.Path
        /// Only where the mixer makes axes unlike.
        var phase: UInt32
    }

    /// The frame's angle at a time, by which the steps' axes are turned.
    func angle(at time: Double) -> Double { phase - 2 * .pi * carrier * time }

    /// The part from `from` to `to`, with steps cut at its ends.
    func part(from: Double, to: Double) -> DriveRun {
        var cut = self
        (cut.start, cut.end, cut.key, cut.steps) = (from, to, nil, [])
        var at = start
        for step in steps {
            let (low, high) = (max(at, from), min(at + step.length, to))
            if high > low { cut.steps.append(DriveStep(amplitude: step.amplitude, length: high - low)) }
            at += step.length
        }
        return cut
    }
}

/// Makes a program's runs for one input bit.
struct DriveRunMaker {
    let program: NodeProgram
    let chain: DriveChain
    /// When a tick's sample is at the qubit: this plus the tick times its length, in seconds.
    let origin: Double
    let tick: Double

    private var sample: Double { tick * Double(program.ticksPerSample) }

    func runs(bit: UInt8) -> [DriveRun] {
        var runs: [DriveRun] = []
        var group: [ProgramEvent] = []
        var groupEnd: UInt64 = 0
        let drives = program.events.filter { $0.kind == .drive || $0.kind == .gatedDrive }
            .sorted { $0.tick < $1.tick }
        for event in drives {
            let ticks = Envelope.ticks(of: event, in: program)
            if ticks == 0 || event.amplitude == 0 { continue }
            if !group.isEmpty && UInt64(event.tick) >= groupEnd {
                runs.append(run(of: group, bit: bit))
                group = []
            }
            group.append(event)
            groupEnd = max(groupEnd, UInt64(event.tick) + ticks)
        }
        if !group.isEmpty { runs.append(run(of: group, bit: bit)) }
        return runs
    }

    private func run(of events: [ProgramEvent], bit: UInt8) -> DriveRun {
        let runs = events.map { single($0, bit: bit) }
        return runs.count == 1 ? runs[0] : DriveRun(merging: runs)
    }

    private func single(_ event: ProgramEvent, bit: UInt8) -> DriveRun {
        let ticks = Envelope.ticks(of: event, in: program)
        let start = origin + Double(event.tick) * tick
        let end = origin + (Double(event.tick) + Double(ticks)) * tick
        let path = chain.path(gated: event.kind == .gatedDrive, bit: bit, start: start, end: end)
        let envelope = Envelope(event: event, program: program, sample: sample, tick: tick)
        var steps = chain.steps(envelope.steps, path: path, sample: sample)
        let isEven = chain.image == Complex(0)
        var phase = envelope.phase
        if isEven {
            if chain.direct != Complex(1) {
                for k in steps.indices { steps[k].amplitude = chain.direct * steps[k].amplitude }
            }
        } else {
            let turn = Complex.phase(phase)
            for k in steps.indices { steps[k].amplitude = chain.mixed(turn * steps[k].amplitude) }
            phase = 0
        }
        return DriveRun(
            start: start, end: end, carrier: Double(event.detuning) / 1000, phase: phase, steps: steps,
            key: DriveRun.Key(
                waveform: event.waveform, ticks: ticks, amplitude: event.amplitude, detuning: event.detuning,
                path: path,
                phase: isEven ? 0 : event.phase))
    }
}

extension DriveRun {
    /// The sum of runs that overlap, cut at every edge, in the first one's frame.
    ///
    /// Where carriers differ, the beat is taken at the middle of each cut.
    init(merging runs: [DriveRun]) {
        carrier = runs.first?.carrier ?? 0
        start = runs.map(\.start).min() ?? 0
        end = runs.map(\.end).max() ?? 0
        phase = 0
        key = nil
        var pieces: [(start: Double, end: Double, amplitude: Complex, beat: Double)] = []
        for run in runs {
            var at = run.start
            for step in run.steps {
                let turned = Complex.phase(run.phase) * step.amplitude
                pieces.append((at, at + step.length, turned, run.carrier - carrier))
                at += step.length
            }
        }
        pieces.sort { $0.start < $1.start }
        let edges = Set(pieces.flatMap { [$0.start, $0.end] }).sorted()
        var steps: [DriveStep] = []
        var active: [(start: Double, end: Double, amplitude: Complex, beat: Double)] = []
        var next = 0
        for (from, to) in zip(edges, edges.dropFirst()) {
            while next < pieces.count && pieces[next].start <= from {
                active.append(pieces[next])
                next += 1
            }
            active.removeAll { $0.end <= from }
            var sum = Complex(0)
            for piece in active { sum += Complex.phase(-2 * .pi * piece.beat * 0.5 * (from + to)) * piece.amplitude }
            steps.append(DriveStep(amplitude: sum, length: to - from))
        }
        self.steps = steps
    }
}
