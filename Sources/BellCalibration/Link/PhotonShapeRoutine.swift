import BellModel
import BellPlot

/// Whether the photon's shape fits the pulse that absorbs it: both pulses' lengths are varied, their areas kept.
///
/// Proposes nothing: shapes are a person's choice in the calibration files. Says which length would be better.
/// - SeeAlso: Cirac et al., PRL 78, 3221 (1997): the photon absorbed best is the mirror image of the one emitted.
struct PhotonShapeRoutine: CalibrationRoutine {
    let name = "emission-shape"
    let summary = "lengths of the emission and absorption pulses against the transfer"
    let scope = RoutineScope.link
    let dependencies = ["link-delay", "absorption", "emission"]
    let proposes: [String] = []
    let validity = 7 * 24 * 3600.0

    private static let factors = [0.75, 0.85, 1.0, 1.2, 1.4, 1.7, 2.0]
    /// What another length may be better by, of the arrivals, before the shape is called wrong.
    private static let tolerance = 0.1

    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        try step(context, rounds, count: 8000)
    }

    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        try step(context, rounds, count: 2000)
    }

    private func step(
        _ context: RoutineContext, _ rounds: [[Measurement]], count: Int
    ) throws(BellError) -> RoutineStep {
        let scene = try LinkScene(context)
        let (sender, receiver) = (LinkScene.sender, LinkScene.receiver)
        let delay = scene.startToStart(delay: try context.needed(.link, "link_delay", for: name).value)
        let emits = try context.needed(.node(sender), "emission_amplitude", for: name).value
        let absorbs = try context.needed(.node(receiver), "absorption_amplitude", for: name).value
        func points(_ original: Double, _ amplitude: Double, emission: Bool) -> [ExperimentPoint] {
            let lengths = Self.factors.map { scene.onGrid(original * $0 / 2) * 2 }
            return lengths.filter { $0 > 0 && amplitude * original / $0 <= 1 }.map { length in
                // The middles stay where they are.
                let shift = (length - original) / 2
                var parameters = [
                    "emission_ns": scene.emission, "amplitude": emits, "absorption_ns": scene.absorption,
                    "absorb_amplitude": absorbs, "delay_ns": delay,
                ]
                parameters[emission ? "emission_ns" : "absorption_ns"] = length
                parameters[emission ? "amplitude" : "absorb_amplitude"] = amplitude * original / length
                parameters["delay_ns"] = scene.onGrid(delay + (emission ? shift : -shift))
                return ExperimentPoint(.joint, "emission-shape", parameters, count: count)
            }
        }
        let (first, second) = (
            points(scene.emission, emits, emission: true), points(scene.absorption, absorbs, emission: false)
        )
        let dark = ReadoutScale.points(receiver, count: count)
        guard let round = rounds.first else { return .measure(dark + first + second, note: "shape of the photon") }
        let rest = Array(round.dropFirst(2))
        var (emission, absorption) = (SharedSweep(), SharedSweep())
        guard rest.count == first.count + second.count, let scale = ReadoutScale(round.prefix(2), receiver),
            emission.append(first, Array(rest.prefix(first.count)), of: receiver, over: "emission_ns"),
            absorption.append(second, Array(rest.suffix(second.count)), of: receiver, over: "absorption_ns")
        else { return .finish(.unusable(name)) }
        return .finish(
            report(
                [("emission", emission, scene.emission), ("absorption", absorption, scene.absorption)],
                dark: scale.ground.value))
    }

    private func report(_ sweeps: [(name: String, data: SharedSweep, length: Double)], dark: Double) -> RoutineReport {
        var verdict = RoutineReport.Verdict.good
        var clauses: [String] = []
        var metrics: [RoutineReport.Metric] = []
        var figures: [Figure] = []
        for (pulse, data, length) in sweeps {
            let places = data.x.indices
            guard let best = places.max(by: { data.y[$0] < data.y[$1] }),
                let now = places.min(by: { (data.x[$0] - length).magnitude < (data.x[$1] - length).magnitude })
            else { continue }
            let arrivals = data.y[now] - dark
            guard arrivals > max(AbsorptionRoutine.leastSignal, 5 * data.sigma[now]) else {
                return RoutineReport(.outOfSpec, "Nothing arrives with the pulses as they are: run link-delay.")
            }
            let gain = Uncertain(
                (data.y[best] - dark) / arrivals - 1,
                (data.sigma[best] * data.sigma[best] + data.sigma[now] * data.sigma[now]).squareRoot() / arrivals)
            metrics += [
                .init("best_\(pulse)_length", data.x[best], unit: "ns"),
                .init("\(pulse)_length_gain", gain.value, gain.sigma),
            ]
            if gain.value > Self.tolerance + 4 * gain.sigma {
                verdict = .outOfSpec
                clauses.append(
                    "\(pulse) of \(ReportText.digits(data.x[best])) ns instead of \(ReportText.digits(length)) ns would pass "
                        + "\(ReportText.digits(100 * gain.value)) % more")
            }
            figures.append(
                Figure(
                    title: "Length of the \(pulse) pulse", xLabel: "length (ns)", yLabel: "P(1) at the far node",
                    series: [Figure.Series("trials", x: data.x, y: data.y, error: data.sigma)],
                    marks: [.init("now", x: length)]))
        }
        let text =
            clauses.isEmpty
            ? "No other length of the pulses passes clearly more."
            : "The shapes do not fit: " + clauses.joined(separator: "; ") + "."
        return RoutineReport(verdict, text, metrics: metrics, figures: figures)
    }
}
