import BellFit
import BellModel
import BellPlot

/// Amplitude of the pulse that absorbs the whole photon.
///
/// The amplitude is swept and the far qubit is read: P(e) ∝ sin²(θ/2), largest at θ = π. Where nothing arrives at the
/// delay in force, the delay is swept once over all that fits into the trial.
/// - SeeAlso: Cirac et al., PRL 78, 3221 (1997); Kurpiers et al., Nature 558, 264 (2018).
struct AbsorptionRoutine: CalibrationRoutine {
    let name = "absorption"
    let summary = "amplitude of the pulse that absorbs the photon"
    let scope = RoutineScope.link
    let dependencies = ["emission", "readout-clouds", "fine-half-pi"]
    let proposes = ["absorption_amplitude"]
    let validity = 8 * 3600.0

    private let node = LinkScene.receiver
    private let model = ExchangeCurve()
    private static let worst = 0.03
    /// A photon that moves P(1) by less is none.
    static let leastSignal = 0.03

    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        let scene = try LinkScene(context)
        var delay = scene.startToStart(delay: try context.needed(.link, "link_delay", for: name).value)
        delay = min(max(delay, scene.possible.lowerBound), scene.possible.upperBound)
        let readout = ReadoutScale.points(node, count: 4000)
        let coarse = readout + sweep((0...20).map { Double($0) / 20 }, at: delay, count: 1000)
        guard let first = rounds.first else { return .measure(coarse, note: "absorption, whole range") }
        guard let scale = ReadoutScale(first.prefix(2), node),
            var data = data(Array(coarse.dropFirst(2)), Array(first.dropFirst(2)))
        else { return .finish(.unusable(name)) }
        if let flaw = scale.flaw(node) { return .finish(RoutineReport(.badData, "\(flaw). Run readout-clouds.")) }
        var rest = rounds.dropFirst()
        if !hasSignal(data) {
            // Widen once: anywhere between reset and readout.
            let amplitude = context.held(.node(node), "absorption_amplitude")?.value ?? 0.9
            let delays = stride(from: scene.possible.lowerBound, through: scene.possible.upperBound, by: 60).map {
                ExperimentPoint(
                    .joint, name, ["amplitude": max(amplitude, 0.3), "delay_ns": scene.onGrid($0)], count: 1000)
            }
            guard let wide = rest.popFirst() else {
                return .measure(delays, note: "absorption, looking for the photon")
            }
            var arrivals = SharedSweep()
            guard arrivals.append(delays, wide, of: node, over: "delay_ns") else { return .finish(.unusable(name)) }
            guard let found = peak(arrivals) else { return .finish(dead(data, arrivals)) }
            let again = sweep((0...20).map { Double($0) / 20 }, at: found, count: 1000)
            guard let second = rest.popFirst() else {
                return .measure(again, note: "absorption, at the photon's delay")
            }
            guard let moved = self.data(again, second) else { return .finish(.unusable(name)) }
            (data, delay) = (moved, found)
        }
        let found = data.fit(model)
        let rough = judge(found, data, isRough: true)
        guard rough.verdict == .good else { return .finish(report(rough, found, data)) }
        let whole = 0.5 / found["turns"]
        let fine = sweep((-6...6).map { min(1, whole * (1 + 0.06 * Double($0))) }, at: delay, count: 4000)
        guard let last = rest.popFirst() else { return .measure(fine, note: "absorption, around the maximum") }
        guard data.append(fine, last, of: node, over: "amplitude") else { return .finish(.unusable(name)) }
        let fit = data.fit(model, start: found.parameters)
        return .finish(report(judge(fit, data), fit, data))
    }

    /// Whether three fifths of the amplitude in force absorb as much as they should, compared with all of it.
    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        let scene = try LinkScene(context)
        let delay = scene.startToStart(delay: try context.needed(.link, "link_delay", for: name).value)
        let amplitude = try context.needed(.node(node), "absorption_amplitude", for: name).value
        let points = sweep([0, 0.6 * amplitude, amplitude], at: delay, count: 6000)
        guard let first = rounds.first else { return .measure(points, note: "absorption, a few trials") }
        let shares = first.compactMap { CountedShare($0, of: node) }
        guard shares.count == points.count else { return .finish(.unusable(name)) }
        let none = ReadoutScale(ground: shares[0], excited: shares[2])
        guard none.contrast > max(Self.leastSignal, 5 * shares[2].sigma) else {
            return .finish(
                RoutineReport(.outOfSpec, "No photon arrives at \(node.name); run absorption and link-delay."))
        }
        // sin²(0.6 · π/2 · (1 + ε)) over sin²(π/2 · (1 + ε)) = 0.6545 + 1.494 ε to first order.
        let ratio = none.population(shares[1])
        let error = Uncertain((ratio.value - 0.6545) / 1.494, ratio.sigma / 1.494)
        let isRight = error.value.magnitude <= 0.05 + 3 * error.sigma
        return .finish(
            RoutineReport(
                isRight ? .good : .outOfSpec,
                "absorption_amplitude is off by \(ReportText.plusMinus(100 * error.value, 100 * error.sigma)) %.",
                metrics: [Metric("absorption_amplitude_error", error.value, error.sigma)]))
    }

    private typealias Metric = RoutineReport.Metric

    private func sweep(_ amplitudes: [Double], at delay: Double, count: Int) -> [ExperimentPoint] {
        amplitudes.map { ExperimentPoint(.joint, name, ["amplitude": $0, "delay_ns": delay], count: count) }
    }

    private func data(_ points: [ExperimentPoint], _ round: [Measurement]) -> SharedSweep? {
        var data = SharedSweep()
        return data.append(points, round, of: node, over: "amplitude") ? data : nil
    }

    private func hasSignal(_ data: SharedSweep) -> Bool {
        guard let low = data.y.min(), let high = data.y.max(), let sigma = data.sigma.max() else { return false }
        // The extremes of twenty points of noise are 3.7 standard deviations apart.
        return high - low > max(Self.leastSignal, 6 * sigma)
    }

    /// The delay with the highest arrival; nil when none stands out of the noise.
    private func peak(_ data: SharedSweep) -> Double? {
        guard hasSignal(data), let place = data.y.indices.max(by: { data.y[$0] < data.y[$1] }) else { return nil }
        return data.x[place]
    }

    private func dead(_ data: SharedSweep, _ arrivals: SharedSweep) -> RoutineReport {
        RoutineReport(
            .outOfSpec,
            "No photon arrives at \(node.name), whatever the amplitude and the delay between "
                + "\(ReportText.digits(arrivals.x.min() ?? .nan)) and \(ReportText.digits(arrivals.x.max() ?? .nan)) ns. See that "
                + "the link is connected, then run emission again.",
            figures: [
                Figure(
                    title: "No photon at \(node.name)", xLabel: "start to start of the pulses (ns)", yLabel: "P(1)",
                    series: arrivals.series("trials", nil, of: model))
            ])
    }

    /// - Parameter isRough: After the first sweep the amplitude is only known well enough to sweep around it.
    private func judge(_ fit: Fit, _ data: SharedSweep, isRough: Bool = false) -> FitJudgement {
        var judgement = data.judgement(fit, of: model)
        judgement.requireSignal("change")
        guard fit.hasConverged else { return judgement }
        let whole = 0.5 / fit["turns"]
        if fit["change"] < 0 {
            judgement.find(.badData, "P(1) falls with the amplitude: nothing is absorbed, something is lost")
        }
        let error = fit.uncertainty(of: "turns") / fit["turns"]
        if !(whole <= (isRough ? 1 + 3 * error : 1)) {
            judgement.find(
                .outOfSpec,
                "the whole photon would be absorbed at amplitude \(ReportText.digits(whole)), beyond full scale: make the "
                    + "absorption pulse longer")
        }
        if !(error <= (isRough ? 0.2 : Self.worst)) {
            judgement.find(.badData, "the amplitude is known to \(ReportText.digits(100 * error)) % only")
        }
        return judgement
    }

    private func report(_ judgement: FitJudgement, _ fit: Fit, _ data: SharedSweep) -> RoutineReport {
        var figure = Figure(
            title: "Absorption at \(node.name)", xLabel: "amplitude (fraction of full scale)", yLabel: "P(1)",
            series: data.series("trials", fit, of: model))
        guard fit.hasConverged else { return RoutineReport(judgement.ofRoutine, judgement.reason, figures: [figure]) }
        let whole = 0.5 / fit["turns"]
        let error = whole * fit.uncertainty(of: "turns") / fit["turns"]
        if whole <= 1 { figure.marks = [.init("whole", x: whole)] }
        return RoutineReport(
            judgement.ofRoutine,
            judgement.verdict == .good
                ? "The photon is absorbed best at amplitude \(ReportText.plusMinus(whole, error))." : judgement.reason,
            proposals: [.init(CalibrationPath(.node(node), "absorption_amplitude"), value: whole, uncertainty: error)],
            metrics: [
                Metric("absorption_turns", fit["turns"], fit.uncertainty(of: "turns")),
                Metric("absorption_signal", fit["change"], fit.uncertainty(of: "change")),
            ], figures: [figure])
    }
}
