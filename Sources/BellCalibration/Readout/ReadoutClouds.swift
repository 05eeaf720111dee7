import BellFit
import BellModel
import BellPlot
import Glibc

/// The discriminator: direction and threshold between the clouds of |g⟩ and |e⟩, with the assignment matrix.
struct ReadoutClouds: BenchRoutine {
    let name: String
    let dependencies: [String]
    let summary = "direction and threshold of the outcome, and how often it is wrong"
    let proposes = [
        "readout_angle", "readout_threshold", "readout_separation", "readout_noise", "readout_error_ground",
        "readout_error_excited",
    ]
    let validity = 43_200.0
    let tolerances: [String: Tolerance] = [
        "readout_angle": .absolute(0.05), "readout_threshold": .absolute(150), "readout_separation": .relative(0.05),
        "readout_noise": .relative(0.05), "readout_error_ground": .absolute(0.01),
        "readout_error_excited": .absolute(0.015),
    ]

    init(_ name: String = "readout-clouds", after dependencies: [String] = ["readout-power"]) {
        (self.name, self.dependencies) = (name, dependencies)
    }

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        let count = effort == .full ? 20_000 : 3000
        guard let round = rounds.first else {
            return .measure(CloudPair.points(bench, [:], count), note: "|g⟩ and |e⟩")
        }
        guard round.count == 2, case .shots(let ground) = round[0], case .shots(let excited) = round[1],
            ground.count > 1, excited.count > 1
        else { return nothingCame }
        let clipped = CloudPair.saturatedPart(round)
        let title = "IQ clouds of \(bench.node.name)"
        guard let clouds = CloudPair.clouds(round, at: 0) else {
            let figure = CloudPair.figure(bench, title, round, nil)
            if clipped > CloudPair.mostSaturated { return .finish(saturated(clipped, [figure])) }
            return bad(
                "The clouds of |g⟩ and |e⟩ do not differ: no π pulse reaches the qubit, or the tone is wrong. Repeat "
                    + "rabi-amplitude and readout-frequency.", figures: [figure])
        }
        let figure = CloudPair.figure(bench, title, round, clouds)
        if clipped > CloudPair.mostSaturated { return .finish(saturated(clipped, [figure])) }
        var errors = [clouds.errorGround, clouds.errorExcited].map { ($0.value, $0.uncertainty) }
        if effort == .check {
            // What counts is how often the discriminator in force is wrong, not the best one of few shots.
            errors = zip([ground.ones, excited.count - excited.ones], errors).map {
                (Double($0) / Double(count), $1.1)
            }
        }
        return finish(bench, clouds, errors, Double(count), figure)
    }

    private func saturated(_ part: Double, _ figures: [Figure]) -> RoutineReport {
        RoutineReport(
            .outOfSpec,
            "The readout is saturated: \(Wording.percent(part)) of the points are at the end of the converter's range. "
                + "Attenuate before it, then repeat readout-power.", figures: figures)
    }

    private func finish(
        _ bench: NodeBench, _ clouds: TwoGaussians, _ errors: [(Double, Double)], _ count: Double, _ figure: Figure
    ) -> RoutineStep {
        let contrast = clouds.contrast
        let error = hypot(clouds.errorGround.uncertainty, clouds.errorExcited.uncertainty)
        let metrics: [RoutineReport.Metric] = [
            .init("readout_contrast", contrast, error),
            .init("readout_signal_to_noise", clouds.signalToNoise),
            .init("readout_overlap_error", clouds.overlapError),
            .init("excited_part_ground", clouds.excitedPart.ground),
        ]
        guard contrast > 0.3 else {
            return .finish(
                RoutineReport(
                    .outOfSpec,
                    "The readout keeps \(Wording.percent(contrast)) of the contrast: its clouds are "
                        + "\(Wording.number(clouds.signalToNoise)) standard deviations apart. Repeat readout-frequency and "
                        + "readout-power; at least 30 % is needed.", metrics: metrics, figures: [figure]))
        }
        // Of the mean of one cloud; both centres move direction and middle.
        let mean = clouds.sigma / count.squareRoot()
        let proposals = [
            bench.proposal("readout_angle", clouds.angle, mean * 2.0.squareRoot() / (2 * clouds.separation)),
            // The place of a least error is known with the cube root of the shots (Kim and Pollard, Ann. Statist. 18,
            // 191 (1990)).
            bench.proposal("readout_threshold", clouds.threshold, clouds.sigma / cbrt(count)),
            bench.proposal("readout_separation", clouds.separation, mean),
            bench.proposal("readout_noise", clouds.sigma, clouds.sigma / (4 * count).squareRoot()),
            bench.proposal("readout_error_ground", errors[0].0, errors[0].1),
            bench.proposal("readout_error_excited", errors[1].0, errors[1].1),
        ]
        return .finish(
            RoutineReport(
                .good,
                "P(1|g) is \(Wording.percent(errors[0].0)), P(0|e) "
                    + "\(Wording.percent(errors[1].0)); the clouds are "
                    + "\(Wording.number(clouds.signalToNoise)) standard deviations apart.",
                proposals: proposals, metrics: metrics, figures: [figure]))
    }
}
