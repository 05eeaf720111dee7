import BellFit
import BellModel
import BellPlot

/// T1 from the decay of |e⟩.
struct Relaxation: BenchRoutine {
    let name = "relaxation"
    let summary = "T1, how long |e⟩ lives"
    let dependencies = ["readout-clouds"]
    let proposes = ["t1"]
    let validity = 43_200.0
    let tolerances: [String: Tolerance] = ["t1": .relative(0.3)]

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        DecayPlan(bench, effort, guess: bench.value("t1") ?? 20_000, longestWait: 300_000).step(rounds) { plan, waits in
            waits.map { bench.point("relaxation", ["wait_ns": $0], effort.shots(2000)) }
        } analyse: { (round, waits) -> SweepFit<Exponential>? in
            guard round.count == waits.count else { return nil }
            return ShotSignal.population(round, bench).map { SweepFit(Exponential(), x: waits, $0) }
        } finish: { sweep in
            report(bench, "t1", "T1", "Relaxation of \(bench.node.name)", sweep)
        }
    }
}

/// T2 echo from the decay of an echo; both signs of the last pulse are measured, so that no offset matters.
struct Echo: BenchRoutine {
    let name = "echo"
    let summary = "T2 echo, coherence with slow noise undone"
    let dependencies = ["readout-clouds"]
    let proposes = ["t2_echo"]
    let validity = 43_200.0
    let tolerances: [String: Tolerance] = ["t2_echo": .relative(0.3)]

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        let guess = bench.value("t2_echo") ?? bench.value("t2_star").map { 1.5 * $0 } ?? 15_000
        let plan = DecayPlan(bench, effort, guess: guess, longestWait: 300_000)
        return plan.step(rounds) { _, waits in
            [0.0, 180].flatMap { phase in
                waits.map {
                    bench.point("echo", ["half_wait_ns": bench.wait($0 / 2), "phase_deg": phase], effort.shots(2000))
                }
            }
        } analyse: { (round, waits) -> SweepFit<Held<Exponential>>? in
            guard round.count == 2 * waits.count, let signal = ShotSignal.population(round, bench) else { return nil }
            let y = signal[0..<waits.count].halfDifference(
                signal[waits.count..<2 * waits.count], label: "half difference of P(e)")
            return SweepFit(Held(Exponential(), ["offset": 0]), x: waits, y)
        } finish: { sweep in
            report(bench, "t2_echo", "T2 echo", "Echo of \(bench.node.name)", sweep)
        }
    }
}

extension BenchRoutine {
    /// The report on a decay time in nanoseconds.
    fileprivate func report<Model: FitModel>(
        _ bench: NodeBench, _ quantity: String, _ word: String, _ title: String, _ sweep: SweepFit<Model>
    ) -> RoutineReport {
        var sweep = sweep
        sweep.judgement.requireResolved("tau", longest: 3)
        sweep.requireLikeness(sweep.fit["amplitude"], sweep.uncertainty("amplitude"))
        let (tau, error) = (sweep.fit["tau"], sweep.uncertainty("tau"))
        let figure = sweep.figure(
            title, "wait (µs)", scale: 1000, marks: sweep.judgement.verdict == .good ? [.init(word, x: tau / 1000)] : []
        )
        guard sweep.judgement.verdict == .good else {
            return RoutineReport(
                sweep.judgement.routineVerdict,
                sweep.signal.isFlat
                    ? "Nothing decays: the qubit is not excited, or the readout sees nothing. Repeat readout-clouds."
                    : sweep.judgement.reason, figures: [figure])
        }
        return RoutineReport(
            .good, "\(word) is \(Wording.number(tau / 1000, error / 1000)) µs.",
            proposals: [bench.proposal(quantity, tau, error)], figures: [figure])
    }
}

/// Waits that fit a decay: three times as long as it lasts, found in at most three tries.
struct DecayPlan {
    let bench: NodeBench
    let effort: Effort
    let guess: Double
    let longestWait: Double

    init(_ bench: NodeBench, _ effort: Effort, guess: Double, longestWait: Double) {
        (self.bench, self.effort, self.longestWait) = (bench, effort, longestWait)
        self.guess = min(max(guess, 100), longestWait / 3)
    }

    func waits(_ span: Double) -> [Double] {
        // Twice the grid, so that half of a wait is on it.
        spread(0, min(span, longestWait), effort == .full ? 26 : 9).map { 2 * bench.wait($0 / 2) }
    }

    func step<Model: FitModel>(
        _ rounds: [[Measurement]], points: (DecayPlan, [Double]) -> [ExperimentPoint],
        analyse: ([Measurement], [Double]) -> SweepFit<Model>?, finish: (SweepFit<Model>) -> RoutineReport
    ) -> RoutineStep {
        var span = 3 * guess
        for (place, round) in rounds.enumerated() {
            guard let sweep = analyse(round, waits(span)) else {
                return .finish(RoutineReport(.badData, "No shots came back, or the readout has no contrast."))
            }
            let tau = sweep.fit["tau"]
            let better = min(3 * tau, longestWait)
            let isFar = better > 2 * span || better < 0.4 * span
            if effort == .full, place < 2, sweep.fit.hasConverged, !sweep.signal.isFlat, tau > 0, isFar {
                // A decay much longer than the sweep is only guessed at.
                span = min(max(better, 0.05 * span), 8 * span)
                continue
            }
            return .finish(finish(sweep))
        }
        return .measure(points(self, waits(span)), note: "waits up to \(Wording.time(min(span, longestWait)))")
    }
}
