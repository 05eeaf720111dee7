import BellFit
import BellModel
import BellPlot
import Glibc

/// The qubit's frequency and T2* from Ramsey's experiment with the carrier detuned to both sides.
///
/// Between the pulses the qubit turns against the carrier at |Δ − f| with the carrier f too high and at |Δ + f| with it too
/// low: both together give Δ with its sign, whatever the sense of the mixer's phases. Short waits first, which see
/// ±10 MHz, then waits as long as the coherence lasts.
struct Ramsey: BenchRoutine {
    let name = "ramsey"
    let summary = "drive frequency and T2* by Ramsey fringes"
    let dependencies = ["rabi-amplitude"]
    let proposes = ["drive_detuning", "t2_star"]
    /// A check's few short waits do not see the decay.
    let watched = ["drive_detuning"]
    let validity = 21_600.0
    let tolerances: [String: Tolerance] = ["drive_detuning": .absolute(1e4), "t2_star": .relative(0.5)]

    private static let shortest = 1000.0
    private static let coarse = 2.5e6
    private static let longestWait = 150_000.0

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        var offset = 0.0
        var span = effort == .full ? Self.shortest : min(0.5 * (bench.value("t2_star") ?? 4000), 4000)
        var beat = effort == .full ? Self.coarse : 5e9 / span
        let points = effort == .full ? 41 : 21
        // Both sides must be inside of what the board can play.
        let room = bench.largestCarrier - (bench.value("drive_detuning") ?? 0).magnitude
        guard room > 4e5 else {
            return bad(
                "drive_detuning is at the end of the board's carriers, \(Wording.frequency(bench.largestCarrier)): set the "
                    + "drive's LO nearer.")
        }
        beat = min(beat, 0.5 * room)
        for (place, round) in rounds.enumerated() {
            let x = waits(bench, span, points)
            guard round.count == 2 * x.count, let signal = ShotSignal.alongAxis(round) else { return nothingCame }
            var fringes = Fringes(x: x, signal, beat: beat, isDamped: place > 0 || effort == .check)
            guard fringes.verdict == .good else {
                return .finish(
                    RoutineReport(fringes.verdict, fringes.reason, figures: fringes.figures(bench)))
            }
            offset += fringes.detuning
            if effort == .check || place > 0 {
                // The envelope must be seen: once more with waits that fit it.
                let decay = fringes.decay.value
                let isShort = effort == .full && place < 3 && decay > 1.5 * span && span < Self.longestWait
                let isLong = effort == .full && place < 3 && decay < 0.2 * span
                if !isShort && !isLong {
                    fringes.detuning = offset
                    return finish(bench, fringes, effort)
                }
                span = isShort ? min(Self.longestWait, 3 * span) : max(Self.shortest, 1.5 * decay)
            } else {
                span = min(Self.longestWait, 1.5 * (bench.value("t2_star") ?? 8000))
            }
            beat = min(8e9 / span, 0.5 * room)
        }
        let x = waits(bench, span, points)
        var wanted: [ExperimentPoint] = []
        for side in [1.0, -1.0] {
            wanted += x.map {
                bench.point(
                    "ramsey", ["wait_ns": $0, "detuning_hz": offset + side * beat], effort.shots(800))
            }
        }
        return .measure(wanted, note: "waits up to \(Wording.time(span)), carrier \(Wording.frequency(beat)) off")
    }

    private func waits(_ bench: NodeBench, _ span: Double, _ count: Int) -> [Double] {
        spread(0, span, count).map(bench.wait)
    }

    private func finish(_ bench: NodeBench, _ fringes: Fringes, _ effort: Effort) -> RoutineStep {
        let now = bench.value("drive_detuning") ?? 0
        var proposals = [bench.proposal("drive_detuning", now + fringes.detuning, fringes.detuningUncertainty)]
        // A check's few short waits see the frequency, not the decay.
        if effort == .full {
            proposals.append(bench.proposal("t2_star", fringes.decay.value, fringes.decay.uncertainty))
        }
        let decay = Wording.number(fringes.decay.value / 1000, fringes.decay.uncertainty / 1000)
        return .finish(
            RoutineReport(
                .good,
                "The qubit is \(Wording.number(fringes.detuning / 1000, fringes.detuningUncertainty / 1000)) kHz from the "
                    + "drive in force" + (effort == .full ? ", and T2* is \(decay) µs." : "."),
                proposals: proposals,
                metrics: [
                    .init("detuning_correction", fringes.detuning, fringes.detuningUncertainty, unit: "Hz")
                ], figures: fringes.figures(bench)))
    }
}

/// Ramsey fringes with the carrier too high (first half of the signal) and too low (second half).
struct Fringes {
    let x: [Double]
    private let sides: [SweepFit<DampedCosine>]
    private(set) var verdict = RoutineReport.Verdict.good
    private(set) var reason = ""
    /// Qubit minus the middle of both carriers, in Hz.
    var detuning = Double.nan
    private(set) var detuningUncertainty = Double.nan
    /// Nanoseconds to 1/e.
    private(set) var decay = (value: Double.nan, uncertainty: Double.nan)

    /// - Parameters:
    ///   - x: Waits in ns.
    ///   - beat: Hz by which the carrier was off.
    ///   - isDamped: Whether the decay is to be seen.
    init(x: [Double], _ signal: ShotSignal, beat: Double, isDamped: Bool) {
        self.x = x
        let halves = [signal[0..<x.count], signal[x.count..<2 * x.count]]
        // Of both shapes of the decay the one that explains more.
        let tries = [DampedCosine.Envelope.exponential, .gaussian].map { envelope in
            halves.map { SweepFit(DampedCosine(envelope), x: x, $0) }
        }
        let rests = tries.map { $0.reduce(0) { $0 + ($1.fit.hasConverged ? $1.fit.chiSquare : .infinity) } }
        var sides = rests[1] < rests[0] ? tries[1] : tries[0]
        if signal.isFlat {
            self.sides = sides
            verdict = .badData
            reason =
                "There are no fringes: the qubit does not answer, or its coherence is gone before "
                + "\(Wording.time(x.last ?? 0)). Repeat rabi-amplitude."
            return
        }
        for side in sides.indices {
            let size = sides[side].fit["amplitude"]
            sides[side].judgement.requirePeriods()
            // The amplitude of a decay that is not seen hangs on the decay: the swing is what stands out of noise.
            sides[side].requireLikeness(
                isDamped ? size : min(size, halves[side].swing / 2), halves[side].sigma.max() ?? .nan, part: 0.25)
        }
        self.sides = sides
        if let worst = sides.max(by: { $0.judgement.verdict < $1.judgement.verdict }), worst.judgement.verdict != .good
        {
            verdict = worst.judgement.routineVerdict
            reason = worst.judgement.reason
            return
        }
        let (high, low) = (sides[0].fit["frequency"] * 1e9, sides[1].fit["frequency"] * 1e9)
        let errors = sides.map { $0.uncertainty("frequency") * 1e9 }
        // |Δ − f| and |Δ + f|: their sum is 2 f for |Δ| < f, else their difference is.
        let isInside = (high + low - 2 * beat).magnitude < ((high - low).magnitude - 2 * beat).magnitude
        detuning = isInside ? (low - high) / 2 : (low > high ? 1 : -1) * (low + high) / 2
        detuningUncertainty = hypot(errors[0], errors[1]) / 2
        let mismatch = isInside ? high + low - 2 * beat : (high - low).magnitude - 2 * beat
        if !(mismatch.magnitude < 6 * hypot(errors[0], errors[1]) + 0.03 * beat) {
            verdict = .badData
            reason =
                "The fringes of both sides do not fit together (\(Wording.frequency(high)) and "
                + "\(Wording.frequency(low)) for ±\(Wording.frequency(beat))): the frequency moves, or there are two."
        }
        let weights = sides.map { 1 / max(pow($0.uncertainty("tau"), 2), 1e-12) }
        let total = weights[0] + weights[1]
        decay = (
            (weights[0] * sides[0].fit["tau"] + weights[1] * sides[1].fit["tau"]) / total, (1 / total).squareRoot()
        )
    }

    func figures(_ bench: NodeBench) -> [Figure] {
        zip(sides, ["too high", "too low"]).map {
            $0.figure("Ramsey fringes of \(bench.node.name), carrier \($1)", "wait (µs)", scale: 1000)
        }
    }
}
