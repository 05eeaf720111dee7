import BellFit
import BellModel
import BellPlot
import Glibc

/// Where the readout resonator answers with the qubit in |g⟩: a first `readout_frequency`.
///
/// Both quadratures of the mean point are fitted together, so that cables' phase and a background do not matter; the sense
/// of the receiver's phase is found as well. A chain without a resonance in reach (it answers alike at all tones) is left
/// as it is.
struct ResonatorSpectroscopy: BenchRoutine {
    let name = "resonator-spectroscopy"
    let summary = "finds the readout resonator"
    let dependencies: [String] = []
    let proposes = ["readout_frequency"]
    let validity = 30 * 86_400.0
    // The best tone lies between the resonances of |g⟩ and |e⟩; only a resonator that has gone is news.
    let tolerances: [String: Tolerance] = ["readout_frequency": .absolute(15e6)]

    private static let halfSpan = 25e6

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        var middle = bench.value("readout_frequency") ?? 0
        for (place, round) in rounds.enumerated() {
            let x = tones(bench, middle, effort)
            guard round.count == x.count, let means = ShotSignal.Means(round) else { return nothingCame }
            let found = ResonanceFit(x: x, means)
            let isOutside = found.flaw == nil && !found.isInside
            if isOutside, place < 2, effort == .full {
                // Only its flank is seen: the sweep follows it.
                middle += found.centre < middle ? -Self.halfSpan : Self.halfSpan
                continue
            }
            return finish(bench, x, means, found)
        }
        let x = tones(bench, middle, effort)
        guard x.count > 10 else {
            return bad("The board's tones reach \(Wording.frequency(bench.largestCarrier)): no sweep is left.")
        }
        return .measure(
            x.map {
                bench.point(
                    "resonator-spectroscopy",
                    [
                        "frequency_hz": $0, "amplitude": min(bench.value("readout_amplitude") ?? 0.5, 1),
                        "window_ns": bench.longest(1000),
                    ], effort.shots(400))
            }, note: "tones about \(Wording.frequency(middle))")
    }

    private func tones(_ bench: NodeBench, _ middle: Double, _ effort: Effort) -> [Double] {
        bench.tones(spread(middle - Self.halfSpan, middle + Self.halfSpan, effort == .full ? 51 : 26))
    }

    private func finish(_ bench: NodeBench, _ x: [Double], _ means: ShotSignal.Means, _ found: ResonanceFit)
        -> RoutineStep
    {
        let figure = found.figure("Resonator of \(bench.node.name)", x, means)
        if found.isLevel {
            // An ideal chain, or a resonator much wider than the sweep.
            return .finish(
                RoutineReport(
                    .good, "The readout answers alike at all tones in reach: any will do, and none is proposed.",
                    figures: [figure]))
        }
        if let flaw = found.flaw {
            return bad(
                "\(flaw) Look at the readout's lines and amplifiers, and whether the resonator is in reach of its LO.",
                figures: [figure])
        }
        guard found.isInside else {
            return bad(
                "The resonator seems to be at \(Wording.frequency(found.centre)), outside of the sweep: set the "
                    + "readout's LO nearer.", figures: [figure])
        }
        return .finish(
            RoutineReport(
                .good,
                "The resonator answers at \(Wording.frequency(found.centre)), \(Wording.frequency(found.width)) wide.",
                proposals: [
                    bench.proposal("readout_frequency", found.centre, hypot(found.uncertainty, 0.02 * found.width))
                ],
                metrics: [.init("resonator_width", found.width, unit: "Hz")], figures: [figure]))
    }
}

/// The fit of a resonance, for both senses of the receiver's phase.
struct ResonanceFit {
    private(set) var centre = Double.nan
    private(set) var width = Double.nan
    private(set) var uncertainty = Double.nan
    /// Nil for a resonance.
    private(set) var flaw: String?
    /// Whether the points are the same at all tones, and not nothing.
    private(set) var isLevel = false
    private(set) var isInside = false
    private var curve: ((Double) -> (i: Double, q: Double))?

    init(x: [Double], _ means: ShotSignal.Means) {
        let model = ResonatorResponse(frequencies: x)
        let fits = [1.0, -1.0].map { sense in
            (sense, model.fit(i: means.i, q: means.q.map { sense * $0 }, sigma: means.sigma))
        }
        let usable = fits.filter { $0.1.hasConverged && $0.1["width"] > 0 }
        let count = Double(means.i.count)
        let (ci, cq) = (means.i.reduce(0, +) / count, means.q.reduce(0, +) / count)
        let noise = (means.sigma.reduce(0) { $0 + $1 * $1 } / count).squareRoot()
        // How far the points are from their mean, and the mean from nothing.
        let varied = (zip(means.i, means.q).reduce(0) { $0 + pow($1.0 - ci, 2) + pow($1.1 - cq, 2) } / count)
            .squareRoot()
        let size = hypot(ci, cq)
        if varied < 3 * noise || varied < 0.02 * size {
            isLevel = size > 20 * noise
            flaw = "Nothing but noise comes back at any tone."
            return
        }
        guard let (sense, fit) = usable.min(by: { $0.1.chiSquare < $1.1.chiSquare }) else {
            flaw = "No resonance describes what comes back."
            return
        }
        let rest = (fit.chiSquare / count).squareRoot() * noise
        let response = hypot(fit["response_i"], fit["response_q"])
        (centre, width) = (fit["centre"], fit["width"])
        uncertainty = fit.uncertainty(of: "centre") * max(1, fit.reducedChiSquare).squareRoot()
        let (low, high) = (x.min() ?? 0, x.max() ?? 0)
        curve = { frequency in
            let point = model.response(at: frequency, fit.parameters)
            return (point.i, sense * point.q)
        }
        isInside = centre > low + 0.04 * (high - low) && centre < high - 0.04 * (high - low)
        let step = (high - low) / max(count - 1, 1)
        if !(rest < 0.3 * min(response, 3 * varied) + 2 * noise) || width < 0.3 * step {
            flaw = "No single resonance describes what comes back."
        }
    }

    func figure(_ title: String, _ x: [Double], _ means: ShotSignal.Means) -> Figure {
        let size = zip(means.i, means.q).map { hypot($0, $1) }
        var figure = Figure(title: title, xLabel: "tone (MHz)", yLabel: "size of the mean point (codes)")
        figure.series = [.init("data", x: x.map { $0 / 1e6 }, y: size, error: means.sigma)]
        if let curve, let low = x.min(), let high = x.max() {
            let places = spread(low, high, 201)
            figure.series.append(
                .init(
                    "fit", .line, x: places.map { $0 / 1e6 },
                    y: places.map {
                        let point = curve($0)
                        return hypot(point.i, point.q)
                    }))
            if isInside { figure.marks = [.init("resonator", x: centre / 1e6)] }
        }
        return figure
    }
}
