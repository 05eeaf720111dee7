import BellFit
import BellModel
import BellPlot
import Glibc

/// Contrast of the readout over the length of its window; shown, and nothing is proposed: the window is part of the
/// timing that locality allows.
struct ReadoutWindow: BenchRoutine {
    let name = "readout-window"
    let summary = "how the readout's contrast depends on its window; proposes nothing"
    let dependencies = ["readout-clouds"]
    let proposes: [String] = []
    let validity = 30 * 86_400.0

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        let now = bench.onGrid(bench.value("readout_window") ?? 50)
        let factors = effort == .full ? [0.4, 0.6, 0.8, 1, 1.3, 1.7, 2.2, 3] : [0.7, 1, 1.4]
        let x = factors.map { bench.longest($0 * now) }
        guard let round = rounds.first else {
            return .measure(
                x.flatMap { CloudPair.points(bench, ["window_ns": $0], effort.shots(4000)) }, note: "windows")
        }
        guard round.count == 2 * x.count else { return nothingCame }
        let clouds = x.indices.map { CloudPair.clouds(round, at: 2 * $0) }
        let contrast = clouds.map { $0?.contrast ?? 0 }
        let error = clouds.map { $0.map { hypot($0.errorGround.uncertainty, $0.errorExcited.uncertainty) } ?? 0 }
        let figure = Figure(
            title: "Readout window of \(bench.node.name)", xLabel: "window (ns)",
            yLabel: "contrast 1 − P(1|g) − P(0|e)",
            series: [.init("data", x: x, y: contrast, error: error)], marks: [.init("in force", x: now)])
        guard let best = x.indices.max(by: { contrast[$0] < contrast[$1] }), contrast[best] > 0,
            let place = factors.firstIndex(of: 1)
        else {
            return bad(
                "The clouds of |g⟩ and |e⟩ do not differ with any window: repeat readout-clouds.", figures: [figure])
        }
        return .finish(
            RoutineReport(
                .good,
                "The window in force, \(Wording.time(now)), keeps \(Wording.percent(contrast[place])) of the contrast; at "
                    + "most it is \(Wording.percent(contrast[best])), with \(Wording.time(x[best])).",
                metrics: [
                    .init("best_readout_window", x[best], unit: "ns"),
                    .init("best_window_contrast", contrast[best], error[best]),
                    .init("readout_contrast", contrast[place], error[place]),
                ], figures: [figure]))
    }
}
