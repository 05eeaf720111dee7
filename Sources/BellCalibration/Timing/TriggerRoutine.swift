import BellModel
import BellPlot
import BellSequence

/// How much the shared pulse jitters at each board, and whether both counters run evenly.
///
/// Trials that do nothing, with a clock record at every pulse: the ticks' scatter about a straight line, less their
/// rounding, is trigger_jitter as the timing budget counts it. trigger_delay itself no shared pulse can tell.
struct TriggerRoutine: CalibrationRoutine {
    let name = "trigger"
    let summary = "jitter of the shared pulse at both boards, and their counters' rates"
    let scope = RoutineScope.link
    let dependencies: [String] = []
    let proposes = ["trigger_jitter"]
    let validity = 7 * 24 * 3600.0

    /// Nanoseconds: at k = 5 two nodes' jitter of this size alone cost 1.4 ns of each margin, as much as all else.
    private static let most = 0.2
    /// How far from the value in force a check may be, in nanoseconds.
    private static let tolerance = 0.01
    /// Relative difference of the counters' rates; durations are counted right up to it (docs/timing-budget.md).
    private static let mostRate = 100e-6

    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        step(context, rounds, count: 12_000)
    }

    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        try step(context, rounds, count: 4000).compared(with: context, tolerance: Self.tolerance, for: name)
    }

    private func step(_ context: RoutineContext, _ rounds: [[Measurement]], count: Int) -> RoutineStep {
        guard let round = rounds.first else {
            return .measure([ExperimentPoint(.joint, name, count: count)], note: "clock records of the shared pulse")
        }
        guard round.count == 1, case .joint(let set) = round[0] else { return .finish(.unusable(name)) }
        var found = PerNode<PulseScatter?>(alice: nil, bob: nil)
        for node in Node.allCases {
            let arms = set.clocks.map { $0[node] }
            let all = arms.reduce(0) { $0 + $1.count }
            guard all >= count * 9 / 10 else {
                return .finish(
                    bad(
                        "\(node.name)'s board sent \(all) clock records of \(count) pulses: see that it records every "
                            + "pulse (clock every 1) and misses no trigger, `bellctl device check`."))
            }
            let longest = arms.max { $0.count < $1.count } ?? []
            guard longest.count >= PulseScatter.fewest else {
                return .finish(
                    bad(
                        "No arm of \(node.name)'s board has \(PulseScatter.fewest) clock records in a row: its spool is "
                            + "too small."))
            }
            guard let scatter = PulseScatter(longest) else {
                return .finish(
                    bad("\(node.name)'s clock records contradict each other: see its counter and its trigger input."))
            }
            found[node] = scatter
        }
        guard let alice = found.alice, let bob = found.bob else { return .finish(.unusable(name)) }
        return .finish(report(PerNode(alice: alice, bob: bob), context.limits.map { $0.tickRate.nanosecondsPerTick }))
    }

    private func bad(_ reason: String) -> RoutineReport { RoutineReport(.badData, reason) }

    private func report(_ found: PerNode<PulseScatter>, _ tick: PerNode<Double>) -> RoutineReport {
        var report = RoutineReport(.good, "", figures: figures(found, tick))
        var clauses: [String] = []
        for node in Node.allCases {
            let (own, unit) = (found[node], tick[node])
            report.metrics.append(
                .init("\(node.name)_pulse_spread", own.variance.value.squareRoot() * unit, unit: "ns"))
            report.metrics.append(.init("\(node.name)_stray_pulses", Double(own.outliers)))
            if let flaw = flaw(own, node) {
                report.verdict = .badData
                clauses.append(flaw)
                continue
            }
            guard own.isResolved else {
                report.metrics.append(.init("\(node.name)_trigger_jitter_bound", own.bound * unit, unit: "ns"))
                clauses.append(
                    "\(node.name)'s counter runs in step with the pulse: its jitter is below "
                        + "\(ReportText.digits(1000 * own.bound * unit)) ps and hidden within a tick; trigger_jitter stays"
                )
                continue
            }
            let jitter = Uncertain(own.jitter.value * unit, own.jitter.sigma * unit)
            clauses.append(
                "the pulse jitters by \(ReportText.plusMinus(1000 * jitter.value, 1000 * jitter.sigma)) ps at \(node.name)"
            )
            report.proposals.append(
                .init(CalibrationPath(.timing(node), "trigger_jitter"), value: jitter.value, uncertainty: jitter.sigma))
            if jitter.value > Self.most + 3 * jitter.sigma, report.verdict == .good {
                report.verdict = .outOfSpec
                clauses.append("more than \(Self.most) ns: see the trigger's cable, level and termination")
            }
        }
        let rates = PerNode { found[$0].rate.value * tick[$0] }
        let difference = rates.alice / rates.bob - 1
        let sigma = Node.allCases.map { found[$0].rate.sigma / found[$0].rate.value }.reduce(0) { $0 + $1 * $1 }
        report.metrics.append(.init("clock_rate_difference", difference * 1e9, sigma.squareRoot() * 1e9, unit: "ppb"))
        if difference.magnitude > Self.mostRate, report.verdict == .good {
            report.verdict = .outOfSpec
            clauses.append(
                "the counters' rates differ by \(ReportText.digits(difference * 1e6)) ppm: see their references")
        }
        if report.verdict != .good { report.proposals = [] }
        report.reason = clauses.joined(separator: "; ") + "."
        return report
    }

    private func flaw(_ own: PulseScatter, _ node: Node) -> String? {
        if own.outliers > max(3, own.count / 1000) {
            return "\(own.outliers) of \(own.count + own.outliers) pulses lie away from \(node.name)'s even clock: its "
                + "counter slipped, or its trigger input sees other edges"
        }
        if let most = own.unevenness {
            return
                "\(node.name)'s clock leaves a straight line by \(ReportText.digits(most)) ticks: its counter slipped, "
                + "or its oscillator wanders"
        }
        return nil
    }

    private func figures(_ found: PerNode<PulseScatter>, _ tick: PerNode<Double>) -> [Figure] {
        var histogram = Figure(
            title: "The shared pulse at both boards", xLabel: "tick less that of an even clock (ns)", yLabel: "share")
        var course = Figure(
            title: "Both counters against the shared pulse", xLabel: "part of the arm", yLabel: "mean deviation (ns)",
            marks: [.init("even", y: 0)])
        for node in Node.allCases {
            let (own, unit) = (found[node], tick[node])
            let reach = max(4 * own.variance.value.squareRoot(), 1)
            var shares = [Double](repeating: 0, count: 41)
            for value in own.rest where value.magnitude < reach {
                shares[min(max(Int(((value / reach + 1) * 20.5).rounded(.down)), 0), 40)] += 1 / Double(own.count)
            }
            histogram.series.append(
                .init(
                    node.name, .steps, x: (0..<41).map { (Double($0) - 20) / 20.5 * reach * unit }, y: shares))
            let means = own.means
            let error = (own.variance.value * Double(means.count) / Double(own.count)).squareRoot() * unit
            course.series.append(
                .init(
                    node.name, x: means.indices.map { (Double($0) + 0.5) / Double(means.count) },
                    y: means.map { $0 * unit }, error: means.map { _ in error }))
        }
        return [histogram, course]
    }
}
