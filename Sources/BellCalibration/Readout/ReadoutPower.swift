import BellFit
import BellModel
import BellPlot
import Glibc

/// The tone amplitude at which assignment errors are least: more tone separates the clouds, too much excites the qubit or
/// saturates the chain.
struct ReadoutPower: BenchRoutine {
    let name = "readout-power"
    let summary = "the readout amplitude with the least assignment errors"
    let dependencies = ["readout-frequency"]
    let proposes = ["readout_amplitude"]
    let validity = 7 * 86_400.0
    let tolerances: [String: Tolerance] = ["readout_amplitude": .absolute(0.25)]

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        let amplitudes = spread(effort == .full ? 0.1 : 0.2, 1, effort == .full ? 10 : 5)
        let count = effort.shots(4000)
        guard let first = rounds.first else {
            return .measure(
                amplitudes.flatMap { CloudPair.points(bench, ["amplitude": $0], count) }, note: "all amplitudes")
        }
        guard first.count == 2 * amplitudes.count else { return nothingCame }
        var sweep = PowerSweep(amplitudes, first)
        guard let best = sweep.best else {
            return bad(
                "The clouds of |g⟩ and |e⟩ do not differ at any amplitude: repeat readout-frequency.",
                figures: [sweep.figure(bench)])
        }
        if effort == .full {
            let fine = spread(max(0.05, best - 0.08), min(1, best + 0.08), 5)
            guard rounds.count > 1 else {
                return .measure(
                    fine.flatMap { CloudPair.points(bench, ["amplitude": $0], 3 * count) }, note: "about the best")
            }
            guard rounds[1].count == 2 * fine.count else { return nothingCame }
            sweep.add(fine, rounds[1])
        }
        return finish(bench, sweep)
    }

    private func finish(_ bench: NodeBench, _ sweep: PowerSweep) -> RoutineStep {
        let figure = sweep.figure(bench)
        guard let best = sweep.best, let place = sweep.amplitudes.firstIndex(of: best) else {
            return bad("The clouds of |g⟩ and |e⟩ do not differ: repeat readout-frequency.", figures: [figure])
        }
        if sweep.saturated[place] > CloudPair.mostSaturated {
            return .finish(
                RoutineReport(
                    .outOfSpec,
                    "The readout is saturated: \(Wording.percent(sweep.saturated[place])) of the points are at the end of "
                        + "the converter's range. Attenuate before it.", figures: [figure]))
        }
        if sweep.contrast[place] < 0.3 {
            return .finish(
                RoutineReport(
                    .outOfSpec,
                    "At best the readout keeps \(Wording.percent(sweep.contrast[place])) of the contrast: the noise is too "
                        + "large, or the π pulse is wrong.", figures: [figure]))
        }
        // How far the amplitude may be off until its loss of contrast would be seen.
        let near = sweep.amplitudes.indices.filter {
            sweep.contrast[$0] > sweep.contrast[place] - 2 * sweep.error[place]
        }.map { (sweep.amplitudes[$0] - best).magnitude }
        return .finish(
            RoutineReport(
                .good,
                "Assignment errors are least with a tone of \(Wording.number(best)) of full scale, where the contrast is "
                    + "\(Wording.percent(sweep.contrast[place])).",
                proposals: [bench.proposal("readout_amplitude", best, max(0.02, near.max() ?? 0))],
                metrics: [.init("readout_contrast", sweep.contrast[place], sweep.error[place])], figures: [figure]))
    }
}

/// Contrast over the tone's amplitude.
struct PowerSweep {
    private(set) var amplitudes: [Double] = []
    /// 1 − P(1|g) − P(0|e); 0 where the clouds do not differ.
    private(set) var contrast: [Double] = []
    private(set) var error: [Double] = []
    private(set) var saturated: [Double] = []

    init(_ amplitudes: [Double], _ round: [Measurement]) { add(amplitudes, round) }

    mutating func add(_ more: [Double], _ round: [Measurement]) {
        for (place, amplitude) in more.enumerated() {
            let clouds = CloudPair.clouds(round, at: 2 * place)
            amplitudes.append(amplitude)
            contrast.append(clouds?.contrast ?? 0)
            error.append(clouds.map { hypot($0.errorGround.uncertainty, $0.errorExcited.uncertainty) } ?? 1)
            saturated.append(CloudPair.saturatedPart(Array(round[2 * place..<2 * place + 2])))
        }
        let order = amplitudes.indices.sorted { amplitudes[$0] < amplitudes[$1] }
        amplitudes = order.map { amplitudes[$0] }
        contrast = order.map { contrast[$0] }
        error = order.map { error[$0] }
        saturated = order.map { saturated[$0] }
    }

    /// Of those without saturation; all when each is saturated. Nil when no clouds differ.
    var best: Double? {
        guard contrast.contains(where: { $0 > 0 }) else { return nil }
        let clean = amplitudes.indices.filter { saturated[$0] <= CloudPair.mostSaturated && contrast[$0] > 0 }
        // Neighbours share in it, so that one lucky point does not win.
        func mean(_ place: Int) -> Double {
            var (sum, weight) = (0.0, 0.0)
            for k in max(0, place - 1)...min(contrast.count - 1, place + 1) {
                let part = (k == place ? 1 : 0.5) / (error[k] * error[k])
                sum += part * contrast[k]
                weight += part
            }
            return sum / weight
        }
        return (clean.isEmpty ? Array(amplitudes.indices) : clean).max { mean($0) < mean($1) }.map { amplitudes[$0] }
    }

    func figure(_ bench: NodeBench) -> Figure {
        Figure(
            title: "Readout power of \(bench.node.name)", xLabel: "tone amplitude (of full scale)",
            yLabel: "contrast 1 − P(1|g) − P(0|e)",
            series: [.init("data", x: amplitudes, y: contrast, error: error)],
            marks: best.map { [.init("best", x: $0)] } ?? [])
    }
}
