import BellFit
import BellModel
import BellPlot
import Glibc

/// The error per π/2 pulse from random Clifford gates, one pulse each on average, and the limit that coherence sets.
///
/// A board's program holds a few hundred pulses, after which most of the population is still right: the decay's end, one
/// half, is known and held. Every length has several random sequences, whose scatter counts as noise.
/// - SeeAlso: Magesan, Gambetta and Emerson, PRL 106, 180504 (2011), equation 5.
struct RandomizedBenchmarking: BenchRoutine {
    let name = "randomized-benchmarking"
    let summary = "error per π/2 pulse, and what coherence allows"
    let dependencies = ["fine-half-pi-after-drag", "relaxation", "echo"]
    let proposes = ["half_pi_error"]
    let validity = 86_400.0
    let tolerances: [String: Tolerance] = ["half_pi_error": .relative(0.5)]

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        // A gate is one pulse with a variance of 1/3: six standard deviations fit, and the last gate.
        let room = Double(bench.mostPulses)
        let longest = max(8, Int(room - 6 * (room / 3).squareRoot()) - 2)
        let lengths = (effort == .full ? [0.01, 0.2, 0.4, 0.6, 0.8, 1] : [0.01, 0.5, 1]).map {
            max(1, Int($0 * Double(longest)))
        }
        let seeds = effort == .full ? 16 : 6
        guard let round = rounds.first else {
            var points: [ExperimentPoint] = []
            for (place, length) in lengths.enumerated() {
                points += (0..<seeds).map {
                    bench.point(
                        "randomized-benchmarking",
                        ["length": Double(length), "seed": Double(1000 * place + $0 + 1)], effort.shots(2500))
                }
            }
            // Without any pulses all sequences come back to |g⟩: two π/2 pulses show that there are some.
            points.append(
                bench.point(
                    "allxy",
                    [
                        "first_angle_deg": 90, "first_axis_deg": 0, "second_angle_deg": 90, "second_axis_deg": 0,
                    ], 1000))
            return .measure(points, note: "up to \(longest) random gates, \(seeds) sequences each")
        }
        guard round.count == lengths.count * seeds + 1, let signal = ShotSignal.population(round, bench) else {
            return nothingCame
        }
        guard (signal.y.last ?? 0) > 0.7 else {
            return bad(
                "Two π/2 pulses do not excite the qubit (P(e) = \(Wording.number(signal.y.last ?? .nan))): repeat "
                    + "fine-half-pi and readout-clouds.")
        }
        var mean = ShotSignal(y: [], sigma: [], shotNoise: signal.shotNoise, label: "P(g)")
        for place in lengths.indices {
            let part = signal.y[place * seeds..<(place + 1) * seeds].map { 1 - $0 }
            let average = part.reduce(0, +) / Double(seeds)
            let scatter = part.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(seeds - 1)
            let noise = signal.sigma[place * seeds..<(place + 1) * seeds].reduce(0) { $0 + $1 * $1 } / Double(seeds)
            mean.y.append(average)
            mean.sigma.append((max(scatter, noise) / Double(seeds)).squareRoot())
        }
        return finish(bench, lengths.map(Double.init), mean)
    }

    private func finish(_ bench: NodeBench, _ x: [Double], _ signal: ShotSignal) -> RoutineStep {
        var sweep = SweepFit(Held(PowerDecay(), ["offset": 0.5]), x: x, signal)
        sweep.requireLikeness(sweep.fit["amplitude"], sweep.uncertainty("amplitude"))
        let figure = sweep.figure("Randomized benchmarking of \(bench.node.name)", "gates")
        let (base, error) = (sweep.fit["base"], sweep.uncertainty("base") / 2)
        guard sweep.judgement.verdict == .good, (0.3...0.6).contains(sweep.fit["amplitude"]), base > 0.5 else {
            return bad(
                sweep.judgement.verdict == .good
                    ? "Even short sequences do not come back to |g⟩ (P(g) = \(Wording.number(signal.y.first ?? .nan))): "
                        + "repeat fine-half-pi and readout-clouds." : sweep.judgement.reason, figures: [figure])
        }
        // A base above 1 is noise about no error at all.
        let value = max(0, (1 - base) / 2)
        var metrics: [RoutineReport.Metric] = []
        var text = "A π/2 pulse errs with \(Wording.number(value, error))"
        if let limit = Self.coherenceLimit(bench), limit > 0 {
            metrics.append(.init("half_pi_coherence_limit", limit))
            metrics.append(.init("half_pi_error_over_limit", value / limit, error / limit))
            text += ", \(Wording.number(value / limit, error / limit)) times what coherence allows"
        }
        guard value < 0.05 else {
            return .finish(
                RoutineReport(
                    .outOfSpec, text + ": the pulses are wrong. See allxy.", metrics: metrics, figures: [figure]))
        }
        return .finish(
            RoutineReport(
                .good, text + ".", proposals: [bench.proposal("half_pi_error", value, error)], metrics: metrics,
                figures: [figure]))
    }

    /// Error of an idle of the pulse's length averaged over all states: 1/2 − e^{−t/T2}/3 − e^{−t/T1}/6.
    static func coherenceLimit(_ bench: NodeBench) -> Double? {
        guard let t1 = bench.value("t1"), let t2 = bench.value("t2_echo"), t1 > 0, t2 > 0 else { return nil }
        let time = bench.halfPi.length
        return -expm1(-time / t2) / 3 - expm1(-time / t1) / 6
    }
}
