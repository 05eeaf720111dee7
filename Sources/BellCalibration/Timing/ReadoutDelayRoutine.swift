import BellFit
import BellModel
import BellPlot
import BellSequence
import Glibc

/// How much later the tone's front is at the resonator than a drive pulse of the same tick is at the qubit.
///
/// A π pulse is moved through the start of the readout. This determines readout_in − drive_line; their sum, and readout_out,
/// no sweep of the board's own events can tell, for all of them would only move together. Proposed is readout_in with the
/// surveyed drive_line held.
struct ReadoutDelayRoutine: CalibrationRoutine {
    let name = "readout-delay"
    let summary = "readout_in against drive_line: a π pulse moved through the readout's start"
    let scope = RoutineScope.node
    let dependencies = ["readout-clouds", "fine-half-pi"]
    let proposes = ["readout_in"]
    let validity = 7 * 24 * 3600.0

    /// Length of the tone and its integration in nanoseconds: that of the trials.
    private static let window = 50.0
    private static let tolerance = 0.3

    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        let probe = try ReadoutProbe(context, for: name)
        let (expected, length) = (probe.expected, probe.pulse.duration)
        let coarse = probe.sweep(from: expected - length - 24, to: expected + Self.window + 24, step: 2, count: 500)
        guard let first = rounds.first else { return .measure(coarse, note: "π pulse through the readout") }
        guard var data = probe.data(coarse, first) else { return .finish(.unusable(name)) }
        var rest = rounds.dropFirst()
        var found = ReadoutEdgeFit(data, probe.pulse, window: Self.window)
        if found.judgement().verdict != .good {
            let wide = probe.sweep(from: expected - length - 250, to: expected + 300, step: 5, count: 500)
            guard let second = rest.popFirst() else {
                return .measure(wide, note: "π pulse through the readout, wider")
            }
            guard let more = probe.data(wide, second) else { return .finish(.unusable(name)) }
            for k in more.x.indices { data.append(more.x[k], Uncertain(more.y[k], more.sigma[k])) }
            found = ReadoutEdgeFit(data, probe.pulse, window: Self.window)
            guard found.judgement().verdict == .good else { return .finish(lost(found, context.node)) }
        }
        let front = found.front.value
        let end = found.seesWindow ? front + Self.window : front
        let fine = probe.sweep(from: front - length - 4, to: end + 4, step: found.seesWindow ? 2 : 0.5, count: 2000)
        guard let last = rest.popFirst() else { return .measure(fine, note: "start of the readout, finely") }
        guard let sharp = probe.data(fine, last) else { return .finish(.unusable(name)) }
        for k in sharp.x.indices { data.append(sharp.x[k], Uncertain(sharp.y[k], sharp.sigma[k])) }
        return .finish(report(ReadoutEdgeFit(data, probe.pulse, window: Self.window), probe, context.node))
    }

    /// A few places along the edge.
    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        let probe = try ReadoutProbe(context, for: name)
        let (expected, length) = (probe.expected, probe.pulse.duration)
        let points =
            [-2.0, -1, -0.75, -0.6, -0.5, -0.4, -0.25, 0, 1].map { part in
                probe.point(expected + part * length, count: 2000)
            } + [
                probe.point(expected + Self.window / 2, count: 2000),
                probe.point(expected + Self.window + 20, count: 2000),
            ]
        guard let round = rounds.first else { return .measure(points, note: "start of the readout, a few shots") }
        guard let data = probe.data(points, round) else { return .finish(.unusable(name)) }
        let found = ReadoutEdgeFit(data, probe.pulse, window: Self.window)
        let judgement = found.judgement()
        guard judgement.verdict == .good else {
            return .finish(RoutineReport(.outOfSpec, "The edge is not where it was: \(judgement.reason)"))
        }
        let shift = Uncertain(found.front.value - expected, found.front.sigma)
        let isRight = shift.value.magnitude <= Self.tolerance + 3 * shift.sigma
        return .finish(
            RoutineReport(
                isRight ? .good : .outOfSpec,
                "readout_in − drive_line is off by \(ReportText.plusMinus(shift)) ns.",
                metrics: [.init("readout_in_error", shift.value, shift.sigma, unit: "ns")]))
    }

    private func lost(_ found: ReadoutEdgeFit, _ node: Node) -> RoutineReport {
        RoutineReport(
            .outOfSpec,
            "No edge is found where \(node.name)'s readout should begin: \(found.judgement().reason) Run readout-clouds.",
            figures: [found.figure(node)])
    }

    private func report(_ found: ReadoutEdgeFit, _ probe: ReadoutProbe, _ node: Node) -> RoutineReport {
        var judgement = found.judgement()
        let difference = found.front
        let value = probe.driveLine.value + difference.value
        let error = (difference.sigma * difference.sigma + probe.driveLine.sigma * probe.driveLine.sigma).squareRoot()
        if judgement.verdict == .good, value < 0 {
            judgement.find(
                .outOfSpec, "readout_in would be \(ReportText.digits(value)) ns: drive_line must be surveyed again")
        }
        return RoutineReport(
            judgement.ofRoutine,
            judgement.verdict == .good
                ? "readout_in − drive_line is \(ReportText.plusMinus(difference)) ns"
                    + (found.seesWindow ? ", the qubit seen all along the window." : ", the tone's front deciding.")
                    + " Their sum cannot be told; drive_line is taken as surveyed."
                : judgement.reason,
            proposals: [.init(CalibrationPath(.timing(node), "readout_in"), value: value, uncertainty: error)],
            metrics: [.init("readout_in_less_drive_line", difference.value, difference.sigma, unit: "ns")],
            figures: [found.figure(node)])
    }
}

/// The better of both kinds of edge.
struct ReadoutEdgeFit: Sendable {
    let data: SharedSweep
    let model: ReadoutEdge
    let fit: Fit

    init(_ data: SharedSweep, _ pulse: EnvelopeArea, window: Double) {
        self.data = data
        let both = [ReadoutEdge(pulse: pulse, sees: nil), ReadoutEdge(pulse: pulse, sees: window)]
            .map { ($0, data.fit($0)) }
        let isSecond =
            both[1].1.hasConverged && (!both[0].1.hasConverged || both[1].1.chiSquare < both[0].1.chiSquare)
        (model, fit) = isSecond ? both[1] : both[0]
    }

    var seesWindow: Bool { model.sees != nil }
    var front: Uncertain { Uncertain(fit["front"], fit.uncertainty(of: "front")) }

    func judgement() -> FitJudgement {
        // The step itself may be rounder than either kind.
        var judgement = data.judgement(
            fit, of: model,
            limits: FitLimits(signalToNoise: 3, significance: 8, reducedChiSquare: 0.2...8, runsScore: -7))
        judgement.requireSignal("height")
        guard fit.hasConverged, let first = data.x.min(), let last = data.x.max() else { return judgement }
        if !(front.value > first && front.value < last) {
            judgement.find(.badData, "the edge is not inside the sweep")
        }
        if !(front.sigma < 2) {
            judgement.find(.badData, "the edge is known to \(ReportText.digits(front.sigma)) ns only")
        }
        return judgement
    }

    func figure(_ node: Node) -> Figure {
        Figure(
            title: "Start of the readout at \(node.name)", xLabel: "readout's start to the pulse's (ns)",
            yLabel: "mean signal (LSB)", series: data.series("shots", fit, of: model),
            marks: fit.hasConverged ? [.init("front", x: fit["front"])] : [])
    }
}

/// The π pulse that looks at the readout's start.
struct ReadoutProbe: Sendable {
    let pulse: EnvelopeArea
    /// readout_in − drive_line by the values in force.
    let expected: Double
    let driveLine: Uncertain
    private let node: Node
    private let sample: Double
    private let angle: Double

    init(_ context: RoutineContext, for routine: String) throws(BellError) {
        node = context.node
        sample = context.sample(node)
        driveLine = try context.needed(.timing(node), "drive_line", for: routine)
        expected = try context.needed(.timing(node), "readout_in", for: routine).value - driveLine.value
        angle = try context.needed(.node(node), "readout_angle", for: routine).value
        let own = context.values.nodes[node]
        let half = EnvelopeArea(try own.pulse(.halfPi))
        // The compiler plays two π/2 pulses where no π pulse was calibrated.
        if context.held(.node(node), "pi_amplitude") != nil {
            pulse = own.pulses[.pi].map { EnvelopeArea($0) } ?? half
        } else {
            pulse = EnvelopeArea(twice: half)
        }
    }

    func point(_ time: Double, count: Int) -> ExperimentPoint {
        ExperimentPoint(
            .shots(node), "readout-delay", ["pulse_ns": (time / sample).rounded() * sample, "window_ns": 50],
            count: count)
    }

    func sweep(from low: Double, to high: Double, step: Double, count: Int) -> [ExperimentPoint] {
        stride(from: low, through: high, by: max(step, sample)).map { point($0, count: count) }
    }

    /// Mean signals along the readout's axis; nil when a point did not come back.
    func data(_ points: [ExperimentPoint], _ round: [Measurement]) -> SharedSweep? {
        guard points.count == round.count else { return nil }
        var data = SharedSweep()
        let (c, s) = (cos(angle), sin(angle))
        for (point, measurement) in zip(points, round) {
            guard case .shots(let set) = measurement, set.i.count > 1, set.i.count == set.q.count,
                let x = point.parameters["pulse_ns"]
            else { return nil }
            let values = zip(set.i, set.q).map { c * Double($0) + s * Double($1) }
            let count = Double(values.count)
            let mean = values.reduce(0, +) / count
            let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
            // One code: what rounding leaves where the converter shows no noise.
            data.append(x, Uncertain(mean, max(square / count, 1 / (12 * count)).squareRoot()))
        }
        return data
    }
}
