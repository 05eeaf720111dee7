import BellModel

/// Share of the emitted excitation that the far qubit absorbs.
///
/// What is left at the sender and what arrived at the receiver, both over what |g⟩ and |e⟩ give after the same wait: the
/// readouts' errors and the decay after the photon are corrected by measurement, with their uncertainties.
/// - SeeAlso: Kurpiers et al., Nature 558, 264 (2018).
struct LinkEfficiencyRoutine: CalibrationRoutine {
    let name = "link-efficiency"
    let summary = "share of the emitted excitation that the far qubit absorbs"
    let scope = RoutineScope.link
    let dependencies = ["link-delay", "absorption", "emission", "relaxation"]
    let proposes = ["link_efficiency"]
    let validity = 24 * 3600.0

    /// Below this no violation is possible: S = 2√2 √η at best.
    static let least = 0.5

    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        try step(context, rounds, shots: 20_000, trials: 40_000, note: "transfer efficiency")
    }

    /// Whether the efficiency in force is still right to a few hundredths.
    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        _ = try context.needed(.link, "link_efficiency", for: name)
        return try step(context, rounds, shots: 4000, trials: 8000, note: "transfer efficiency, a few trials")
            .compared(with: context, tolerance: 0.03, for: name)
    }

    private func step(
        _ context: RoutineContext, _ rounds: [[Measurement]], shots: Int, trials: Int, note: String
    ) throws(BellError) -> RoutineStep {
        let scene = try LinkScene(context)
        let delay = scene.startToStart(delay: try context.needed(.link, "link_delay", for: name).value)
        let (sender, receiver) = (LinkScene.sender, LinkScene.receiver)
        let points =
            ReadoutScale.points(sender, wait: max(scene.senderWait, 0), count: shots)
            + ReadoutScale.points(receiver, wait: max(scene.receiverWait(startToStart: delay), 0), count: shots)
            + [ExperimentPoint(.joint, "link-delay", ["delay_ns": delay], count: trials)]
        guard let round = rounds.first else { return .measure(points, note: note) }
        guard round.count == points.count, let sent = ReadoutScale(round[0..<2], sender),
            let received = ReadoutScale(round[2..<4], receiver), let kept = CountedShare(round[4], of: sender),
            let arrived = CountedShare(round[4], of: receiver)
        else { return .finish(.unusable(name)) }
        if let flaw = sent.flaw(sender) ?? received.flaw(receiver) {
            return .finish(RoutineReport(.badData, "\(flaw). Run readout-clouds and relaxation."))
        }
        return .finish(Self.report(left: sent.population(kept), arrived: received.population(arrived)))
    }

    /// Judges the populations, corrected for readout and decay.
    static func report(left: Uncertain, arrived: Uncertain) -> RoutineReport {
        let emitted = Uncertain(1 - left.value, left.sigma)
        let value = arrived.value / emitted.value
        let relative = [arrived.sigma / arrived.value, emitted.sigma / emitted.value].map { $0 * $0 }.reduce(0, +)
        let efficiency = Uncertain(value, value.magnitude * relative.squareRoot())
        var (verdict, reason) = (
            RoutineReport.Verdict.good, "The far qubit absorbs \(ReportText.plusMinus(efficiency)) of what is emitted."
        )
        if !efficiency.value.isFinite || !efficiency.sigma.isFinite || efficiency.value > 1 + 4 * efficiency.sigma {
            verdict = .badData
            reason =
                "\(ReportText.digits(efficiency.value)) of what is emitted would arrive: the references of the readout are "
                + "wrong. Run readout-clouds and emission."
        } else if arrived.value < 5 * arrived.sigma {
            (verdict, reason) = (.outOfSpec, "Nothing arrives: the link is dead or link-delay is wrong.")
        } else if (emitted.value - 0.5).magnitude > 0.05 + 4 * emitted.sigma {
            verdict = .outOfSpec
            reason =
                "\(ReportText.plusMinus(emitted)) of the excitation is emitted instead of half: run emission again."
        } else if efficiency.value + 3 * efficiency.sigma < least {
            verdict = .outOfSpec
            reason =
                "The far qubit absorbs \(ReportText.plusMinus(efficiency)) of what is emitted; below \(least) no Bell "
                + "inequality can be violated."
        }
        return RoutineReport(
            verdict, reason,
            proposals: [
                .init(
                    CalibrationPath(.link, "link_efficiency"), value: min(efficiency.value, 1),
                    uncertainty: efficiency.sigma)
            ],
            metrics: [
                .init("link_efficiency", efficiency.value, efficiency.sigma),
                .init("emitted", emitted.value, emitted.sigma), .init("arrived", arrived.value, arrived.sigma),
            ])
    }
}
