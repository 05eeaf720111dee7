import BellFit
import BellModel

/// How much of |e⟩ the reset leaves: the part of the points prepared in |g⟩ that lies in the excited cloud.
struct ThermalPopulation: BenchRoutine {
    let name = "thermal-population"
    let summary = "excited population after the reset"
    let dependencies = ["readout-clouds"]
    let proposes = ["thermal_population"]
    let validity = 86_400.0
    let tolerances: [String: Tolerance] = ["thermal_population": .absolute(0.01)]

    /// More than this is no cold qubit.
    private static let most = 0.1

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        let counts = effort == .full ? (60_000, 20_000) : (8000, 4000)
        guard let round = rounds.first else {
            return .measure(
                [
                    bench.point("thermal-population", ["excite": 0], counts.0),
                    bench.point("thermal-population", ["excite": 1], counts.1),
                ], note: "|g⟩ and |e⟩")
        }
        guard round.count == 2 else { return nothingCame }
        guard let clouds = CloudPair.clouds(round, at: 0), clouds.signalToNoise > 1.5 else {
            return bad("The clouds of |g⟩ and |e⟩ cannot be told apart: repeat readout-clouds.")
        }
        let part = clouds.excitedPart.ground
        let figure = CloudPair.figure(bench, "Reset of \(bench.node.name)", round, clouds)
        // Points that both clouds' overlap leaves open count as noise besides those that were counted.
        let variance = (max(part, 1e-4) + clouds.overlapError) / Double(counts.0)
        let error = 1.5 * variance.squareRoot()
        guard part < Self.most + 4 * error else {
            return .finish(
                RoutineReport(
                    .outOfSpec,
                    "The reset leaves \(Wording.percent(part)) in |e⟩: it does not work, or the qubit is hot.",
                    metrics: [.init("thermal_population", part, error)], figures: [figure]))
        }
        return .finish(
            RoutineReport(
                .good, "The reset leaves \(Wording.number(100 * part, 100 * error)) % in |e⟩.",
                proposals: [bench.proposal("thermal_population", part, error)], figures: [figure]))
    }
}
