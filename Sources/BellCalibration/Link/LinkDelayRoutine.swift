import BellFit
import BellModel
import BellPlot
import Glibc

/// Time from the middle of the emission to the middle of the photon at the far qubit.
///
/// The absorption pulse is moved against the emission. What is measured is the distance of the two pulses in the schedule;
/// surveyed trigger and drive-line delays of both nodes make it the time from qubit to qubit, and their uncertainties
/// enter.
struct LinkDelayRoutine: CalibrationRoutine {
    let name = "link-delay"
    let summary = "time from the emission to the photon's arrival"
    let scope = RoutineScope.link
    let dependencies = ["absorption"]
    let proposes = ["link_delay"]
    let validity = 24 * 3600.0

    private let node = LinkScene.receiver

    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        let scene = try LinkScene(context)
        let expected = scene.startToStart(delay: try context.needed(.link, "link_delay", for: name).value)
        let coarse = Self.sweep("link-delay", around: expected, reach: 160, step: 20, count: 1000, scene)
        guard let first = rounds.first else { return .measure(coarse, note: "photon's arrival") }
        var data = SharedSweep()
        guard data.append(coarse, first, of: node, over: "delay_ns") else { return .finish(.unusable(name)) }
        var rest = rounds.dropFirst()
        var found = ArrivalFit(data)
        if found.judgement(inside: true).verdict != .good {
            // Widen once: all that fits between reset and readout.
            let wide = Self.sweep("link-delay", around: 400, reach: 1000, step: 40, count: 1000, scene)
            guard let second = rest.popFirst() else { return .measure(wide, note: "photon's arrival, all delays") }
            guard data.append(wide, second, of: node, over: "delay_ns") else { return .finish(.unusable(name)) }
            found = ArrivalFit(data)
            let judgement = found.judgement(inside: true)
            guard judgement.verdict == .good else {
                return .finish(
                    RoutineReport(
                        .outOfSpec,
                        "No peak of arrivals between \(ReportText.digits(scene.possible.lowerBound)) and "
                            + "\(ReportText.digits(scene.possible.upperBound)) ns: \(judgement.reason) Run absorption again.",
                        figures: [found.figure(node)]))
            }
        }
        let fine = Self.sweep("link-delay", around: found.centre, reach: 90, step: 10, count: 6000, scene)
        guard let last = rest.popFirst() else { return .measure(fine, note: "photon's arrival, finely") }
        guard data.append(fine, last, of: node, over: "delay_ns") else { return .finish(.unusable(name)) }
        return .finish(report(ArrivalFit(data), scene))
    }

    /// Whether both flanks of the peak are equally high.
    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        let scene = try LinkScene(context)
        let expected = scene.startToStart(delay: try context.needed(.link, "link_delay", for: name).value)
        let reach = scene.onGrid(60)
        let points = [-4, -1, 0, 1, 4].map { side in
            ExperimentPoint(.joint, name, ["delay_ns": scene.onGrid(expected + side * reach)], count: 3000)
        }
        guard let first = rounds.first else { return .measure(points, note: "photon's arrival, a few trials") }
        let shares = first.compactMap { CountedShare($0, of: node) }
        guard shares.count == 5 else { return .finish(.unusable(name)) }
        let floor = min(shares[0].value, shares[4].value)
        let height = shares[2].value - floor
        let flanks = shares[1].value + shares[3].value - 2 * floor
        guard height > max(AbsorptionRoutine.leastSignal, 5 * shares[2].sigma), flanks > 10 * shares[1].sigma else {
            return .finish(RoutineReport(.outOfSpec, "No photon arrives at \(node.name) at link_delay."))
        }
        // A Gaussian's flanks: ln(right/left) = 2 · reach · shift/width², width² = reach²/(2 ln(height/flank)).
        let ratio = min(max(2 * height / flanks, 1.05), 20)
        let width2 = reach * reach / (2 * log(ratio))
        let asymmetry = (shares[3].value - shares[1].value) / flanks * 2
        let shift = Uncertain(
            asymmetry * width2 / (2 * reach),
            2 * (shares[1].sigma * shares[1].sigma + shares[3].sigma * shares[3].sigma).squareRoot() / flanks * width2
                / (2 * reach))
        let isRight = shift.value.magnitude <= 5 + 3 * shift.sigma
        return .finish(
            RoutineReport(
                isRight ? .good : .outOfSpec,
                "The photon comes \(ReportText.plusMinus(shift)) ns later than link_delay says.",
                metrics: [.init("link_delay_error", shift.value, shift.sigma, unit: "ns")]))
    }

    /// Points around a distance from start to start, as far as they fit into the trial.
    static func sweep(
        _ file: String, around middle: Double, reach: Double, step: Double, count: Int, _ scene: LinkScene
    ) -> [ExperimentPoint] {
        stride(from: middle - reach, through: middle + reach, by: step).map { scene.onGrid($0) }
            .filter { scene.possible.contains($0) }
            .map { ExperimentPoint(.joint, file, ["delay_ns": $0], count: count) }
    }

    private func report(_ found: ArrivalFit, _ scene: LinkScene) -> RoutineReport {
        let judgement = found.judgement(inside: true)
        let measured = Uncertain(scene.delay(startToStart: found.centre), found.error)
        let error = (measured.sigma * measured.sigma + scene.offset.sigma * scene.offset.sigma).squareRoot()
        var text = judgement.reason
        if judgement.verdict == .good {
            text = "The photon arrives after \(ReportText.plusMinus(measured.value, error)) ns"
            text += scene.isSurveyed ? "." : ", if the trigger pulse reaches both boards at once (never surveyed)."
        }
        return RoutineReport(
            judgement.ofRoutine, text,
            proposals: [.init(CalibrationPath(.link, "link_delay"), value: measured.value, uncertainty: error)],
            metrics: [
                .init("photon_width", found.fit["width"], found.fit.uncertainty(of: "width"), unit: "ns"),
                .init("link_delay_statistical", measured.value, measured.sigma, unit: "ns"),
            ], figures: [found.figure(node)])
    }
}
