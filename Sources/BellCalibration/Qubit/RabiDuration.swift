import BellFit
import BellModel
import BellPlot

/// Rabi oscillations with the length of a rectangular pulse: the Rabi frequency, without any pulse shape between.
struct RabiDuration: BenchRoutine {
    let name = "rabi-duration"
    let summary = "Rabi frequency at full scale, from the length of a rectangular pulse"
    let dependencies = ["readout-clouds"]
    let proposes: [String] = []
    let validity = 30 * 86_400.0

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        let half = bench.value("half_pi_amplitude") ?? 0.5
        // A tenth of what the π/2 pulse suggests for full scale is slow against the anharmonicity.
        let amplitude = min(1, max(0.02, half / 5))
        let period = 4 * half * bench.halfPi.area / amplitude
        let x = spread(0.05 * period, 3 * period, effort == .full ? 41 : 21).map(bench.onGrid)
        guard let round = rounds.first else {
            return .measure(
                x.map {
                    bench.point("rabi-duration", ["duration_ns": $0, "amplitude": amplitude], effort.shots(800))
                }, note: "lengths of a rectangular pulse")
        }
        guard round.count == x.count, let signal = ShotSignal.population(round, bench) else { return nothingCame }
        var sweep = SweepFit(Cosine(), x: x, signal)
        sweep.judgement.requirePeriods()
        sweep.requireLikeness(sweep.fit["amplitude"], sweep.uncertainty("amplitude"))
        let figure = sweep.figure("Rabi oscillations of \(bench.node.name)", "length (ns)")
        guard sweep.judgement.verdict == .good else {
            return .finish(
                RoutineReport(sweep.judgement.routineVerdict, sweep.judgement.reason, figures: [figure]))
        }
        let (rate, error) = (sweep.fit["frequency"] * 1e9 / amplitude, sweep.uncertainty("frequency") * 1e9 / amplitude)
        return .finish(
            RoutineReport(
                .good,
                "At full scale the qubit turns \(Wording.number(rate / 1e6, error / 1e6)) million times a second.",
                metrics: [.init("rabi_frequency_rectangle", rate, error, unit: "Hz")], figures: [figure]))
    }
}
