import BellModel
import BellPlot

/// The Bell state's density matrix, its fidelity and concurrence, from nine settings by maximum likelihood.
///
/// The readouts' errors are measured beside it and are part of the model. Fidelity is that with (|ge⟩ + |eg⟩)/√2 in the
/// frames that trials use, link_phase included.
/// - SeeAlso: James et al., PRA 64, 052312 (2001); Hradil, PRA 55, R1561 (1997).
struct TomographyRoutine: CalibrationRoutine {
    let name = "tomography"
    let summary = "the Bell state's density matrix, fidelity and concurrence"
    let scope = RoutineScope.link
    let dependencies = ["bell-phase"]
    let proposes = ["bell_fidelity"]
    let validity = 24 * 3600.0

    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        try step(context, rounds, trials: 8192, shots: 20_000, note: "tomography in nine settings")
    }

    /// Whether the fidelity in force is still right, by a tenth of the trials.
    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        _ = try context.needed(.link, "bell_fidelity", for: name)
        return try step(context, rounds, trials: 1024, shots: 4000, note: "tomography, a few trials")
            .compared(with: context, tolerance: 0.02, mayExceed: true, for: name)
    }

    static func points(trials: Int) -> [ExperimentPoint] {
        TomographyCounts.pairs.map { pair in
            let (a, b) = (pair.alice.rotation, pair.bob.rotation)
            return ExperimentPoint(
                .joint, "tomography",
                [
                    "alice_angle_deg": a.angle, "alice_axis_deg": a.axis, "bob_angle_deg": b.angle,
                    "bob_axis_deg": b.axis,
                ], count: trials)
        }
    }

    private func step(
        _ context: RoutineContext, _ rounds: [[Measurement]], trials: Int, shots: Int, note: String
    ) throws(BellError) -> RoutineStep {
        if let flaw = try LinkScene(context).bellFlaw(context, for: name) { return .finish(flaw) }
        let points =
            Node.allCases.flatMap { ReadoutScale.points($0, count: shots) } + Self.points(trials: trials)
        guard let round = rounds.first else { return .measure(points, note: note) }
        let sets: [JointSet] = round.compactMap { if case .joint(let set) = $0 { set } else { nil } }
        guard round.count == points.count, let alice = ReadoutScale(round[0..<2], .alice),
            let bob = ReadoutScale(round[2..<4], .bob), let counts = TomographyCounts(sets)
        else { return .finish(.unusable(name)) }
        let scales = PerNode(alice: alice, bob: bob)
        if let flaw = alice.flaw(.alice) ?? bob.flaw(.bob) {
            return .finish(RoutineReport(.badData, "\(flaw). Run readout-clouds."))
        }
        let errors = PerNode { node in
            scales[node].errors(thermal: context.held(.node(node), "thermal_population")?.value ?? 0)
        }
        let uncertainty = PerNode { node in
            AssignmentErrors(ground: scales[node].ground.sigma, excited: scales[node].excited.sigma)
        }
        guard let found = BellTomography(counts, errors: errors, uncertainty: uncertainty) else {
            return .finish(.unusable(name))
        }
        return .finish(Self.report(found))
    }

    static func report(_ found: BellTomography) -> RoutineReport {
        var (verdict, reason) = (
            RoutineReport.Verdict.good,
            "Fidelity \(ReportText.plusMinus(found.fidelity)), concurrence \(ReportText.plusMinus(found.concurrence))."
        )
        if !found.result.hasConverged {
            (verdict, reason) = (
                .badData,
                "The likelihood's maximum was not found in \(found.result.iterations) iterations (rest "
                    + "\(ReportText.digits(found.result.gap)))."
            )
        } else if found.reducedChiSquare > 6 {
            verdict = .badData
            reason =
                "χ²/ν is \(ReportText.digits(found.reducedChiSquare)): no state gives these counts, the rotations are wrong. "
                + "Run fine-half-pi and readout-clouds."
        } else if found.fidelity.value - 3 * found.fidelity.sigma <= 0.5 {
            verdict = .outOfSpec
            reason =
                "Fidelity \(ReportText.plusMinus(found.fidelity)) does not exceed 1/2: no entanglement is shown"
                + (found.numbers.bestFidelity > 0.55
                    ? "; with another link_phase it would be \(ReportText.digits(found.numbers.bestFidelity)): run bell-phase."
                    : ". Run link-efficiency.")
        }
        return RoutineReport(
            verdict, reason,
            proposals: [
                .init(
                    CalibrationPath(.link, "bell_fidelity"), value: found.fidelity.value,
                    uncertainty: found.fidelity.sigma)
            ],
            metrics: [
                .init("bell_fidelity", found.fidelity.value, found.fidelity.sigma),
                .init("best_phase_fidelity", found.bestFidelity.value, found.bestFidelity.sigma),
                .init("state_phase", found.numbers.phase, unit: "rad"),
                .init("concurrence", found.concurrence.value, found.concurrence.sigma),
                .init("purity", found.purity.value, found.purity.sigma),
                .init("reduced_chi_square", found.reducedChiSquare),
            ], figures: [figure(found.result.rho)])
    }

    /// All 16 entries, real and imaginary parts, in the order of rows gg, ge, eg, ee.
    private static func figure(_ rho: Matrix4) -> Figure {
        let x = (0..<16).map(Double.init)
        return Figure(
            title: "Density matrix", xLabel: "entry 4·row + column; gg, ge, eg, ee", yLabel: "ρ",
            series: [
                Figure.Series("Re", x: x, y: (0..<16).map { rho.re[$0] }),
                Figure.Series("Im", x: x, y: (0..<16).map { rho.im[$0] }),
                Figure.Series("ideal", .steps, x: x, y: (0..<16).map { BellMeasures.target.re[$0] }),
            ], marks: [.init("0", y: 0)])
    }
}

extension ReadoutScale {
    /// The readout's own errors, when |g⟩ and |e⟩ were prepared with a thermal population: each reference is a mixture.
    func errors(thermal: Double) -> AssignmentErrors {
        let part = min(max(thermal, 0), 0.4)
        // g' = g + t C, e' = 1 − e − t C with C the errorless difference: C = (e' − g')/(1 − 2t).
        let shift = part * contrast / (1 - 2 * part)
        return AssignmentErrors(
            ground: min(max(ground.value - shift, 0), 0.5), excited: min(max(1 - excited.value - shift, 0), 0.5))
    }
}
