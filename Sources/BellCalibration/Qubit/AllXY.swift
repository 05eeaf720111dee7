import BellModel
import BellPlot

/// The 21 pairs of gates whose staircase shows every kind of pulse error in its own way.
/// - SeeAlso: Reed, thesis, Yale University (2013), section 5.2.
struct AllXY: BenchRoutine {
    let name = "allxy"
    let summary = "21 pairs of gates: shows what kind of pulse error is left"
    let dependencies = ["fine-half-pi-after-drag", "fine-pi-after-drag"]
    let proposes: [String] = []
    let validity = 21_600.0

    /// Angle and axis of one gate in degrees.
    struct Gate: Equatable, Sendable {
        var name: String
        var angle: Double
        var axis: Double

        static let idle = Gate(name: "I", angle: 0, axis: 0)
        static let x = Gate(name: "x", angle: 90, axis: 0)
        static let y = Gate(name: "y", angle: 90, axis: 90)
        static let bigX = Gate(name: "X", angle: 180, axis: 0)
        static let bigY = Gate(name: "Y", angle: 180, axis: 90)
    }

    /// P(e) is 0 for the first five, 1/2 for the next twelve, 1 for the last four.
    static let pairs: [(Gate, Gate)] = [
        (.idle, .idle), (.bigX, .bigX), (.bigY, .bigY), (.bigX, .bigY), (.bigY, .bigX),
        (.x, .idle), (.y, .idle), (.x, .y), (.y, .x), (.x, .bigY), (.y, .bigX), (.bigX, .y), (.bigY, .x), (.x, .bigX),
        (.bigX, .x), (.y, .bigY), (.bigY, .y),
        (.bigX, .idle), (.bigY, .idle), (.x, .x), (.y, .y),
    ]

    static func expected(_ pair: Int) -> Double { pair < 5 ? 0 : pair < 17 ? 0.5 : 1 }

    /// A deviation that coherence and readout explain.
    private static let tolerance = 0.06

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        guard let round = rounds.first else {
            return .measure(
                AllXY.pairs.map { first, second in
                    bench.point(
                        "allxy",
                        [
                            "first_angle_deg": first.angle, "first_axis_deg": first.axis,
                            "second_angle_deg": second.angle, "second_axis_deg": second.axis,
                        ], effort.shots(4000))
                }, note: "21 pairs of gates")
        }
        guard round.count == AllXY.pairs.count, let signal = ShotSignal.population(round, bench) else {
            return nothingCame
        }
        let x = AllXY.pairs.indices.map(Double.init)
        let ideal = AllXY.pairs.indices.map(AllXY.expected)
        let off = zip(signal.y, ideal).map { $0 - $1 }
        let figure = Figure(
            title: "AllXY of \(bench.node.name)", xLabel: "pair of gates", yLabel: signal.label,
            series: [
                .init("data", x: x, y: signal.y, error: signal.sigma), .init("ideal", .steps, x: x, y: ideal),
            ])
        if signal.isFlat {
            return bad(
                "The staircase is flat: no pulses reach the qubit, or the readout sees nothing.", figures: [figure])
        }
        guard let worst = off.indices.max(by: { off[$0].magnitude < off[$1].magnitude }) else { return nothingCame }
        let rms = (off.reduce(0) { $0 + $1 * $1 } / Double(off.count)).squareRoot()
        let metrics: [RoutineReport.Metric] = [
            .init("allxy_deviation", off[worst].magnitude, signal.sigma[worst]), .init("allxy_rms", rms),
        ]
        let pair = AllXY.pairs[worst].0.name + AllXY.pairs[worst].1.name
        let text = "the largest deviation of the staircase is \(Wording.number(off[worst])) (\(pair))"
        guard off[worst].magnitude < AllXY.tolerance + 4 * signal.sigma[worst] else {
            return .finish(
                RoutineReport(
                    .outOfSpec, "\(text.prefix(1).uppercased() + text.dropFirst()): \(AllXY.cause(off))",
                    metrics: metrics, figures: [figure]))
        }
        return .finish(
            RoutineReport(.good, "All 21 pairs are as they should be; \(text).", metrics: metrics, figures: [figure]))
    }

    /// What bends the staircase like this: the pattern that explains most of it.
    static func cause(_ off: [Double]) -> String {
        // First order in the angle error: xx, yy and the pairs of one π/2 and one π; in detuning: x before y and y before x.
        let amplitude: [Int: Double] = [5: 1, 6: 1, 13: -1, 14: -1, 15: -1, 16: -1]
        let phase: [Int: Double] = [7: 1, 8: -1, 9: 1, 10: -1, 11: -1, 12: 1]
        func share(_ pattern: [Int: Double]) -> Double {
            let overlap = pattern.reduce(0) { $0 + off[$1.key] * $1.value }
            return overlap * overlap / Double(pattern.count)
        }
        let total = off.reduce(0) { $0 + $1 * $1 }
        if share(amplitude) > 0.4 * total { return "that is an error of the amplitudes. Repeat fine-half-pi." }
        if share(phase) > 0.4 * total { return "that is a detuning or a wrong β. Repeat ramsey and drag." }
        return "repeat readout-clouds, ramsey, fine-half-pi and drag."
    }
}
