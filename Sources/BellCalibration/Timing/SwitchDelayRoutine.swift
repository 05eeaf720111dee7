import BellFit
import BellModel
import BellPlot
import BellSequence
import Glibc

/// Time from the latch until the setting switch has moved, and how fast it moves.
///
/// A rectangle through the switch is moved across the moment of opening: what is cut off turns the qubit less. The sweep
/// determines switch_delay − switch_line alone; the surveyed switch_line is added. Proposed is the time at which 90 % of the
/// amplitude pass, as docs/timing-budget.md defines it. A transient that is too fast for the sweep is none in the value, and
/// in its uncertainty as slow as could be hidden.
struct SwitchDelayRoutine: CalibrationRoutine {
    let name = "switch-delay"
    let summary = "time from the latch until the setting switch has moved"
    let scope = RoutineScope.node
    let dependencies = ["readout-clouds", "fine-half-pi"]
    let proposes = ["switch_delay", "switch_rise"]
    let validity = 7 * 24 * 3600.0

    /// Of the pulse when nothing is cut, in turns: P(e) is well below 1, so that angles can be told.
    private static let turns = 0.35
    /// How far the switch may be from what is in force before a check calls for a calibration, in nanoseconds.
    private static let tolerance = 0.3

    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        let probe = try SwitchProbe(context, turns: Self.turns, for: name)
        let node = context.node
        // As many as the fine sweep has on its two levels: else the error of these two, which all points share, would be
        // the largest, and pass for a slow switch.
        let readout = ReadoutScale.points(node, count: 200_000)
        let coarse = probe.sweep(
            from: probe.expected - probe.duration - 6, to: probe.expected + 10, step: 1, count: 500)
        guard let first = rounds.first else { return .measure(readout + coarse, note: "edge of the setting switch") }
        var data = SharedSweep()
        guard let scale = ReadoutScale(first.prefix(2), node),
            data.append(coarse, Array(first.dropFirst(2)), of: node, over: "gap_ns")
        else { return .finish(.unusable(name)) }
        if let flaw = scale.flaw(node) { return .finish(RoutineReport(.badData, "\(flaw). Run readout-clouds.")) }
        let model = SwitchEdge(duration: probe.duration, low: scale.ground.value, contrast: scale.contrast)
        var rest = rounds.dropFirst()
        if !isEdge(data, model) {
            let wide = probe.sweep(
                from: probe.expected - probe.duration - 50, to: probe.expected + 150, step: 2, count: 500)
            guard let second = rest.popFirst() else { return .measure(wide, note: "edge of the switch, wider") }
            guard data.append(wide, second, of: node, over: "gap_ns") else { return .finish(.unusable(name)) }
            guard isEdge(data, model) else { return .finish(stuck(data, model, node)) }
        }
        let rough = data.fit(Held(model, ["rise": 0]))
        guard rough.hasConverged else { return .finish(stuck(data, model, node)) }
        let edge = rough["edge"]
        let fine = probe.sweep(from: edge - probe.duration - 2, to: edge + 8, step: 0.5, count: 32_000)
        guard let last = rest.popFirst() else { return .measure(fine, note: "edge of the switch, finely") }
        guard data.append(fine, last, of: node, over: "gap_ns") else { return .finish(.unusable(name)) }
        return .finish(report(data, model, probe, node))
    }

    /// Whether a pulse that is cut in the middle turns half as far as a whole one.
    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        let probe = try SwitchProbe(context, turns: Self.turns, for: name)
        let node = context.node
        // A switch with a rise has moved ln 10 rises after it began, and cuts a pulse as a sharp one would after one rise.
        let rise = context.held(.timing(node), "switch_rise")?.value ?? 0
        let edge = probe.expected - rise * (log(10) - 1)
        let half = probe.onGrid(edge - probe.duration / 2)
        let points =
            ReadoutScale.points(node, count: 4000)
            + [half, probe.onGrid(probe.expected + 20)].map { probe.point($0, count: 8000) }
        guard let round = rounds.first else { return .measure(points, note: "switch, a few shots") }
        guard round.count == points.count, let scale = ReadoutScale(round.prefix(2), node),
            let cut = CountedShare(round[2], of: node), let whole = CountedShare(round[3], of: node)
        else { return .finish(.unusable(name)) }
        if let flaw = scale.flaw(node) { return .finish(RoutineReport(.badData, "\(flaw). Run readout-clouds.")) }
        let (part, all) = (scale.population(cut), scale.population(whole))
        guard all.value > 0.2 else {
            return .finish(
                RoutineReport(
                    .outOfSpec, "\(node.name)'s setting switch does not open: P(e) stays \(ReportText.plusMinus(all)).")
            )
        }
        let angle = 2 * asin(min(max(all.value, 0), 1).squareRoot())
        let share = 2 * asin(min(max(part.value, 0), 1).squareRoot()) / angle
        // d sin²(angle · f/2)/df = angle/2 · sin(angle f); only near f = ½ is it asked.
        let shift = Uncertain(
            (half + probe.duration - edge) - share * probe.duration,
            probe.duration * part.sigma / (angle / 2 * max(sin(angle * min(max(share, 0.2), 0.8)), 0.3)))
        let isRight = shift.value.magnitude <= Self.tolerance + 3 * shift.sigma
        return .finish(
            RoutineReport(
                isRight ? .good : .outOfSpec,
                "The switch opens \(ReportText.plusMinus(shift)) ns later than switch_delay says.",
                metrics: [.init("switch_delay_error", shift.value, shift.sigma, unit: "ns")]))
    }

    /// Whether both levels are in the data, the higher one late.
    private func isEdge(_ data: SharedSweep, _ model: SwitchEdge) -> Bool {
        let fit = data.fit(Held(model, ["rise": 0]))
        guard fit.hasConverged, let first = data.x.min(), let last = data.x.max() else { return false }
        let s = sin(fit["angle"] / 2)
        return s * s > 0.1 && fit["edge"] > first + 1 && fit["edge"] < last - 2
    }

    private func stuck(_ data: SharedSweep, _ model: SwitchEdge, _ node: Node) -> RoutineReport {
        let mean = data.y.reduce(0, +) / Double(max(data.y.count, 1))
        let isOpen = mean > model.low + 0.3 * model.contrast
        return RoutineReport(
            .outOfSpec,
            isOpen
                ? "\(node.name)'s setting switch is stuck open: pulses pass long before the latch. See its supply "
                    + "and its control line."
                : "\(node.name)'s setting switch is stuck closed: no pulse passes after the latch. See its supply, "
                    + "its control line, and whether the input bit arrives.",
            figures: [figure(data, nil, model, node, nil)])
    }

    private func report(_ data: SharedSweep, _ model: SwitchEdge, _ probe: SwitchProbe, _ node: Node) -> RoutineReport {
        let sharp = data.fit(Held(model, ["rise": 0]))
        let soft = data.fit(model)
        let isSoft =
            soft.hasConverged && (!sharp.hasConverged || soft.chiSquare < sharp.chiSquare - SwitchEdge.evidence)
        let limits = FitLimits(runsScore: -6)
        var judgement =
            isSoft
            ? data.judgement(soft, of: model, limits: limits)
            : data.judgement(sharp, of: Held(model, ["rise": 0]), limits: limits)
        let fit = isSoft ? soft : sharp
        guard fit.hasConverged else {
            return RoutineReport(judgement.ofRoutine, judgement.reason, figures: [figure(data, nil, model, node, nil)])
        }
        let rise = isSoft ? soft["rise"] : 0
        let edge = Uncertain(fit["edge"], fit.uncertainty(of: "edge"))
        // 1 − e^{−t/τ} = 0.9 at t = τ ln 10.
        let settled = edge.value + rise * log(10)
        var variance = edge.sigma * edge.sigma
        if isSoft, soft.covariance.count == 9 {
            variance = soft.covariance[4] + 2 * log(10) * soft.covariance[5] + log(10) * log(10) * soft.covariance[8]
        }
        if rise > 5 { judgement.find(.outOfSpec, "the switch needs \(ReportText.digits(rise)) ns to 1 − 1/e") }
        let delay = settled + probe.line.value
        // A hidden transient shows as an edge later by its rise and ends at rise · ln 10: later by 1.3 · rise than what is
        // proposed. Any rise up to the largest hidden one: the root of the mean square of 0…a is a/√3.
        let hidden = isSoft ? 0 : model.hiddenRise(in: data, sharp: sharp)
        let allowance = (log(10) - 1) * hidden / 3.0.squareRoot()
        let error = (max(variance, 0) + allowance * allowance + probe.line.sigma * probe.line.sigma).squareRoot()
        if judgement.verdict == .good, delay < 0 {
            judgement.find(.outOfSpec, "the switch would have moved \(ReportText.digits(-delay)) ns before the latch")
        }
        return RoutineReport(
            judgement.ofRoutine,
            judgement.verdict == .good
                ? "The switch has moved \(ReportText.plusMinus(delay, error)) ns after the latch; of this the sweep gives "
                    + "\(ReportText.plusMinus(settled, max(variance, 0).squareRoot())) ns, the surveyed switch_line the rest."
                    + (isSoft ? "" : " A rise of up to \(ReportText.digits(hidden)) ns would not show.")
                : judgement.reason,
            proposals: [
                .init(CalibrationPath(.timing(node), "switch_delay"), value: delay, uncertainty: error),
                .init(
                    CalibrationPath(.timing(node), "switch_rise"), value: rise,
                    uncertainty: isSoft ? soft.uncertainty(of: "rise") : hidden / 3.0.squareRoot()),
            ],
            metrics: [
                .init("switch_delay_less_line", settled, max(variance, 0).squareRoot(), unit: "ns"),
                .init("switch_opens", edge.value, edge.sigma, unit: "ns"),
                .init("switch_rise_hidden", hidden, unit: "ns"),
            ], figures: [figure(data, fit, model, node, isSoft ? nil : 0)])
    }

    private func figure(_ data: SharedSweep, _ fit: Fit?, _ model: SwitchEdge, _ node: Node, _ rise: Double?) -> Figure
    {
        let series =
            if let rise { data.series("shots", fit, of: Held(model, ["rise": rise])) } else {
                data.series("shots", fit, of: model)
            }
        return Figure(
            title: "Setting switch at \(node.name)", xLabel: "latch to the pulse's start (ns)", yLabel: "P(1)",
            series: series, marks: fit.map { [.init("opens", x: $0["edge"])] } ?? [])
    }
}

/// The pulse that looks at the switch.
struct SwitchProbe: Sendable {
    /// Nanoseconds.
    let duration: Double
    let amplitude: Double
    /// Where the edge should be, by the values in force: switch_delay − switch_line.
    let expected: Double
    /// switch_line.
    let line: Uncertain
    private let node: Node
    private let sample: Double

    init(_ context: RoutineContext, turns: Double, for routine: String) throws(BellError) {
        node = context.node
        sample = context.sample(node)
        line = try context.needed(.timing(node), "switch_line", for: routine)
        expected = try context.needed(.timing(node), "switch_delay", for: routine).value - line.value
        let half = try context.needed(.node(node), "half_pi_amplitude", for: routine).value
        let ratio = context.held(.node(node), "gated_amplitude_ratio")?.value ?? 1
        // half_pi's amplitude times its area makes a quarter of a turn.
        let wanted =
            4 * turns * half * EnvelopeArea(try context.values.nodes[node].pulse(.halfPi)).area / max(ratio, 0.05)
        // 16 ns leave the third level alone; longer where full scale is not enough.
        duration = (max(16, wanted / 0.9) / (2 * sample)).rounded(.up) * 2 * sample
        amplitude = min(wanted / duration, 1)
    }

    func onGrid(_ time: Double) -> Double { (time / sample).rounded() * sample }

    func point(_ gap: Double, count: Int) -> ExperimentPoint {
        ExperimentPoint(
            .shots(node), "switch-delay", ["gap_ns": gap, "amplitude": amplitude, "duration_ns": duration], count: count
        )
    }

    func sweep(from low: Double, to high: Double, step: Double, count: Int) -> [ExperimentPoint] {
        stride(from: low, through: high, by: max(step, sample)).map { point(onGrid($0), count: count) }
    }
}
