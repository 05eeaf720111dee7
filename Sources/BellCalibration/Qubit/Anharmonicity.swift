import BellFit
import BellModel
import BellPlot

/// The anharmonicity from a sweep of a pulse about |e⟩–|f⟩ between two π pulses.
///
/// The first π pulse makes |e⟩; where the pulse meets |e⟩–|f⟩ it takes the population away, and the last π pulse does not
/// bring it back to |g⟩. The π/2 pulse's own shape is wide enough to be found over ±150 MHz; long weak ones then narrow it.
struct Anharmonicity: BenchRoutine {
    let name = "anharmonicity"
    let summary = "frequency of |e⟩–|f⟩ against |g⟩–|e⟩"
    let dependencies = ["readout-clouds"]
    let proposes = ["anharmonicity"]
    let validity = 30 * 86_400.0
    let tolerances: [String: Tolerance] = ["anharmonicity": .absolute(2e6)]

    private static let usual = -240e6
    private static let longPulse = 400.0

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        let guess = bench.value("anharmonicity") ?? Self.usual
        let half = (bench.value("half_pi_amplitude") ?? 0.5) / 2.0.squareRoot()
        var middle = guess
        var next = 0
        var figures: [Figure] = []
        if effort == .full {
            let wide = bench.carriers(spread(guess - 150e6, guess + 150e6, 61))
            guard wide.count > 10 else {
                return bad("The board's carriers do not reach \(Wording.frequency(guess)) from the qubit.")
            }
            guard rounds.count > 0 else {
                return .measure(
                    wide.map {
                        bench.point(
                            "thermal-population",
                            ["excite": 1, "back": 1, "ef_amplitude": min(1, 1.4 * half), "ef_offset_hz": $0], 1000)
                    }, note: "wide sweep")
            }
            guard rounds[0].count == wide.count, let signal = ShotSignal.alongAxis(rounds[0]) else {
                return nothingCame
            }
            var sweep = SweepFit(GaussianPeak(), x: wide, signal)
            sweep.judgement.requireInside("centre")
            sweep.requireLikeness(sweep.fit["amplitude"], sweep.uncertainty("amplitude"), part: 0.3)
            figures.append(sweep.figure("|e⟩–|f⟩ of \(bench.node.name)", "offset (MHz)", scale: 1e6))
            guard sweep.judgement.verdict == .good else { return bad(sweep.judgement.reason, figures: figures) }
            middle = sweep.fit["centre"]
            next = 1
        }
        let fine = bench.carriers(spread(middle - 12e6, middle + 12e6, effort == .full ? 49 : 25))
        let length = bench.longest(Self.longPulse)
        guard fine.count > 10 else { return bad("The line is at the end of what the board can play.") }
        guard rounds.count > next else {
            // Half a turn at √2 times the coupling of |g⟩–|e⟩.
            let amplitude = min(1, 2 * half * bench.halfPi.area / (length / 2))
            return .measure(
                fine.map {
                    bench.point(
                        "anharmonicity",
                        ["offset_hz": $0, "amplitude": amplitude, "duration_ns": length], effort.shots(1500))
                }, note: "fine sweep")
        }
        guard rounds[next].count == fine.count, let signal = ShotSignal.alongAxis(rounds[next]) else {
            return nothingCame
        }
        var sweep = SweepFit(GaussianPeak(), x: fine, signal)
        sweep.judgement.requireInside("centre")
        sweep.requireLikeness(sweep.fit["amplitude"], sweep.uncertainty("amplitude"), part: 0.25)
        let (centre, error) = (sweep.fit["centre"], sweep.uncertainty("centre") + 0.02 * sweep.fit["width"])
        figures.insert(
            sweep.figure(
                "|e⟩–|f⟩ of \(bench.node.name), fine", "offset (MHz)", scale: 1e6,
                marks: sweep.fit.hasConverged ? [.init("anharmonicity", x: centre / 1e6)] : []), at: 0)
        guard sweep.judgement.verdict == .good else { return bad(sweep.judgement.reason, figures: figures) }
        return .finish(
            RoutineReport(
                .good, "|e⟩–|f⟩ is \(Wording.number(centre / 1e6, error / 1e6)) MHz from |g⟩–|e⟩.",
                proposals: [bench.proposal("anharmonicity", centre, error)], figures: figures))
    }
}
