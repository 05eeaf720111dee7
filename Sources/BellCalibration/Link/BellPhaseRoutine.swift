import BellFit
import BellModel
import BellPlot
import Glibc

/// Phase of the Bell state that the link makes, from S over bob's axes.
///
/// bob's axes are turned by θ over a full circle in an order in which a drift does not look like the sinusoid, and the four
/// correlations are fitted with one common phase.
/// - SeeAlso: Storz et al., Nature 617, 265 (2023), figure 3.
struct BellPhaseRoutine: CalibrationRoutine {
    let name = "bell-phase"
    let summary = "phase of the Bell state: S over θ"
    let scope = RoutineScope.link
    let dependencies = ["link-delay", "emission", "absorption", "readout-clouds", "fine-half-pi", "gated-path"]
    let proposes = ["link_phase"]
    let watched = ["link_phase"]
    let validity = 3600.0

    /// Twelve angles; neighbours in time are far apart in θ.
    static let angles = [0.0, 150, 300, 90, 240, 30, 180, 330, 120, 270, 60, 210]
    /// Standard deviation of the phase in radians from which on it cannot be called one phase: cos of it costs 2 % of S.
    static let mostNoise = 0.2
    /// Correlations that reach less are no entanglement.
    static let leastVisibility = 0.1

    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        let before = try context.needed(.link, "link_phase", for: name)
        if let flaw = try LinkScene(context).bellFlaw(context, for: name) { return .finish(flaw) }
        let points = Self.sweep(Self.angles, count: 8192)
        guard let round = rounds.first else { return .measure(points, note: "S over θ") }
        guard let correlations = Self.correlations(round, points.count) else { return .finish(.unusable(name)) }
        return .finish(report(FringeFit(angles: Self.angles, correlations: correlations), before.value))
    }

    /// Whether S is still largest where link_phase says.
    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        if let flaw = try LinkScene(context).bellFlaw(context, for: name) { return .finish(flaw) }
        let before = try context.needed(.link, "link_phase", for: name)
        let points = Self.sweep([0, 180, 90, 270], count: 4096)
        guard let round = rounds.first else { return .measure(points, note: "S at four angles") }
        guard let s = Self.correlations(round, points.count)?.map(\.s) else { return .finish(.unusable(name)) }
        let (c, d) = ((s[0].value - s[1].value) / 2, (s[2].value - s[3].value) / 2)
        let noise = s.reduce(0) { $0 + $1.sigma * $1.sigma }.squareRoot() / 2 / 2.0.squareRoot()
        let size = (c * c + d * d).squareRoot()
        guard size > 5 * noise, size > 2 * 2.0.squareRoot() * Self.leastVisibility else {
            return .finish(RoutineReport(.outOfSpec, "The nodes' outcomes are not correlated: the link is dead."))
        }
        let delta = Uncertain(atan2(d, c), noise / size)
        // 0.1 rad costs 0.5 % of S.
        let isRight = delta.value.magnitude <= 0.1
        return .finish(
            RoutineReport(
                isRight ? .good : .outOfSpec, "link_phase is off by \(ReportText.plusMinus(delta)) rad.",
                metrics: [
                    .init("link_phase", BellFringes.wrapped(before.value + delta.value), delta.sigma, unit: "rad"),
                    .init("link_phase_error", delta.value, delta.sigma, unit: "rad"),
                    .init("s_at_link_phase", s[0].value, s[0].sigma),
                ]))
    }

    static func sweep(_ angles: [Double], count: Int) -> [ExperimentPoint] {
        angles.map { ExperimentPoint(.joint, "bell-phase", ["theta_deg": $0], count: count) }
    }

    static func correlations(_ round: [Measurement], _ count: Int) -> [BellCorrelations]? {
        let all = round.compactMap { measurement in
            if case .joint(let set) = measurement { BellCorrelations(set) } else { nil }
        }
        return all.count == count && round.count == count ? all : nil
    }

    private func judge(_ sweep: FringeFit) -> FitJudgement {
        let fit = sweep.fit
        // χ² has its own meaning here; the phase noise below says what is wrong.
        let limits = FitLimits(reducedChiSquare: 0...(.greatestFiniteMagnitude))
        var judgement = FitJudgement(fit, of: sweep.model, x: sweep.x, y: sweep.y, sigma: sweep.sigma, limits: limits)
        guard fit.hasConverged else { return judgement }
        let visibility = sweep.visibility
        if visibility.value < max(Self.leastVisibility, 5 * visibility.sigma) {
            judgement.find(
                .outOfSpec,
                "the nodes' outcomes are not correlated (visibility \(ReportText.plusMinus(visibility))): nothing arrives, or "
                    + "its phase is different in every trial; run link-efficiency")
            return judgement
        }
        // Σ of 39 squares: four standard deviations of χ²/ν are 0.9.
        let reduced = fit.reducedChiSquare
        if sweep.phaseNoise > Self.mostNoise {
            judgement.find(
                .outOfSpec,
                "the phase is not stable: from angle to angle it moves by \(ReportText.digits(sweep.phaseNoise)) rad beyond "
                    + "what the trials' number explains (χ²/ν \(ReportText.digits(reduced))); see the local oscillators' reference"
            )
        } else if reduced > 4 {
            judgement.find(
                .badData, "χ²/ν is \(ReportText.digits(reduced)): the correlations are no sinusoids of one phase")
        }
        return judgement
    }

    private func report(_ sweep: FringeFit, _ before: Double) -> RoutineReport {
        let judgement = judge(sweep)
        let figures = BellFigures.fringes(sweep)
        guard sweep.fit.hasConverged else {
            return RoutineReport(judgement.ofRoutine, judgement.reason, figures: figures)
        }
        let phase = BellFringes.wrapped(before + sweep.delta.value)
        let (most, now, visibility) = (sweep.largestS, sweep.presentS, sweep.visibility)
        return RoutineReport(
            judgement.ofRoutine,
            judgement.verdict == .good
                ? "S is largest, \(ReportText.plusMinus(most)), with link_phase \(ReportText.plusMinus(phase, sweep.delta.sigma)) rad."
                : judgement.reason,
            proposals: [.init(CalibrationPath(.link, "link_phase"), value: phase, uncertainty: sweep.delta.sigma)],
            metrics: [
                .init("s_largest", most.value, most.sigma), .init("s_at_link_phase", now.value, now.sigma),
                .init("visibility", visibility.value, visibility.sigma),
                .init("link_phase_error", sweep.delta.value, sweep.delta.sigma, unit: "rad"),
                .init("phase_noise", sweep.phaseNoise, unit: "rad"),
                .init("reduced_chi_square", sweep.fit.reducedChiSquare),
            ], figures: figures)
    }
}
