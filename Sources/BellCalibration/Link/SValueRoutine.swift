import BellModel
import BellPlot

/// S of the trials' own sequence, and what the calibrated values allow.
///
/// Calibration trials: their outcomes belong to no campaign.
struct SValueRoutine: CalibrationRoutine {
    let name = "s-value"
    let summary = "S as measured, beside what the calibration predicts"
    let scope = RoutineScope.link
    let dependencies = ["bell-phase", "link-efficiency", "readout-clouds", "relaxation", "echo"]
    let proposes: [String] = []
    let validity = 4 * 3600.0

    /// How far S may be below the prediction, which knows nothing of the link's phase noise.
    static let deficit = 0.06

    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        try step(context, rounds, count: 1 << 17, note: "S")
    }

    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        try step(context, rounds, count: 1 << 14, note: "S, a few trials")
    }

    private func step(
        _ context: RoutineContext, _ rounds: [[Measurement]], count: Int, note: String
    ) throws(BellError) -> RoutineStep {
        guard let round = rounds.first else { return .measure(BellPhaseRoutine.sweep([0], count: count), note: note) }
        guard let correlations = BellPhaseRoutine.correlations(round, 1)?.first else { return .finish(.unusable(name)) }
        let prediction = try SPrediction.of(context)
        return .finish(Self.report(correlations, prediction.s, missing: prediction.missing))
    }

    static func report(_ correlations: BellCorrelations, _ predicted: Uncertain?, missing: [String]) -> RoutineReport {
        let s = correlations.s
        var verdict = RoutineReport.Verdict.good
        var reason = "S = \(ReportText.plusMinus(s))"
        var metrics = [RoutineReport.Metric("s_value", s.value, s.sigma)]
        for pair in 0..<4 {
            let e = correlations.values[pair]
            metrics.append(.init("correlation_\(pair >> 1)\(pair & 1)", e.value, e.sigma))
        }
        if let predicted {
            let sigma = (s.sigma * s.sigma + predicted.sigma * predicted.sigma).squareRoot()
            metrics += [
                .init("s_predicted", predicted.value, predicted.sigma),
                .init("s_deficit", predicted.value - s.value, sigma),
            ]
            reason += "; the calibration allows \(ReportText.plusMinus(predicted))."
            if predicted.value - s.value > deficit + 4 * sigma {
                verdict = .outOfSpec
                reason +=
                    " Something that no value describes takes the rest: run bell-phase, tomography and gated-path."
            }
        } else {
            reason += "; no prediction without \(missing.joined(separator: ", "))."
        }
        if s.value - 3 * s.sigma <= 2 {
            verdict = .outOfSpec
            reason += " It does not exceed 2."
        }
        let x = (0..<4).map(Double.init)
        let figure = Figure(
            title: "Correlations", xLabel: "2x + y", yLabel: "E(x, y)",
            series: [
                Figure.Series(
                    "trials", x: x, y: correlations.values.map(\.value), error: correlations.values.map(\.sigma)),
                Figure.Series("ideal", .steps, x: x, y: BellCorrelations.signs.map { $0 * 0.5.squareRoot() }),
            ], marks: [.init("0", y: 0)])
        return RoutineReport(verdict, reason, metrics: metrics, figures: [figure])
    }
}
