import BellFit
import BellModel
import BellPlot
import Glibc

/// Phase and amplitude of pulses through the setting switch against those of the fixed path.
///
/// A train of switched pulses over their scale gives the amplitude coarsely and shows a stuck switch; a fixed and a
/// switched π/2 pulse over the second one's axis give the phase; trains of switched π/2 pulses give the amplitude finely.
///
/// In a trial the switched pulse comes as soon as the switch counts as moved, and its front still meets the end of the
/// transient. So the phase is measured with a pulse as early as that, and the amplitude by the difference that one such
/// pulse makes to one long after the latch: only one pulse a shot can be early, so that no train amplifies it.
struct GatedPath: BenchRoutine {
    let name = "gated-path"
    let summary = "phase and amplitude of the path through the setting switch"
    let dependencies = ["fine-half-pi-after-drag", "switch-delay"]
    let proposes = ["gated_phase", "gated_amplitude_ratio"]
    let validity = 21_600.0
    let tolerances: [String: Tolerance] = [
        "gated_phase": .absolute(0.02), "gated_amplitude_ratio": .relative(0.005),
    ]

    private static let coarsePulses = 8
    /// After the latch, in nanoseconds: every switch has settled.
    private static let settle = 200.0
    /// Of each of both single pulses: 0.2 % of the amplitude.
    private static let singles = 200_000
    private static let trains = [1, 3, 5, 7, 13, 15, 21, 23, 33, 35]

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        guard let half = bench.value("half_pi_amplitude"), half > 0 else {
            return bad("half_pi_amplitude was never measured: do rabi-amplitude first.")
        }
        let ratio = bench.value("gated_amplitude_ratio") ?? 1
        let largest = 0.999 * ratio / half
        var scale = 1.0
        var next = 0
        var figures: [Figure] = []
        if effort == .full {
            let x = spread(0, min(1.4, largest), 29)
            guard rounds.count > next else {
                return .measure(
                    x.map { gated(bench, ["pulses": Double(Self.coarsePulses), "fixed_deg": 0, "scale": $0], 800) }
                        + [blocked(bench)], note: "trains through the switch")
            }
            guard rounds[0].count == x.count + 1, let signal = ShotSignal.population(rounds[0], bench) else {
                return nothingCame
            }
            switch coarse(bench, x, signal, &figures) {
            case .success(let found): scale = found
            case .failure(let flaw): return .finish(flaw.report)
            }
            if scale > largest { return .finish(tooWeak(bench, figures)) }
            next += 1
        }
        let axes = spread(0, 360, effort == .full ? 25 : 9).dropLast()
        guard rounds.count > next else {
            return .measure(
                axes.map {
                    gated(bench, ["axis_deg": $0, "scale": scale, "settle_ns": bench.gatedGap], effort.shots(6000))
                },
                note: "axis of a switched pulse")
        }
        guard rounds[next].count == axes.count, let signal = ShotSignal.population(rounds[next], bench) else {
            return nothingCame
        }
        var phase = SweepFit(CosineKnownPeriod(period: 360), x: Array(axes), signal)
        let peak = phase.model.peak(phase.fit)
        phase.requireLikeness(peak.amplitude, peak.amplitudeUncertainty)
        figures.append(
            phase.figure(
                "Phase of the switched path of \(bench.node.name)", "axis of the switched pulse (deg)",
                marks: peak.x.isFinite ? [.init("in phase", x: peak.x < 0 ? peak.x + 360 : peak.x)] : []))
        guard phase.judgement.verdict == .good, peak.amplitude > 0.25 else {
            return bad(
                "A fixed and a switched pulse do not interfere (contrast \(Wording.number(2 * peak.amplitude))): see "
                    + "whether the switch moves in time, switch-delay.", figures: figures)
        }
        let count = Self.trains.filter { $0 <= bench.mostPulses }
        let pulses = effort == .full ? count : count.filter { [1, 3, 13, 15, 21, 23].contains($0) }
        guard rounds.count > next + 1 else {
            return .measure(
                pulses.map {
                    gated(bench, ["pulses": Double($0), "fixed_deg": 0, "scale": scale], effort.shots(3000))
                }, note: "trains of switched π/2 pulses")
        }
        guard rounds[next + 1].count == pulses.count,
            let signal = ShotSignal.population(rounds[next + 1], bench)
        else { return nothingCame }
        let x = pulses.map { Double($0) * ($0 % 4 == 1 ? 1 : -1) }
        var train = SweepFit(LinearInSin(contrast: 0.5), x: x, signal)
        figures.append(Amplified.figure(train, "Switched π/2 trains of \(bench.node.name)"))
        if let flaw = Amplified.flaw(&train, limit: 0.3) {
            return .finish(RoutineReport(flaw.0, flaw.1, figures: figures))
        }
        scale /= 1 + train.fit["error"] / (.pi / 2)
        guard rounds.count > next + 2 else {
            return .measure(
                [bench.gatedGap, Self.settle].map {
                    gated(
                        bench, ["fixed_deg": 0, "scale": scale, "settle_ns": bench.wait($0)], effort.shots(Self.singles)
                    )
                }, note: "one switched pulse as early as in a trial")
        }
        guard rounds[next + 2].count == 2, let pair = ShotSignal.population(rounds[next + 2], bench) else {
            return nothingCame
        }
        let lost = Self.lost(early: Uncertain(pair.y[0], pair.sigma[0]), late: Uncertain(pair.y[1], pair.sigma[1]))
        guard lost.sigma < 0.05 else {
            return bad("One switched π/2 pulse does not leave half of |e⟩: do fine-half-pi again.", figures: figures)
        }
        guard lost.value.magnitude < 0.1 + 4 * lost.sigma else {
            return .finish(
                RoutineReport(
                    .outOfSpec,
                    "A switched pulse as early as in a trial is weaker by \(Wording.number(lost.value, lost.sigma)): the "
                        + "switch has not moved by then. Do switch-delay.", figures: figures))
        }
        scale /= 1 - lost.value
        if scale > largest { return .finish(tooWeak(bench, figures)) }
        let error = hypot(train.uncertainty("error") / (.pi / 2), lost.sigma)
        return finish(bench, ratio / scale, error, peak, lost, figures)
    }

    /// Part of a pulse's area that the transient takes, from P(e) after one π/2 pulse, early and late.
    static func lost(early: Uncertain, late: Uncertain) -> Uncertain {
        let angles = [early, late].map { p in
            let value = min(max(p.value, 0), 1)
            // P = (1 − cos θ)/2, so dP = sin θ dθ/2.
            return Uncertain(acos(1 - 2 * value), p.sigma / max((value * (1 - value)).squareRoot(), 0.05))
        }
        let part = angles[0].value / angles[1].value
        return Uncertain(1 - part, hypot(angles[0].sigma, part * angles[1].sigma) / angles[1].value)
    }

    private func finish(
        _ bench: NodeBench, _ ratio: Double, _ ratioError: Double,
        _ peak: (amplitude: Double, amplitudeUncertainty: Double, x: Double, xUncertainty: Double), _ lost: Uncertain,
        _ figures: [Figure]
    ) -> RoutineStep {
        let degree = Double.pi / 180
        // The compiler subtracts gated_phase: what is left at the best axis is what was subtracted too much.
        let now = bench.value("gated_phase") ?? 0
        var angle = now - peak.x * degree
        // Of all equal phases that near the one in force, inside of what the file allows.
        if angle > 6.5 { angle -= 2 * .pi }
        if angle < -6.5 { angle += 2 * .pi }
        let error = peak.xUncertainty * degree
        return .finish(
            RoutineReport(
                .good,
                "The switched path is \(Wording.number(ratio, ratio * ratioError)) times as strong as the fixed one, and "
                    + "\(Wording.number(angle / degree, error / degree)) deg ahead.",
                proposals: [
                    bench.proposal("gated_phase", angle, error),
                    bench.proposal("gated_amplitude_ratio", ratio, ratio * ratioError),
                ],
                metrics: [
                    .init("gated_contrast", 2 * peak.amplitude, 2 * peak.amplitudeUncertainty),
                    .init("gated_transient", lost.value, lost.sigma),
                ], figures: figures))
    }

    private func gated(_ bench: NodeBench, _ changes: [String: Double], _ count: Int) -> ExperimentPoint {
        bench.point(
            "gated-phase", ["settle_ns": bench.wait(Self.settle)].merging(changes) { _, new in new }, count)
    }

    /// Two π/2 pulses that the switch must not let pass.
    private func blocked(_ bench: NodeBench) -> ExperimentPoint {
        bench.point("switch-isolation", ["pulses": 2, "prepare_deg": 0], 2000)
    }

    /// A flaw that ends the routine.
    private struct Flaw: Error { var report: RoutineReport }

    /// The scale at which a switched pulse is a π/2 pulse.
    private func coarse(
        _ bench: NodeBench, _ x: [Double], _ signal: ShotSignal, _ figures: inout [Figure]
    ) -> Result<Double, Flaw> {
        let open = signal[0..<x.count]
        var sweep = SweepFit(Cosine(), x: x, open)
        let figure = sweep.figure("Switched pulses of \(bench.node.name)", "scale of the amplitude")
        figures.append(figure)
        func fail(_ verdict: RoutineReport.Verdict, _ reason: String) -> Result<Double, Flaw> {
            .failure(Flaw(report: RoutineReport(verdict, reason, figures: figures)))
        }
        let leaked = signal.y[x.count]
        if leaked > 0.5 {
            return fail(
                .outOfSpec,
                "The setting switch is stuck: it lets pulses pass that it must block (P(e) = \(Wording.number(leaked)) "
                    + "after two of them). See its supply and control line.")
        }
        if open.isFlat || open.swing < 0.2 {
            return fail(
                .outOfSpec,
                "The setting switch is stuck: no gated pulse reaches the qubit at any amplitude. See its supply, its "
                    + "control line, and whether the input bit arrives.")
        }
        sweep.judgement.requirePeriods()
        sweep.requireLikeness(sweep.fit["amplitude"], sweep.uncertainty("amplitude"))
        guard sweep.judgement.verdict == .good else { return fail(.badData, sweep.judgement.reason) }
        return .success(Double(Self.coarsePulses) / (4 * max(sweep.fit["frequency"], 0.01)))
    }

    private func tooWeak(_ bench: NodeBench, _ figures: [Figure]) -> RoutineReport {
        RoutineReport(
            .outOfSpec, "The switched path is too weak: a π/2 pulse through it needs more than full scale.",
            figures: figures)
    }
}
