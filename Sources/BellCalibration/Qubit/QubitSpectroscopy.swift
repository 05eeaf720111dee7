import BellFit
import BellModel
import BellPlot

/// Finds the qubit's transition with a long weak pulse: `drive_detuning` to some ten kHz.
///
/// A sweep of ±20 MHz in steps narrower than the line, then a fine one about what was found. Where nothing or next to
/// nothing is found it looks for a stronger line one anharmonicity higher: then the drive is on |e⟩–|f⟩.
/// - SeeAlso: Schuster et al., PRL 94, 123602 (2005).
struct QubitSpectroscopy: BenchRoutine {
    let name = "qubit-spectroscopy"
    let summary = "finds the qubit's frequency with a long weak pulse"
    let dependencies = ["resonator-spectroscopy"]
    let proposes = ["drive_detuning"]
    let validity = 7 * 86_400.0
    // Half of a line's width: closer is Ramsey's task.
    let tolerances: [String: Tolerance] = ["drive_detuning": .absolute(3e5)]

    private static let halfSpan = 20e6
    private static let spacing = 0.5e6
    private static let duration = 2000.0
    /// What a transmon has where nothing else is known.
    private static let usualAnharmonicity = -240e6

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        let half = effort == .full ? Self.halfSpan : 2e6
        let wide = bench.carriers(spread(-half, half, Int(2 * half / Self.spacing) + 1))
        guard wide.count > 8 else {
            return bad("The board's carriers reach \(Wording.frequency(bench.largestCarrier)): no sweep is left.")
        }
        guard let first = rounds.first else {
            let clipped = wide.count <= Int(2 * half / Self.spacing) ? ", clipped to the board's limits" : ""
            return .measure(wide.map { point(bench, $0, 0.35, effort.shots(600)) }, note: "wide sweep" + clipped)
        }
        guard first.count == wide.count, let signal = ShotSignal.alongAxis(first) else { return nothingCame }
        let search = LineSearch(x: wide, signal, isNear: 2 * Self.spacing)
        let figure = Figure.sweep(
            "Qubit spectroscopy of \(bench.node.name)", "drive detuning (MHz)",
            x: wide.map { $0 + now(bench) }, signal, scale: 1e6,
            marks: search.lines.map { Figure.Mark("line", x: ($0.place + now(bench)) / 1e6) })
        if search.lines.count > 1 { return .finish(severalLines(search, bench, figure)) }
        let fine = fineSweep(bench, about: search.lines.first?.place, effort)
        // A line that moves the points by less than a tenth of a shot's noise may be the thermal part's |e⟩–|f⟩.
        let isWeak = search.lines.first.map { $0.height < 0.1 * signal.shotNoise } ?? true
        let above = isWeak && effort == .full ? higher(bench) : []
        guard !(fine + above).isEmpty else { return dead(figure, wide, bench) }
        if rounds.count < 2 {
            return .measure(
                fine.map { point(bench, $0, 0.35, effort.shots(1500)) } + above.map { point(bench, $0, 0.35, 600) },
                note: fine.isEmpty ? "looking one anharmonicity higher" : "fine sweep")
        }
        guard rounds[1].count == fine.count + above.count else { return nothingCame }
        if !above.isEmpty {
            guard let upper = ShotSignal.alongAxis(rounds[1].suffix(above.count)) else { return nothingCame }
            let found = LineSearch(x: above, upper, isNear: 4e6)
            if let line = found.lines.first, line.height > 4 * (search.lines.first?.height ?? 0) {
                return .finish(wrongTransition(line.place, bench, [figure]))
            }
        }
        guard !fine.isEmpty else { return dead(figure, wide, bench) }
        guard let signal = ShotSignal.alongAxis(rounds[1].prefix(fine.count)) else { return nothingCame }
        return finish(bench, fine, signal, figure)
    }

    private func now(_ bench: NodeBench) -> Double { bench.value("drive_detuning") ?? 0 }

    /// A pulse that turns by this part of a turn on resonance, if the amplitude in force is right.
    private func point(_ bench: NodeBench, _ detuning: Double, _ turn: Double, _ count: Int) -> ExperimentPoint {
        let duration = bench.longest(Self.duration)
        let half = bench.value("half_pi_amplitude") ?? 0.5
        let amplitude = 4 * turn * half * bench.halfPi.area / (duration / 2)
        return bench.point(
            "qubit-spectroscopy",
            [
                "detuning_hz": detuning, "amplitude": min(max(amplitude, 0.001), 0.2), "duration_ns": duration,
            ], count)
    }

    private func fineSweep(_ bench: NodeBench, about place: Double?, _ effort: Effort) -> [Double] {
        guard let place else { return [] }
        return bench.carriers(spread(place - 1.5e6, place + 1.5e6, effort == .full ? 31 : 16))
    }

    private func higher(_ bench: NodeBench) -> [Double] {
        let known = bench.value("anharmonicity")
        let middle = -(known ?? Self.usualAnharmonicity)
        let half = known == nil ? 100e6 : 25e6
        return bench.carriers(spread(middle - half, middle + half, known == nil ? 401 : 101))
    }

    private func finish(_ bench: NodeBench, _ x: [Double], _ signal: ShotSignal, _ wide: Figure) -> RoutineStep {
        var sweep = SweepFit(GaussianPeak(), x: x, signal)
        sweep.judgement.requireInside("centre")
        sweep.requireLikeness(sweep.fit["amplitude"], sweep.uncertainty("amplitude"), part: 0.25)
        let centre = now(bench) + sweep.fit["centre"]
        let fine = sweep.figure(
            "Qubit spectroscopy of \(bench.node.name), fine", "offset from the drive in force (MHz)", scale: 1e6,
            marks: sweep.fit.hasConverged ? [.init("qubit", x: sweep.fit["centre"] / 1e6)] : [])
        guard sweep.judgement.verdict == .good else {
            return .finish(
                RoutineReport(sweep.judgement.routineVerdict, sweep.judgement.reason, figures: [fine, wide]))
        }
        // The line is symmetric to a hundredth of its width.
        let uncertainty = (sweep.uncertainty("centre"), 0.01 * sweep.fit["width"])
        return .finish(
            RoutineReport(
                .good,
                "The qubit answers at \(Wording.frequency(centre)) from the frame, "
                    + "\(Wording.frequency(sweep.fit["centre"])) from the drive in force.",
                proposals: [bench.proposal("drive_detuning", centre, uncertainty.0 + uncertainty.1)],
                metrics: [
                    .init("qubit_line_width", 2.355 * sweep.fit["width"], unit: "Hz"),
                    .init("qubit_line_height", sweep.fit["amplitude"].magnitude / signal.shotNoise, unit: "1"),
                ], figures: [fine, wide]))
    }

    private func dead(_ figure: Figure, _ x: [Double], _ bench: NodeBench) -> RoutineStep {
        let (low, high) = (now(bench) + (x.first ?? 0), now(bench) + (x.last ?? 0))
        return bad(
            "The qubit answers nowhere from \(Wording.frequency(low)) to \(Wording.frequency(high)): it is dead or far "
                + "away, its drive does not arrive, or the readout sees nothing. Look at the drive's source and line, "
                + "then repeat resonator-spectroscopy.", figures: [figure])
    }

    private func severalLines(_ search: LineSearch, _ bench: NodeBench, _ figure: Figure) -> RoutineReport {
        let places = search.lines.map { Wording.frequency($0.place + now(bench)) }.joined(separator: ", ")
        return RoutineReport(
            .outOfSpec,
            "There are \(search.lines.count) lines where one is expected, at \(places): a defect or a neighbour answers "
                + "too. Decide which is the qubit, and write its drive_detuning into the file.", figures: [figure])
    }

    private func wrongTransition(_ place: Double, _ bench: NodeBench, _ figures: [Figure]) -> RoutineReport {
        RoutineReport(
            .outOfSpec,
            "The drive is on the wrong transition: the qubit answers much more strongly "
                + "\(Wording.frequency(place)) higher, one anharmonicity away, so that here is |e⟩–|f⟩. Set the drive's "
                + "LO higher by that, or drive_detuning to \(Wording.frequency(place + now(bench))).", figures: figures)
    }
}

/// Lines in a sweep: stretches that stand out of the noise, to whichever side.
struct LineSearch: Equatable, Sendable {
    struct Line: Equatable, Sendable {
        var place: Double
        /// From the background, positive.
        var height: Double
    }

    /// The strongest first.
    private(set) var lines: [Line] = []

    /// - Parameter isNear: Stretches that are not farther apart belong to one line.
    init(x: [Double], _ signal: ShotSignal, isNear: Double) {
        guard x.count == signal.y.count, x.count > 4 else { return }
        let background = signal.y.sorted()[signal.y.count / 2]
        let noise = signal.sigma.sorted()[signal.sigma.count / 2]
        let off = signal.y.map { $0 - background }
        guard let peak = off.max(by: { $0.magnitude < $1.magnitude }), peak.magnitude > 6 * noise else { return }
        // A second line of a third of the first one's height is no sidelobe.
        let level = max(6 * noise, 0.33 * peak.magnitude)
        var stretches: [ClosedRange<Int>] = []
        for k in x.indices where off[k].magnitude > level {
            if let last = stretches.last, x[k] - x[last.upperBound] <= isNear,
                (off[k] < 0) == (off[last.upperBound] < 0)
            {
                stretches[stretches.count - 1] = last.lowerBound...k
            } else {
                stretches.append(k...k)
            }
        }
        for stretch in stretches {
            guard let top = stretch.max(by: { off[$0].magnitude < off[$1].magnitude }) else { continue }
            // Where a broad line fills most of the sweep, its ends lie as far from the median as another line would.
            let isEnd = stretch.lowerBound == 0 || stretch.upperBound == x.count - 1
            if isEnd && (off[top] < 0) != (peak < 0) { continue }
            lines.append(Line(place: x[top], height: off[top].magnitude))
        }
        lines.sort { $0.height > $1.height }
    }
}
