import BellFit
import BellModel
import BellPlot
import BellSequence
import Glibc

/// The DRAG coefficient β at which a pulse and its opposite undo each other.
///
/// Pairs of opposite pulses act on a superposition: amplitude errors cancel, the phase that a wrong β makes adds up and
/// tips the state, to the other side for the opposite superposition; half of the difference crosses zero at the best β
/// whatever the readout's offset. Few pairs over a wide range first, then more over narrower ones. What is left in |f⟩ after
/// a train is told from |e⟩ by exchanging both before the readout.
/// - SeeAlso: Motzoi et al., PRL 103, 110501 (2009); Lucero et al., PRA 82, 042339 (2010); Chen et al., PRL 116, 020501
///   (2016).
struct DragCoefficient: BenchRoutine {
    let name: String
    let dependencies: [String]
    let summary = "DRAG coefficients of the π/2 and the π pulse, and the leakage that is left"
    let proposes = ["half_pi_drag", "pi_drag"]
    let validity = 7 * 86_400.0
    let tolerances: [String: Tolerance] = ["half_pi_drag": .absolute(0.03), "pi_drag": .absolute(0.03)]

    init(_ name: String = "drag", after dependencies: [String] = ["fine-half-pi", "fine-pi"]) {
        (self.name, self.dependencies) = (name, dependencies)
    }

    /// How many pairs, and how far to both sides in nanoseconds for a π/2 pulse of 12 ns.
    private static let stages: [(pairs: Int, reach: Double)] = [(1, 1.5), (4, 0.35), (14, 0.1)]
    private static let trainLength = 40.0

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        let hasPi = bench.value("pi_amplitude") != nil
        let angles: [Double] = hasPi ? [90, 180] : [90]
        // A check stays about the values in force.
        let stages = effort == .full ? Self.stages : [Self.stages[1]]
        var best = angles.map { bench.value($0 == 90 ? "half_pi_drag" : "pi_drag") ?? 0 }
        if effort == .full { best = best.map { _ in 0 } }
        var found: [DragCrossing] = []
        for (place, stage) in stages.enumerated() {
            let x = zip(angles, best).map { places(bench, $0, $1, stage.reach, effort) }
            guard place < rounds.count else {
                var points: [ExperimentPoint] = []
                for (angle, x) in zip(angles, x) {
                    for side in [90.0, -90] {
                        points += x.map {
                            bench.point(
                                "drag",
                                [
                                    "drag_ns": $0, "pairs": Double(stage.pairs), "angle_deg": angle,
                                    "prepare_deg": side,
                                ], effort.shots(2000))
                        }
                    }
                }
                return .measure(points, note: "\(stage.pairs) pairs of opposite pulses")
            }
            guard rounds[place].count == x.reduce(0, { $0 + 2 * $1.count }),
                let signal = ShotSignal.population(rounds[place], bench)
            else { return nothingCame }
            found = []
            var at = 0
            for (k, x) in x.enumerated() {
                let (plus, minus) = (signal[at..<at + x.count], signal[at + x.count..<at + 2 * x.count])
                at += 2 * x.count
                let crossing = DragCrossing(
                    x: x, plus.halfDifference(minus, label: "half difference of P(e)"),
                    title: "DRAG of \(bench.node.name), \(Int(angles[k])) deg, \(stage.pairs) pairs")
                found.append(crossing)
                if let flaw = crossing.flaw { return bad(flaw, figures: found.map(\.figure)) }
                best[k] = crossing.place
            }
        }
        guard effort == .full else { return finish(bench, angles, found, nil) }
        guard rounds.count > stages.count else { return leakage(bench, best) }
        return finish(bench, angles, found, leaked(rounds[stages.count], bench))
    }

    private func places(
        _ bench: NodeBench, _ angle: Double, _ middle: Double, _ reach: Double, _ effort: Effort
    ) -> [Double] {
        // Longer pulses need as much; steeper ones would pass full scale.
        let length =
            angle == 180
            ? bench.calibration.pulses[.pi]?.duration.nanoseconds ?? bench.halfPi.length
            : bench.halfPi.length
        let limit = 0.2 * length
        let half = min(reach, 0.125 * length)
        return spread(max(-limit, middle - half), min(limit, middle + half), effort == .full ? 11 : 5)
    }

    private func finish(
        _ bench: NodeBench, _ angles: [Double], _ found: [DragCrossing], _ leakage: RoutineReport.Metric?
    ) -> RoutineStep {
        let names = angles.map { $0 == 90 ? "half_pi_drag" : "pi_drag" }
        let proposals = zip(names, found).map { bench.proposal($0, $1.place, $1.uncertainty) }
        let text = zip(names, found).map { "\($0) is \(Wording.number($1.place, $1.uncertainty)) ns" }
            .joined(separator: ", ")
        return .finish(
            RoutineReport(
                .good,
                "Opposite pulses undo each other where \(text)"
                    + (leakage.map { "; a π/2 pulse leaves \(Wording.number($0.value)) in |f⟩." } ?? "."),
                proposals: proposals, metrics: leakage.map { [$0] } ?? [], figures: found.map(\.figure)))
    }

    // MARK: Leakage

    private func leakage(_ bench: NodeBench, _ best: [Double]) -> RoutineStep {
        let offset = bench.value("anharmonicity") ?? -240e6
        let amplitude = min(1, (bench.value("half_pi_amplitude") ?? 0.5) / 2.0.squareRoot())
        let train = min(Self.trainLength, Double(bench.mostPulses / 4 * 4 - 4))
        func point(_ pulses: Double, _ swap: Double) -> ExperimentPoint {
            bench.point(
                "drag-leakage",
                [
                    "drag_ns": best[0], "pulses": pulses, "swap_ef": swap, "ef_offset_hz": offset,
                    "ef_amplitude": amplitude,
                ], 10_000)
        }
        let third = bench.tone.merging(
            ["excite": 1, "to_f": 1, "ef_offset_hz": offset, "ef_amplitude": amplitude]
        ) { _, new in new }
        return .measure(
            [point(train, 0), point(train, 1), point(0, 0), point(0, 1), bench.point("readout", third, 5000)],
            note: "leakage of \(Int(train)) pulses")
    }

    /// Nil where the readout cannot tell |f⟩ from |e⟩.
    private func leaked(_ round: [Measurement], _ bench: NodeBench) -> RoutineReport.Metric? {
        guard round.count == 5, let signal = ShotSignal.population(round, bench) else { return nil }
        let y = signal.y
        // Of P(e) and P(f) the readout sees P(e) + r P(f), and after the exchange P(f) + r P(e).
        let r = min(max(y[4], 0), 1)
        guard 1 - r * r > 0.3 else { return nil }
        let (plain, swapped) = (y[0] - y[2], y[1] - y[3])
        let train = min(Self.trainLength, Double(bench.mostPulses / 4 * 4 - 4))
        let noise = (0..<4).map { signal.sigma[$0] * ($0.isMultiple(of: 2) ? r : 1) }
        let error = noise.reduce(0) { $0 + $1 * $1 }.squareRoot() / (1 - r * r)
        return .init("leakage_per_half_pi", (swapped - r * plain) / (1 - r * r) / train, error / train)
    }
}

/// Where half of the difference of both superpositions crosses zero.
struct DragCrossing {
    let place: Double
    let uncertainty: Double
    /// Nil when the crossing can be used.
    let flaw: String?
    let figure: Figure

    init(x: [Double], _ signal: ShotSignal, title: String) {
        let sweep = SweepFit(Line(), x: x, signal)
        let crossing = Line.crossing(sweep.fit)
        let slope = (sweep.fit["slope"], sweep.uncertainty("slope"))
        place = crossing.x
        uncertainty =
            crossing.uncertainty
            * max(1, sweep.fit.reducedChiSquare.isFinite ? sweep.fit.reducedChiSquare : 1)
            .squareRoot()
        let (low, high) = (x.min() ?? 0, x.max() ?? 0)
        if !sweep.fit.hasConverged {
            flaw = sweep.judgement.reason
        } else if !(slope.0.magnitude > 5 * slope.1) {
            flaw =
                "The pairs of pulses do not depend on β: no pulses reach the qubit, or the readout sees nothing. Repeat "
                + "fine-half-pi."
        } else if !(place > low - 0.1 * (high - low) && place < high + 0.1 * (high - low)) {
            flaw =
                "The best β, \(Wording.number(crossing.x)) ns, is outside of the sweep from \(Wording.number(low)) to "
                + "\(Wording.number(high)) ns: the pulse is too short for DRAG, or the drive is off resonance. Repeat ramsey."
        } else {
            flaw = nil
        }
        figure = sweep.figure(
            title, "β (ns)", marks: crossing.x.isFinite ? [.init("best", x: crossing.x), .init("zero", y: 0)] : [])
    }
}
