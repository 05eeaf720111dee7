import BellFit
import BellModel
import BellPlot
import Glibc

/// How much the blocking setting switch weakens pulses, from what a train of blocked pulses does to a superposition.
///
/// The small rotation of each adds up; its size and direction show over the axis of the superposition. Trains become
/// longer until something is seen or the board's program is full.
struct SwitchIsolation: BenchRoutine {
    let name = "switch-isolation"
    let summary = "isolation of the setting switch, by trains of blocked pulses"
    let dependencies = ["gated-path"]
    let proposes = ["switch_isolation"]
    let validity = 7 * 86_400.0
    let tolerances: [String: Tolerance] = ["switch_isolation": .absolute(3)]

    /// dB; below it the blocked pulse's part would be seen in a trial.
    private static let least = 20.0

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        let axes = Array(spread(0, 360, 13).dropLast())
        // Odd, so that a switch that blocks nothing does not turn by whole turns.
        let trains = (effort == .full ? [3, 41, 201] : [3, 41]).map { min($0, bench.mostPulses - 1) }
        for (place, train) in trains.enumerated() {
            guard place < rounds.count else {
                return .measure(
                    axes.map {
                        bench.point(
                            "switch-isolation", ["pulses": Double(train), "prepare_axis_deg": $0], effort.shots(4000))
                    }, note: "\(train) blocked pulses")
            }
            guard rounds[place].count == axes.count, let signal = ShotSignal.population(rounds[place], bench) else {
                return nothingCame
            }
            let sweep = SweepFit(CosineKnownPeriod(period: 360), x: axes, signal)
            let peak = sweep.model.peak(sweep.fit)
            let figure = sweep.figure("Blocked pulses of \(bench.node.name), \(train) each", "axis of the state (deg)")
            guard sweep.fit.hasConverged, (0.3...0.7).contains(sweep.fit["offset"]) else {
                return bad(
                    "The superpositions are not halfway between |g⟩ and |e⟩: repeat fine-half-pi and readout-clouds.",
                    figures: [figure])
            }
            let angle = asin(min(1, 2 * peak.amplitude))
            // Long trains turn far: then a shorter one has to tell.
            let isSeen = peak.amplitude > 8 * peak.amplitudeUncertainty
            let isLast = place == trains.count - 1
            if angle < 0.25 && !isLast { continue }
            return .finish(finish(bench, train, angle, peak.amplitudeUncertainty, isSeen, figure))
        }
        return nothingCame
    }

    private func finish(
        _ bench: NodeBench, _ train: Int, _ angle: Double, _ error: Double, _ isSeen: Bool, _ figure: Figure
    ) -> RoutineReport {
        func decibels(_ angle: Double) -> Double { -20 * log10(angle / Double(train) / (.pi / 2)) }
        guard isSeen else {
            let bound = decibels(angle + 6 * error)
            return RoutineReport(
                .good, "No blocked pulse is seen: the switch isolates by more than \(Wording.number(bound)) dB.",
                metrics: [.init("switch_isolation_bound", bound, unit: "dB")], figures: [figure])
        }
        let value = decibels(angle)
        let slope = max(cos(angle), 0.1)
        let uncertainty = 20 / log(10) * (2 * error / slope) / angle
        guard value > Self.least else {
            return RoutineReport(
                .outOfSpec,
                "The setting switch isolates by only \(Wording.number(value)) dB: it is stuck or broken, and blocked pulses "
                    + "reach the qubit.", metrics: [.init("switch_isolation", value, uncertainty, unit: "dB")],
                figures: [figure])
        }
        return RoutineReport(
            .good, "The setting switch isolates by \(Wording.number(value, uncertainty)) dB.",
            proposals: [bench.proposal("switch_isolation", value, uncertainty)], figures: [figure])
    }
}
