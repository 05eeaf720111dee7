import BellFit
import BellModel
import BellPlot

/// The tone at which the clouds of |g⟩ and |e⟩ are farthest apart.
///
/// A wide sweep, then a finer one about its maximum whose top a parabola describes: the vertex needs no model of the
/// resonator, whose ring-up a short window cuts.
struct ReadoutFrequency: BenchRoutine {
    let name = "readout-frequency"
    let summary = "the readout tone that separates |g⟩ and |e⟩ most"
    let dependencies = ["ramsey"]
    let proposes = ["readout_frequency"]
    let validity = 7 * 86_400.0
    // The top is flat: so far from it costs next to no separation.
    let tolerances: [String: Tolerance] = ["readout_frequency": .absolute(1.5e6)]

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        let now = bench.value("readout_frequency") ?? 0
        let half = effort == .full ? 20e6 : 8e6
        let wide = bench.tones(spread(now - half, now + half, effort == .full ? 41 : 17))
        guard wide.count > 5 else {
            return bad("The board's tones reach \(Wording.frequency(bench.largestCarrier)): no sweep is left.")
        }
        guard let first = rounds.first else { return measure(bench, wide, effort.shots(400), "wide sweep") }
        guard first.count == 2 * wide.count, let signal = CloudPair.distances(first) else { return nothingCame }
        let title = "Readout frequency of \(bench.node.name)"
        let figure = Figure.sweep(title, "tone (MHz)", x: wide, signal, scale: 1e6)
        let largest = signal.y.max() ?? 0
        let noise = signal.sigma.max() ?? .infinity
        guard largest > 6 * noise else {
            return bad(
                "The clouds of |g⟩ and |e⟩ do not differ at any tone: no π pulse reaches the qubit, or the resonator is "
                    + "out of reach. Repeat rabi-amplitude and resonator-spectroscopy.", figures: [figure])
        }
        if signal.y.allSatisfy({ $0 > largest - max(5 * noise, 0.03 * largest) }) {
            return .finish(
                RoutineReport(
                    .good, "The clouds are equally far apart at all tones in reach: none is proposed.",
                    metrics: [.init("readout_distance", largest, noise, unit: "LSB")], figures: [figure]))
        }
        let top = zip(wide, signal.y).filter { $0.1 > 0.7 * largest }.map(\.0)
        let (low, high) = ((top.min() ?? now) - half / 40, (top.max() ?? now) + half / 40)
        let fine = bench.tones(spread(low, high, effort == .full ? 25 : 11))
        guard fine.count > 5 else {
            return bad("The best tone is at the end of what the board can play.", figures: [figure])
        }
        guard rounds.count > 1 else { return measure(bench, fine, effort.shots(1500), "fine sweep") }
        guard rounds[1].count == 2 * fine.count, let signal = CloudPair.distances(rounds[1]) else { return nothingCame }
        return finish(bench, fine, signal, wide, figure)
    }

    private func measure(_ bench: NodeBench, _ x: [Double], _ count: Int, _ note: String) -> RoutineStep {
        .measure(x.flatMap { CloudPair.points(bench, ["frequency_hz": $0], count) }, note: note)
    }

    private func finish(
        _ bench: NodeBench, _ x: [Double], _ signal: ShotSignal, _ wide: [Double], _ figure: Figure
    ) -> RoutineStep {
        // Only the top is a parabola.
        let largest = signal.y.max() ?? 0
        let places = x.indices.filter { signal.y[$0] > 0.85 * largest }
        let top = ShotSignal(
            y: places.map { signal.y[$0] }, sigma: places.map { signal.sigma[$0] }, shotNoise: signal.shotNoise,
            label: signal.label)
        let sweep = SweepFit(Parabola(), x: places.map { x[$0] }, top)
        let (vertex, extremum) = (sweep.fit["vertex"], sweep.fit["extremum"])
        let hasTop =
            sweep.fit.hasConverged && sweep.fit["curvature"] < 0 && vertex > (x.first ?? 0)
            && vertex < (x.last ?? 0)
        let fine = Figure.sweep(
            "Readout frequency of \(bench.node.name), fine", "tone (MHz)", x: x, signal, scale: 1e6,
            marks: hasTop ? [.init("best", x: vertex / 1e6)] : [])
        guard hasTop else {
            return bad(
                "The distance of the clouds has no maximum in the sweep: the resonator is at its end. Repeat "
                    + "resonator-spectroscopy.", figures: [fine, figure])
        }
        guard vertex > (wide.first ?? 0) + 1e6, vertex < (wide.last ?? 0) - 1e6 else {
            return bad(
                "The best tone is at the end of the sweep: repeat resonator-spectroscopy.", figures: [fine, figure])
        }
        return .finish(
            RoutineReport(
                .good, "|g⟩ and |e⟩ are farthest apart at \(Wording.frequency(vertex)).",
                proposals: [bench.proposal("readout_frequency", vertex, sweep.uncertainty("vertex"))],
                metrics: [.init("readout_distance", extremum, sweep.uncertainty("extremum"), unit: "LSB")],
                figures: [fine, figure]))
    }
}
