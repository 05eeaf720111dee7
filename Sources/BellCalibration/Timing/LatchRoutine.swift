import BellModel

/// Whether the bit that is recorded is the bit that moved the switch, at both nodes.
///
/// rng_latency itself is the board's own and is measured at the generator. A bit that is latched before it is ready shows
/// here: outcomes of a switched π pulse disagree with it. Proposes nothing.
struct LatchRoutine: CalibrationRoutine {
    let name = "latch"
    let summary = "the recorded input bit against what the setting switch did"
    let scope = RoutineScope.link
    let dependencies = ["readout-clouds", "gated-path", "switch-delay"]
    let proposes: [String] = []
    let validity = 24 * 3600.0

    /// Share of trials in which the switch may disagree with the bit: the π pulse's own error is less.
    private static let most = 0.05

    func calibrate(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        step(rounds, count: 20_000)
    }

    func check(_ context: RoutineContext, _ rounds: [[Measurement]]) throws(BellError) -> RoutineStep {
        step(rounds, count: 4000)
    }

    private func step(_ rounds: [[Measurement]], count: Int) -> RoutineStep {
        let points =
            Node.allCases.flatMap { ReadoutScale.points($0, count: count) }
            + [ExperimentPoint(.joint, name, [:], count: count)]
        guard let round = rounds.first else { return .measure(points, note: "input bit and switch") }
        guard round.count == points.count, case .joint(let set) = round[4],
            let alice = ReadoutScale(round[0..<2], .alice), let bob = ReadoutScale(round[2..<4], .bob)
        else { return .finish(.unusable(name)) }
        let scales = PerNode(alice: alice, bob: bob)
        var report = RoutineReport(.good, "")
        var clauses: [String] = []
        for node in Node.allCases {
            if let flaw = scales[node].flaw(node) {
                return .finish(RoutineReport(.badData, "\(flaw). Run readout-clouds."))
            }
            let trials = Array(zip(set.settings[node], set.outcomes[node]))
            let shares = [UInt8(0), 1].map { bit in
                let own = trials.filter { ($0.0 != 0) == (bit != 0) }
                return CountedShare(ones: own.count { $0.1 != 0 }, count: own.count)
            }
            guard let zero = shares[0], let one = shares[1],
                let bits = CountedShare(ones: one.count, count: trials.count)
            else {
                return .finish(
                    RoutineReport(.outOfSpec, "All of \(node.name)'s input bits are equal: see its generator."))
            }
            let (blocked, passed) = (scales[node].population(zero), scales[node].population(one))
            report.metrics += [
                .init("\(node.name)_acts_on_zero", blocked.value, blocked.sigma),
                .init("\(node.name)_fails_on_one", 1 - passed.value, passed.sigma),
                .init("\(node.name)_ones", bits.value, bits.sigma),
            ]
            if blocked.value > Self.most + 4 * blocked.sigma {
                clauses.append(
                    "\(node.name)'s switch passes in \(ReportText.plusMinus(blocked)) of the trials with bit 0")
            }
            if 1 - passed.value > Self.most + 4 * passed.sigma {
                clauses.append(
                    "\(node.name)'s switch blocks in \(ReportText.plusMinus(1 - passed.value, passed.sigma)) of the trials "
                        + "with bit 1")
            }
        }
        if clauses.isEmpty {
            report.reason = "At both nodes the switch does what the recorded bit says."
        } else {
            report.verdict = .outOfSpec
            report.reason =
                clauses.joined(separator: "; ") + ": the bit is latched before it is ready, or the switch is wrong. "
                + "Measure rng_latency at the generator, then run gated-path."
        }
        return .finish(report)
    }
}
