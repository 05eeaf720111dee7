import BellModel
import CKernels
import Glibc

/// What a node's program does to its qubit, as a function of time.
///
/// Times are seconds after the shared trigger pulse left its source. Between the instants (``Instant``) the qubit is
/// driven, precesses and relaxes; the drive is piecewise constant, a step a waveform sample.
struct NodeDynamics: Sendable {
    /// A moment that is not drive: something is done to the whole state.
    struct Instant: Equatable, Sendable {
        enum Kind: Equatable, Sendable {
            case reset
            /// Exchange angle and phase in radians, and which event it is.
            case emit(angle: Double, phase: Double, event: Int)
            case absorb(angle: Double, phase: Double, event: Int)
            case readout
        }
        var kind: Kind
        var time: Double
    }

    private let transmon: Transmon
    /// For each input bit; the same when nothing is gated.
    private let runs: [[DriveRun]]
    /// Where a run's propagators begin in ``propagators``, 81 numbers for each of the noise's shifts.
    private let places: [[Int]]
    private let propagators: [Double]
    let noise: SlowNoise
    /// Sorted by time; nothing after the readout.
    let instants: [Instant]
    /// Before anything happens, in seconds.
    let begin: Double
    /// After everything has happened.
    let end: Double
    /// Excited population after a reset.
    var thermal: Double { transmon.thermal }

    /// About a second's work.
    private static let mostExponentials = 1_000_000

    /// - Parameter bits: The input bits that will be asked for.
    init(program: NodeProgram, truth: NodeTruth, pulseDelay: Double, bits: ClosedRange<UInt8> = 0...1) {
        let tick = 1 / program.tickRate.hertz
        // Times at the qubit: what is played at a tick arrives there later.
        let origin = pulseDelay + truth.driveLine
        let (instants, gate) = NodeDynamics.instants(program, truth, origin: origin, pulseDelay: pulseDelay)
        let maker = DriveRunMaker(
            program: program, chain: DriveChain(truth: truth, switchOpens: gate), origin: origin, tick: tick)
        let isGated = program.events.contains { $0.kind == .gatedDrive }
        let asked = maker.runs(bit: isGated ? bits.upperBound : 1)
        let runs = isGated && bits.lowerBound == 0 ? [maker.runs(bit: 0), asked] : [asked, asked]
        self.instants = instants
        begin = min(pulseDelay, asked.first?.start ?? pulseDelay)
        let last = max(instants.last?.time ?? begin, instants.last?.kind == .readout ? begin : asked.last?.end ?? begin)
        end = last
        let prepared = instants.first { $0.kind == .reset }?.time ?? begin
        let first = instants.first { $0.kind != .reset }.map(\.time) ?? last
        let onset = max(prepared, min(first, asked.first?.start ?? last))
        // Every step costs an exponential for each shift: a program of whole memories must not take minutes.
        let steps = runs.reduce(0) { $0 + $1.reduce(0) { $0 + $1.steps.count } }
        noise = SlowNoise(
            sigma: truth.slowDetuning, span: max(0, last - onset),
            most: min(97, NodeDynamics.mostExponentials / max(steps, 1)))
        transmon = Transmon(truth: truth)
        var made = PropagatorTable(transmon: transmon, noise: noise)
        let zero = runs[0].map { $0.start < last ? made.place(of: $0) : 0 }
        places = [zero, isGated ? runs[1].map { $0.start < last ? made.place(of: $0) : 0 } : zero]
        propagators = made.propagators
        self.runs = runs
    }

    private static func instants(
        _ program: NodeProgram, _ truth: NodeTruth, origin: Double, pulseDelay: Double
    ) -> ([Instant], gate: Double) {
        let tick = 1 / program.tickRate.hertz
        let sample = tick * Double(program.ticksPerSample)
        var instants: [Instant] = []
        var gate = Double.infinity
        for (place, event) in program.events.enumerated() {
            let time = origin + Double(event.tick) * tick
            let length = Double(event.duration) * tick
            switch event.kind {
            case .reset: instants.append(Instant(kind: .reset, time: time + length))
            case .emit, .absorb:
                let area = Envelope(event: event, program: program, sample: sample, tick: tick).integral
                let rate = event.kind == .emit ? truth.emitRate : truth.absorbRate
                let angle = 2 * Double.pi * rate * area.size
                let kind: Instant.Kind =
                    event.kind == .emit
                    ? .emit(angle: angle, phase: area.phase, event: place)
                    : .absorb(angle: angle, phase: area.phase, event: place)
                instants.append(Instant(kind: kind, time: time + 0.5 * length))
            case .readout:
                let tone = pulseDelay + truth.readoutIn + Double(event.tick) * tick
                instants.append(Instant(kind: .readout, time: tone))
            case .gate: gate = min(gate, time + truth.switchDelay - truth.switchLine)
            case .drive, .gatedDrive, .inputBit, .stop: break
            }
        }
        instants.sort { $0.time < $1.time }
        if let readout = instants.firstIndex(where: { $0.kind == .readout }) {
            instants.removeSubrange((readout + 1)...)
        }
        return (instants, gate)
    }

    /// Lets `state`, 9×columns numbers, evolve from `start` to `end` when the input bit is `bit`.
    ///
    /// - Parameter shift: Which of the slow noise's shifts.
    func evolve(_ state: inout [Double], columns: Int, from start: Double, to end: Double, bit: UInt8, shift: Int) {
        let offset = noise.offsets[shift]
        var at = start
        var angle = 0.0
        var scratch = state
        let bit = Int(min(bit, 1))
        for (run, place) in zip(runs[bit], places[bit]) where run.end > start && run.start < end {
            let isWhole = run.start >= start && run.end <= end
            let run = isWhole ? run : run.part(from: max(run.start, start), to: min(run.end, end))
            let turn = angle - run.angle(at: run.start)
            free(&state, columns, time: run.start - at, offset: offset, angle: turn)
            if isWhole {
                propagators.withUnsafeBufferPointer { table in
                    guard let base = table.baseAddress else { return }
                    bell_level_apply(&scratch, base + place + 81 * shift, state, columns)
                }
            } else {
                bell_level_apply(&scratch, transmon.propagator(of: run, offset: offset), state, columns)
            }
            swap(&state, &scratch)
            angle = run.angle(at: run.end)
            at = run.end
        }
        free(&state, columns, time: end - at, offset: offset, angle: angle)
    }

    private func free(_ state: inout [Double], _ columns: Int, time: Double, offset: Double, angle: Double) {
        let step = transmon.free(time: max(0, time), offset: offset, angle: angle)
        state.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            step.apply(to: base, columns: columns)
        }
    }
}

extension Transmon {
    /// The propagator of a run in its own frame.
    func propagator(of run: DriveRun, offset: Double) -> [Double] {
        let base = generator(carrier: run.carrier, offset: offset)
        let real = run.steps.map(\.amplitude.re)
        let imaginary = run.steps.map(\.amplitude.im)
        let times = run.steps.map(\.length)
        return [Double](unsafeUninitializedCapacity: 81) { buffer, count in
            if let out = buffer.baseAddress {
                bell_level_propagator(out, base, alongX, alongY, real, imaginary, times, times.count)
                count = 81
            }
        }
    }
}

/// Propagators of runs at every shift of the slow noise; equal runs share theirs.
struct PropagatorTable {
    let transmon: Transmon
    let noise: SlowNoise
    private(set) var propagators: [Double] = []
    private var known: [DriveRun.Key: Int] = [:]

    init(transmon: Transmon, noise: SlowNoise) {
        self.transmon = transmon
        self.noise = noise
    }

    /// Where the run's propagators begin.
    mutating func place(of run: DriveRun) -> Int {
        if let key = run.key, let place = known[key] { return place }
        let place = propagators.count
        let reach = noise.offsets.last ?? 0
        if noise.offsets.count <= 3 || 2 * .pi * reach * (run.end - run.start) > PropagatorTable.small {
            for offset in noise.offsets { propagators += transmon.propagator(of: run, offset: offset) }
        } else {
            interpolate(run, reach: reach)
        }
        if let key = run.key { known[key] = place }
        return place
    }

    /// A pulse in which a shift of the noise makes a phase of not more than this changes as a parabola: the cubic term
    /// is below 0.02³/6 = 1.3e-6 at the farthest shift, whose weight is 1e-6.
    private static let small = 0.02

    private mutating func interpolate(_ run: DriveRun, reach: Double) {
        let low = transmon.propagator(of: run, offset: -reach)
        let middle = transmon.propagator(of: run, offset: 0)
        let high = transmon.propagator(of: run, offset: reach)
        for offset in noise.offsets {
            let u = offset / reach
            let (a, b, c) = (0.5 * u * (u - 1), 1 - u * u, 0.5 * u * (u + 1))
            for k in 0..<81 { propagators.append(a * low[k] + b * middle[k] + c * high[k]) }
        }
    }
}
