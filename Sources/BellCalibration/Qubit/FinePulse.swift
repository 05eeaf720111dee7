import BellFit
import BellModel
import BellPlot

/// The amplitude of the π/2 pulse by error amplification: the error of a train's angle grows with its length.
///
/// Short trains first, longer ones when these have shown that the angle does not wrap.
/// - SeeAlso: Sheldon et al., PRA 93, 012301 (2016), section III.
struct FineHalfPi: BenchRoutine {
    let name: String
    let dependencies: [String]
    let summary = "π/2 amplitude by error amplification"
    let proposes = ["half_pi_amplitude"]
    let validity = 21_600.0
    let tolerances: [String: Tolerance] = ["half_pi_amplitude": .relative(0.003)]

    init(_ name: String = "fine-half-pi", after dependencies: [String] = ["readout-clouds"]) {
        (self.name, self.dependencies) = (name, dependencies)
    }

    /// Pairs of pulses after the first one.
    private static let trains: [[Int]] = [
        [0, 1, 2, 3, 4, 5], [0, 1, 4, 5, 8, 9, 14, 15, 20, 21], [0, 1, 10, 11, 20, 21, 30, 31, 40, 41],
    ]

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        guard let amplitude = bench.value("half_pi_amplitude"), amplitude > 0 else {
            return bad("half_pi_amplitude was never measured: do rabi-amplitude first.")
        }
        var scale = 1.0
        let trains = effort == .full ? Self.trains : [Self.trains[1]]
        for (place, train) in trains.enumerated() {
            let pairs = train.filter { 2 * $0 + 1 <= bench.mostPulses }
            guard place < rounds.count else {
                return .measure(
                    pairs.map {
                        bench.point("fine-half-pi", ["pairs": Double($0), "scale": scale], effort.shots(3000))
                    }, note: "trains of up to \(2 * (pairs.last ?? 0) + 1) pulses")
            }
            guard rounds[place].count == pairs.count, let signal = ShotSignal.population(rounds[place], bench) else {
                return nothingCame
            }
            // P(e) = 1/2 + (−1)^k sin((2k + 1) ε)/2.
            let x = pairs.map { Double(2 * $0 + 1) * ($0.isMultiple(of: 2) ? 1 : -1) }
            var sweep = SweepFit(LinearInSin(contrast: 0.5), x: x, signal)
            let figure = Amplified.figure(sweep, "π/2 trains of \(bench.node.name)")
            if let flaw = Amplified.flaw(&sweep, limit: place == 0 && effort == .full ? 0.5 : 0.2) {
                return .finish(RoutineReport(flaw.0, flaw.1, figures: [figure]))
            }
            let turn = 1 + sweep.fit["error"] / (.pi / 2)
            scale /= turn
            guard place == trains.count - 1 else {
                if amplitude * scale > 1 { return .finish(tooWeak(amplitude * scale, [figure])) }
                continue
            }
            let (value, error) = (amplitude * scale, sweep.uncertainty("error"))
            if value > 1 { return .finish(tooWeak(value, [figure])) }
            let change = scale - 1
            return .finish(
                RoutineReport(
                    .good,
                    "The π/2 pulse turned by \(Wording.number(-90 * change / scale)) deg too much; what is left is known to "
                        + "\(Wording.number(error * 180 / .pi)) deg.",
                    proposals: [bench.proposal("half_pi_amplitude", value, value * error / (.pi / 2))],
                    metrics: [.init("half_pi_angle_error", -90 * change / scale, error * 180 / .pi, unit: "deg")],
                    figures: [figure]))
        }
        return nothingCame
    }

    private func tooWeak(_ amplitude: Double, _ figures: [Figure]) -> RoutineReport {
        RoutineReport(
            .outOfSpec,
            "A π/2 pulse needs \(Wording.number(amplitude)) of full scale: raise the drive's power or lengthen the pulse.",
            figures: figures)
    }
}

/// The amplitude of the π pulse by error amplification after a π/2 pulse.
///
/// Where the board's full scale does not reach for a π pulse there is none, and two π/2 pulses are played: then there is
/// nothing to measure.
struct FinePi: BenchRoutine {
    let name: String
    let dependencies: [String]
    let summary = "π amplitude by error amplification"
    let proposes = ["pi_amplitude"]
    let validity = 21_600.0
    let tolerances: [String: Tolerance] = ["pi_amplitude": .relative(0.003)]

    init(_ name: String = "fine-pi", after dependencies: [String] = ["fine-half-pi"]) {
        (self.name, self.dependencies) = (name, dependencies)
    }

    private static let trains: [[Int]] = [
        [0, 1, 2, 3, 4, 5], [0, 1, 4, 5, 8, 9, 14, 15], [0, 1, 10, 11, 20, 21, 34, 35],
    ]

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        guard let start = bench.value("pi_amplitude"), start > 0 else { return .finish(PiPulse.none) }
        var amplitude = start
        let trains = effort == .full ? Self.trains : [Self.trains[1]]
        for (place, train) in trains.enumerated() {
            let pulses = train.filter { $0 + 1 <= bench.mostPulses }
            guard place < rounds.count else {
                return .measure(
                    pulses.map {
                        bench.point(
                            "fine-pi",
                            [
                                "pulses": Double($0), "amplitude": amplitude,
                                "drag_ns": bench.value("pi_drag") ?? 0,
                            ], effort.shots(3000))
                    }, note: "trains of up to \(pulses.last ?? 0) pulses")
            }
            guard rounds[place].count == pulses.count, let signal = ShotSignal.population(rounds[place], bench) else {
                return nothingCame
            }
            // P(e) = 1/2 + (−1)^n sin(n ε + ε')/2.
            let x = pulses.map { Double($0) * ($0.isMultiple(of: 2) ? 1 : -1) }
            var sweep = SweepFit(LinearInSin(contrast: 0.5, fitsInitial: true), x: x, signal)
            let figure = Amplified.figure(sweep, "π trains of \(bench.node.name)")
            if let flaw = Amplified.flaw(&sweep, limit: place == 0 && effort == .full ? 0.5 : 0.2) {
                return .finish(RoutineReport(flaw.0, flaw.1, figures: [figure]))
            }
            amplitude /= 1 + sweep.fit["error"] / .pi
            if amplitude > 1 {
                return .finish(
                    RoutineReport(
                        .outOfSpec,
                        "A π pulse needs \(Wording.number(amplitude)) of full scale: remove pi_amplitude from the file, so "
                            + "that two π/2 pulses are played, or lengthen its shape.", figures: [figure]))
            }
            guard place == trains.count - 1 else { continue }
            let error = sweep.uncertainty("error")
            let degrees = 180 * (start / amplitude - 1)
            return .finish(
                RoutineReport(
                    .good,
                    "The π pulse turned by \(Wording.number(degrees)) deg too much; what is left is known to "
                        + "\(Wording.number(error * 180 / .pi)) deg.",
                    proposals: [bench.proposal("pi_amplitude", amplitude, amplitude * error / .pi)],
                    metrics: [.init("pi_angle_error", degrees, error * 180 / .pi, unit: "deg")], figures: [figure]))
        }
        return nothingCame
    }
}

extension PiPulse {
    static let none = RoutineReport(
        .good, "There is no π pulse of its own here (pi_amplitude is not in the file): two π/2 pulses are played.")
}

/// What both kinds of trains have in common.
enum Amplified {
    /// Verdict and reason when a fit of error amplification cannot be used.
    ///
    /// - Parameter limit: rad; larger errors mean that something else is wrong.
    static func flaw(_ sweep: inout SweepFit<LinearInSin>, limit: Double) -> (RoutineReport.Verdict, String)? {
        guard sweep.fit.hasConverged else { return (.badData, sweep.judgement.reason) }
        let rest = sweep.judgement.residuals.reduce(0) { $0 + $1 * $1 } / Double(max(sweep.x.count, 1))
        let noise = sweep.signal.sigma.reduce(0) { $0 + $1 * $1 } / Double(max(sweep.x.count, 1))
        let left = max(0, rest - 3 * noise).squareRoot()
        if !(left < 0.12) || !((0.3...0.7).contains(sweep.fit["offset"])) {
            return (
                .badData,
                "The trains do not end about halfway between |g⟩ and |e⟩ as pulses that are nearly right do (offset "
                    + "\(Wording.number(sweep.fit["offset"])), rest \(Wording.number(left))): repeat rabi-amplitude and "
                    + "readout-clouds."
            )
        }
        if sweep.fit["error"].magnitude > limit {
            return (
                .outOfSpec,
                "A pulse turns by \(Wording.number(sweep.fit["error"] * 180 / .pi)) deg too much: repeat rabi-amplitude."
            )
        }
        return nil
    }

    static func figure(_ sweep: SweepFit<LinearInSin>, _ title: String) -> Figure {
        var figure = Figure(title: title, xLabel: "± pulses", yLabel: sweep.signal.label)
        figure.series = [.init("data", x: sweep.x, y: sweep.signal.y, error: sweep.signal.sigma)]
        if sweep.fit.hasConverged {
            let places = spread(sweep.x.min() ?? 0, sweep.x.max() ?? 1, 101)
            figure.series.append(
                .init("fit", .line, x: places, y: places.map { sweep.model.value($0, sweep.fit.parameters) }))
        }
        figure.marks = [.init("half", y: 0.5)]
        return figure
    }
}
