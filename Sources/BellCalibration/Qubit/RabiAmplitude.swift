import BellFit
import BellModel
import BellPlot

/// The amplitude of the π/2 pulse from the oscillation of a train of pulses with their amplitude; also that of the π pulse.
///
/// Needs no calibrated readout: the IQ points' own direction of change is enough, and the oscillation's period does not
/// depend on its contrast. The train is chosen for two and a half periods, and again when that was wrong.
struct RabiAmplitude: BenchRoutine {
    let name = "rabi-amplitude"
    let summary = "π/2 and π amplitudes from Rabi oscillations, with any readout"
    let dependencies = ["qubit-spectroscopy"]
    let proposes = ["half_pi_amplitude", "pi_amplitude"]
    let validity = 7 * 86_400.0
    let tolerances: [String: Tolerance] = ["half_pi_amplitude": .relative(0.03), "pi_amplitude": .relative(0.03)]

    private static let points = 41

    func step(_ bench: NodeBench, _ rounds: [[Measurement]], _ effort: Effort) -> RoutineStep {
        let count = effort == .full ? Self.points : 21
        let x = spread(0, 1, count)
        let expected = bench.value("half_pi_amplitude") ?? 0.5
        var pulses = Self.pulses(expected, bench)
        for (place, round) in rounds.enumerated() {
            guard round.count == count, let signal = ShotSignal.alongAxis(round) else { return nothingCame }
            var sweep = SweepFit(Cosine(), x: x, signal)
            let periods = sweep.fit["frequency"]
            // Too few or too many periods for this train; one train that is longer or shorter is tried.
            let better = signal.isFlat ? 1 : Self.pulses(Double(pulses) / (4 * max(periods, 0.1)), bench)
            if place == 0, better != pulses, signal.isFlat || !(1...8).contains(periods) {
                pulses = better
                continue
            }
            return finish(bench, &sweep, pulses)
        }
        return .measure(
            x.map { bench.point("rabi-amplitude", ["amplitude": $0, "pulses": Double(pulses)], effort.shots(800)) },
            note: "\(pulses) pulses, all amplitudes")
    }

    /// For two and a half periods up to full scale.
    private static func pulses(_ halfPi: Double, _ bench: NodeBench) -> Int {
        min(max(Int((10 * halfPi).rounded()), 1), min(40, bench.mostPulses))
    }

    private func finish(_ bench: NodeBench, _ sweep: inout SweepFit<Cosine>, _ pulses: Int) -> RoutineStep {
        let title = "Rabi oscillations of \(bench.node.name), \(pulses) pulses"
        let label = "amplitude (of full scale)"
        if sweep.signal.isFlat {
            return bad(
                "The qubit does not answer to pulses of any amplitude: it is dead, the drive does not arrive or is off "
                    + "resonance, or the readout sees nothing. Repeat qubit-spectroscopy.",
                figures: [sweep.figure(title, label)])
        }
        sweep.judgement.requirePeriods()
        sweep.requireLikeness(sweep.fit["amplitude"], sweep.uncertainty("amplitude"))
        let amplitude = Double(pulses) / (4 * sweep.fit["frequency"])
        let uncertainty = amplitude * sweep.uncertainty("frequency") / sweep.fit["frequency"]
        let marks: [Figure.Mark] = sweep.fit.hasConverged ? [.init("π/2 pulse", x: amplitude)] : []
        let figure = sweep.figure(title, label, marks: marks)
        // Without a pulse there is |g⟩: an extremum.
        let phase = sweep.fit["phase"]
        if sweep.fit.hasConverged, min(phase.magnitude, .pi - phase.magnitude) > 0.7 {
            sweep.judgement.find(.badData, "the oscillation does not begin at |g⟩ without a pulse")
        }
        if amplitude > 1 {
            sweep.judgement.find(
                .outOfSpec,
                "a π/2 pulse needs \(Wording.number(amplitude)) of full scale: raise the drive's power or lengthen the "
                    + "pulse")
        }
        guard sweep.judgement.verdict == .good else {
            return .finish(
                RoutineReport(sweep.judgement.routineVerdict, sweep.judgement.reason, figures: [figure]))
        }
        var proposals = [bench.proposal("half_pi_amplitude", amplitude, uncertainty)]
        let pi = amplitude * bench.piFactor
        let reaches = pi <= PiPulse.largest
        if reaches { proposals.append(bench.proposal("pi_amplitude", pi, uncertainty * bench.piFactor)) }
        return .finish(
            RoutineReport(
                .good,
                "A π/2 pulse needs \(Wording.number(amplitude, uncertainty)) of full scale"
                    + (reaches ? "." : "; a π pulse of this length would need more than there is, so two are played."),
                proposals: proposals,
                metrics: [
                    .init(
                        "rabi_frequency_full_scale", 0.25e9 / (amplitude * bench.halfPi.area),
                        0.25e9 / (amplitude * bench.halfPi.area) * uncertainty / amplitude, unit: "Hz")
                ], figures: [figure]))
    }
}

/// Whether a π pulse of its own is possible.
enum PiPulse {
    /// Room for the fine calibration to make it larger.
    static let largest = 0.97
}
