import BellFit
import BellModel
import BellPlot
import BellSequence

/// What the link tells of the offset between both nodes' clocks.
///
/// A shared pulse shows drift and changes, never the difference of its own two delays: that is trigger_delay, surveyed. The
/// arrival of the photon gives link delay plus offset. Only where photons go both ways do sum and difference separate them,
/// and only if the link takes equally long both ways, which circulators and filters need not. So an estimate is a check on
/// the survey and is never proposed; without a way back the offset stays unknown, and this says so.
struct ClockAlignmentRoutine: CalibrationRoutine {
    let name = "clock-alignment"
    let summary = "offset of the nodes' clocks, as far as the link can tell"
    let scope = RoutineScope.link
    let dependencies = ["link-delay"]
    let proposes: [String] = []
    let validity = 24 * 3600.0

    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        try step(context, rounds, count: 6000)
    }

    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        try step(context, rounds, count: 1500)
    }

    private func step(
        _ context: RoutineContext, _ rounds: [[Measurement]], count: Int
    ) throws(BellError) -> RoutineStep {
        let before = try context.needed(.link, "link_delay", for: name)
        let (sender, receiver) = (LinkScene.sender, LinkScene.receiver)
        let there = try LinkScene(context)
        let forth = LinkDelayRoutine.sweep(
            "link-delay", around: there.startToStart(delay: before.value), reach: 120, step: 15, count: count, there)
        let back = canReturn(context) ? try LinkScene(context, from: receiver) : nil
        let homeward = back.map {
            LinkDelayRoutine.sweep(
                "link-delay-back", around: $0.startToStart(delay: before.value), reach: 120, step: 15, count: count, $0)
        }
        guard let round = rounds.first else {
            return .measure(forth + (homeward ?? []), note: homeward == nil ? "photon's arrival" : "arrival both ways")
        }
        var data = SharedSweep()
        guard round.count == forth.count + (homeward?.count ?? 0),
            data.append(forth, Array(round.prefix(forth.count)), of: receiver, over: "delay_ns")
        else { return .finish(.unusable(name)) }
        let arrival = ArrivalFit(data)
        var report = RoutineReport(.good, "", figures: [arrival.figure(receiver)])
        let judgement = arrival.judgement(inside: true)
        guard judgement.verdict == .good else {
            report.verdict = .outOfSpec
            report.reason = "The photon's arrival is not where it was: \(judgement.reason) Run link-delay."
            return .finish(report)
        }
        let forward = Uncertain(there.delay(startToStart: arrival.centre), arrival.error)
        report.metrics.append(
            .init("clock_and_delay_change", forward.value - before.value, forward.sigma, unit: "ns"))
        guard let back, let homeward else {
            report.reason =
                "The static offset of the clocks is unknown to the link: "
                + "\(receiver.name) cannot emit and \(sender.name) cannot absorb, so link_delay and offset are one number. It "
                + "has changed by \(ReportText.plusMinus(forward.value - before.value, forward.sigma)) ns; trigger_delay stays "
                + "as surveyed."
            return .finish(report)
        }
        var second = SharedSweep()
        guard second.append(homeward, Array(round.suffix(homeward.count)), of: sender, over: "delay_ns") else {
            return .finish(.unusable(name))
        }
        let answer = ArrivalFit(second)
        report.figures.append(answer.figure(sender))
        guard answer.judgement(inside: true).verdict == .good else {
            report.verdict = .badData
            report.reason = "Nothing arrives on the way back: \(answer.judgement(inside: true).reason)"
            return .finish(report)
        }
        let offset = ClockOffset(
            forward: forward, backward: Uncertain(back.delay(startToStart: answer.centre), answer.error))
        report.metrics += [
            .init("clock_offset_error", offset.error.value, offset.error.sigma, unit: "ns"),
            .init("two_way_delay", offset.delay.value, offset.delay.sigma, unit: "ns"),
        ]
        report.reason =
            "If the link takes equally long both ways, trigger_delay of \(receiver.name) less that of \(sender.name) is "
            + "\(ReportText.plusMinus(offset.error)) ns too large."
        let sigma = (offset.error.sigma * offset.error.sigma + there.offset.sigma * there.offset.sigma).squareRoot()
        if offset.error.value.magnitude > 4 * sigma, there.isSurveyed {
            report.verdict = .outOfSpec
            report.reason += " That is more than the survey's uncertainty: survey trigger_delay again."
        }
        return .finish(report)
    }

    /// Whether photons can go from the receiver to the sender.
    private func canReturn(_ context: RoutineContext) -> Bool {
        let (sender, receiver) = (LinkScene.sender, LinkScene.receiver)
        return context.values.nodes[receiver].pulses[.emission] != nil
            && context.values.nodes[sender].pulses[.absorption] != nil
            && context.held(.node(receiver), "emission_amplitude") != nil
            && context.held(.node(sender), "absorption_amplitude") != nil
    }
}

/// What delays measured both ways give, each by the clocks as they are believed.
///
/// A receiver's trigger_delay that is too large by ε makes the way there longer by ε and the way back shorter.
struct ClockOffset: Equatable, Sendable {
    /// By how much the receiver's less the sender's trigger_delay is too large, in nanoseconds.
    let error: Uncertain
    /// The link's own delay.
    let delay: Uncertain

    init(forward: Uncertain, backward: Uncertain) {
        let sigma = (forward.sigma * forward.sigma + backward.sigma * backward.sigma).squareRoot() / 2
        error = Uncertain((forward.value - backward.value) / 2, sigma)
        delay = Uncertain((forward.value + backward.value) / 2, sigma)
    }
}
