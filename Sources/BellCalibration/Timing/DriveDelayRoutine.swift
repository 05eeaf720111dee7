import BellFit
import BellModel
import BellPlot
import Glibc

/// How much later a drive pulse is at the qubit through the setting switch than on the fixed path.
///
/// The phase of a second π/2 pulse against a first one grows with the carrier's detuning by 2π times the time between them.
/// Its growth on the switched path less that on the fixed path is the difference of the paths alone; pulse shapes and
/// programmed times fall out. One drive_line stands for both paths in the timing, so nothing is proposed: a difference
/// that matters is out of spec.
struct DriveDelayRoutine: CalibrationRoutine {
    let name = "drive-delay"
    let summary = "delay of the switched path against the fixed path"
    let scope = RoutineScope.node
    let dependencies = ["readout-clouds", "fine-half-pi", "gated-path"]
    let proposes: [String] = []
    let validity = 30 * 24 * 3600.0

    /// Carrier offset in Hz; ± it: paths up to 1/(4 · offset) = 31 ns apart are told without doubt.
    private static let detuning = 8e6
    /// Nanoseconds by which the paths may differ, of what locality has to spare.
    private static let most = 1.0
    private static let axes = (0..<8).map { Double($0) * 45 }

    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        step(context, rounds, count: 4000)
    }

    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        step(context, rounds, count: 1000)
    }

    private func step(_ context: RoutineContext, _ rounds: [[Measurement]], count: Int) -> RoutineStep {
        let node = context.node
        let kinds: [(file: String, sign: Double)] = [
            ("drive-delay", 1), ("drive-delay", -1), ("drive-delay-fixed", 1), ("drive-delay-fixed", -1),
        ]
        let groups = kinds.map { kind in
            Self.axes.map { axis in
                ExperimentPoint(
                    .shots(node), kind.file,
                    ["detuning_hz": kind.sign * Self.detuning, "axis_deg": axis, "wait_ns": 100],
                    count: count)
            }
        }
        guard let round = rounds.first else { return .measure(groups.flatMap { $0 }, note: "phase against detuning") }
        guard round.count == groups.count * Self.axes.count else { return .finish(.unusable(name)) }
        let model = CosineKnownPeriod(period: 360)
        var peaks: [Uncertain] = []
        var figure = Figure(
            title: "Phase of the second pulse at \(node.name)", xLabel: "axis (deg)", yLabel: "P(1)")
        for (place, group) in groups.enumerated() {
            var data = SharedSweep()
            let part = Array(round[place * Self.axes.count..<(place + 1) * Self.axes.count])
            guard data.append(group, part, of: node, over: "axis_deg") else { return .finish(.unusable(name)) }
            let fit = data.fit(model)
            let peak = model.peak(fit)
            let label =
                "\(kinds[place].file == "drive-delay" ? "switched" : "fixed") \(kinds[place].sign > 0 ? "+" : "−")"
            figure.series += data.series(label, fit, of: model)
            guard peak.amplitude > max(0.1, 5 * peak.amplitudeUncertainty) else {
                return .finish(
                    RoutineReport(
                        .badData,
                        "P(1) does not depend on the second pulse's axis (\(label)): run fine-half-pi and gated-path.",
                        figures: [figure]))
            }
            peaks.append(Uncertain(peak.x, peak.xUncertainty))
        }
        return .finish(report(Self.delay(peaks, detuning: Self.detuning), figure))
    }

    /// Of the best axes in degrees at +, − on the switched path and +, − on the fixed one, in nanoseconds.
    static func delay(_ peaks: [Uncertain], detuning: Double) -> Uncertain {
        guard peaks.count == 4, detuning != 0 else { return Uncertain(.nan, .nan) }
        let turned = remainder((peaks[0].value - peaks[1].value) - (peaks[2].value - peaks[3].value), 360)
        let scale = 1e9 / (360 * 2 * detuning)
        return Uncertain(turned * scale, peaks.reduce(0) { $0 + $1.sigma * $1.sigma }.squareRoot() * scale)
    }

    private func report(_ delay: Uncertain, _ figure: Figure) -> RoutineReport {
        let isSmall = delay.value.magnitude <= Self.most + 3 * delay.sigma
        return RoutineReport(
            isSmall ? .good : .outOfSpec,
            "A pulse comes \(ReportText.plusMinus(delay)) ns later through the switch"
                + (isSmall ? "." : ": one drive_line cannot stand for both paths; make the lines equally long."),
            metrics: [.init("switched_path_delay", delay.value, delay.sigma, unit: "ns")], figures: [figure])
    }
}
