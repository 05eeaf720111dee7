import BellFit
import BellModel
import BellPlot
import Glibc

/// Amplitude of the pulse that emits half of the excitation into the link.
///
/// The amplitude is swept and what stays in the qubit is read: P(e) = cos²(θ/2), θ proportional to the amplitude; half
/// stays where θ = π/2. Where the pulse cannot emit all at full scale, |g⟩ measured beside it shows where that would be.
/// - SeeAlso: Kurpiers et al., Nature 558, 264 (2018).
struct EmissionRoutine: CalibrationRoutine {
    let name = "emission"
    let summary = "amplitude of the pulse that emits half of the excitation"
    let scope = RoutineScope.link
    let dependencies = ["readout-clouds", "fine-half-pi"]
    let proposes = ["emission_amplitude"]
    let validity = 8 * 3600.0

    private let node = LinkScene.sender
    private let model = ExchangeCurve()
    /// Of full scale: an amplitude that is known worse makes no difference between good and bad.
    private static let worst = 0.02

    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        let coarse = ReadoutScale.points(node, count: 4000) + sweep((0...20).map { Double($0) / 20 }, count: 1000)
        guard let first = rounds.first else { return .measure(coarse, note: "emission, whole range") }
        guard let scale = ReadoutScale(first.prefix(2), node), var data = sweep(context, scale, coarse, first) else {
            return .finish(.unusable(name))
        }
        if let flaw = scale.flaw(node) { return .finish(RoutineReport(.badData, "\(flaw). Run readout-clouds.")) }
        let found = data.fit(model)
        let rough = judge(found, data, isRough: true)
        guard rough.verdict == .good else { return .finish(report(rough, found, data)) }
        let half = 0.25 / found["turns"]
        let fine = sweep((-5...5).map { min(1, half * (1 + 0.05 * Double($0))) }, count: 4000)
        guard rounds.count > 1 else { return .measure(fine, note: "emission, around the half") }
        guard data.append(fine, rounds[1], of: node, over: "amplitude") else { return .finish(.unusable(name)) }
        let fit = data.fit(model, start: found.parameters)
        return .finish(report(judge(fit, data), fit, data))
    }

    /// Whether the amplitude in force still emits half.
    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        let amplitude = try context.needed(.node(node), "emission_amplitude", for: name).value
        let points = ReadoutScale.points(node, count: 2000) + sweep([0, amplitude], count: 4000)
        guard let first = rounds.first else { return .measure(points, note: "emission, a few shots") }
        guard let scale = ReadoutScale(first.prefix(2), node), first.count == points.count,
            let none = CountedShare(first[2], of: node), let some = CountedShare(first[3], of: node)
        else { return .finish(.unusable(name)) }
        if let flaw = scale.flaw(node) { return .finish(RoutineReport(.badData, "\(flaw). Run readout-clouds.")) }
        // From all that stays without a pulse to none: relaxation after the pulse is the same for both.
        let left = ReadoutScale(ground: scale.ground, excited: none)
        if let flaw = left.flaw(node) {
            return .finish(RoutineReport(.badData, "Without a pulse nothing stays to be emitted: \(flaw)."))
        }
        let stays = left.population(some)
        let isRight = (stays.value - 0.5).magnitude <= 0.03 + 3 * stays.sigma
        let text = "\(ReportText.plusMinus(stays)) of the excitation stays in \(node.name)'s qubit; 0.5 is wanted."
        return .finish(
            RoutineReport(
                isRight ? .good : .outOfSpec, text, metrics: [Metric("emission_left", stays.value, stays.sigma)]))
    }

    private typealias Metric = RoutineReport.Metric

    private func sweep(_ amplitudes: [Double], count: Int) -> [ExperimentPoint] {
        amplitudes.map { ExperimentPoint(.shots(node), "emission", ["amplitude": $0], count: count) }
    }

    /// The sweep, and |g⟩ as the point at which all has left; nil when a point did not come back.
    private func sweep(
        _ context: RoutineContext, _ scale: ReadoutScale, _ points: [ExperimentPoint], _ round: [Measurement]
    ) -> SharedSweep? {
        var data = SharedSweep()
        // The prepared |g⟩ is not quite empty; the emitted one is, for the excited ones were turned to |g⟩ first.
        let thermal = context.held(.node(node), "thermal_population") ?? Uncertain(0.003, 0.005)
        let error = (scale.ground.sigma * scale.ground.sigma + pow(thermal.sigma * scale.contrast, 2)).squareRoot()
        data.append(-1, Uncertain(scale.ground.value - thermal.value * scale.contrast, error))
        guard points.count == round.count,
            data.append(
                Array(points.dropFirst(2)), Array(round.dropFirst(2)), of: node, over: "amplitude")
        else { return nil }
        return data
    }

    /// - Parameter isRough: After the first sweep the amplitude is only known well enough to sweep around it.
    private func judge(_ fit: Fit, _ data: SharedSweep, isRough: Bool = false) -> FitJudgement {
        var judgement = data.judgement(fit, of: model)
        judgement.requireSignal("change")
        guard fit.hasConverged else { return judgement }
        let half = 0.25 / fit["turns"]
        if fit["change"] > 0 {
            judgement.find(.badData, "P(1) grows with the amplitude: the emission pulse excites instead of emitting")
        }
        let error = fit.uncertainty(of: "turns") / fit["turns"]
        if !(half <= (isRough ? 1 + 3 * error : 1)) {
            judgement.find(
                .outOfSpec,
                "half would leave at amplitude \(ReportText.digits(half)), beyond full scale: make the emission pulse longer"
            )
        }
        if !(error <= (isRough ? 0.2 : Self.worst)) {
            judgement.find(.badData, "the amplitude is known to \(ReportText.digits(100 * error)) % only")
        }
        return judgement
    }

    private func report(_ judgement: FitJudgement, _ fit: Fit, _ data: SharedSweep) -> RoutineReport {
        var figure = Figure(
            title: "Emission at \(node.name)", xLabel: "amplitude (fraction of full scale)", yLabel: "P(1)",
            series: data.series("shots", fit, of: model, from: 0))
        guard fit.hasConverged else { return RoutineReport(judgement.ofRoutine, judgement.reason, figures: [figure]) }
        let half = 0.25 / fit["turns"]
        let error = half * fit.uncertainty(of: "turns") / fit["turns"]
        if half <= 1 { figure.marks = [.init("half", x: half)] }
        let isGood = judgement.verdict == .good
        return RoutineReport(
            judgement.ofRoutine,
            isGood
                ? "Half of the excitation leaves at amplitude \(ReportText.plusMinus(half, error))." : judgement.reason,
            proposals: [.init(CalibrationPath(.node(node), "emission_amplitude"), value: half, uncertainty: error)],
            metrics: [Metric("emission_turns", fit["turns"], fit.uncertainty(of: "turns"))], figures: [figure])
    }
}
