import BellModel
import BellSequence
import Foundation
import Testing

@testable import BellCalibration
@testable import MockLab

/// The link of the profile `transmon`: a photon that the transfer resonators widen, and an absorption that takes what fits.
@Suite("Routines of the link on shaped photons, against the truth", .serialized)
struct ShapedLinkTests {
    private func lab(_ seed: Int, modeWidth: Double? = nil) throws -> LinkSimulator {
        var lab = try LinkSimulator(seed: seed, profile: "profile-transmon.yaml")
        #expect(lab.truth.link.isShaped)
        if let modeWidth { lab.truth.link.modeWidth = modeWidth }
        return lab
    }

    /// Share of the photon that an absorption takes `gap` nanoseconds after the emission, by the shipped pulses.
    private func overlap(_ lab: LinkSimulator, gap: Double) throws -> Double {
        let context = try LinkFiles.context()
        let programs = try LinkFiles.experiment("link-delay").compile(
            .both, parameters: ["delay_ns": gap], calibration: context.values, limits: context.limits)
        func mode(_ node: Node, _ kind: ProgramEvent.Kind) throws -> LinkMode {
            let program = try #require(programs[node])
            return LinkMode(
                event: try #require(program.events.first { $0.kind == kind }), program: program,
                origin: lab.truth.pulseDelay[node] + lab.truth.nodes[node].driveLine)
        }
        return LinkMode.overlap(
            emission: try mode(.alice, .emit), absorption: try mode(.bob, .absorb), delay: lab.truth.link.delay,
            spread: lab.truth.link.modeWidth)
    }

    private func proposal(_ report: RoutineReport) throws -> RoutineReport.Proposal {
        #expect(report.verdict == .good, "\(report.reason)")
        return try #require(report.proposals.first)
    }

    /// With the references that the routines correct by.
    private func context(_ lab: LinkSimulator) throws -> RoutineContext {
        var context = try LinkFiles.context()
        let ground = GroundTruth(lab.truth)
        for node in Node.allCases {
            let readout = ground.readout(node, window: 50e-9)
            let half = ground.halfPi(node, duration: 12e-9) { 0.5 - 0.5 * cos(2 * .pi * $0) }
            for (name, value) in [
                ("readout_angle", readout.angle), ("readout_threshold", readout.threshold),
                ("readout_frequency", readout.frequency), ("readout_amplitude", readout.amplitude),
                ("half_pi_amplitude", half.amplitude), ("half_pi_drag", half.drag),
                ("drive_detuning", lab.truth.nodes[node].detuning),
                ("thermal_population", lab.truth.nodes[node].thermal),
                ("gated_amplitude_ratio", lab.truth.nodes[node].gatedGain),
                ("gated_phase", lab.truth.nodes[node].gatedPhase),
            ] { context = context.setting(CalibrationPath(.node(node), name), value, 0.001) }
        }
        return context
    }

    @Test("emission and absorption find the amplitudes of the truth")
    func exchange() throws {
        var lab = try lab(1)
        let context = try context(lab)
        for (routine, truth) in [
            (EmissionRoutine() as any CalibrationRoutine, 0.25 / (lab.truth.nodes.alice.emitRate * 80e-9)),
            (AbsorptionRoutine(), 0.5 / (lab.truth.nodes.bob.absorbRate * 160e-9)),
        ] {
            let found = try proposal(lab.perform(routine, context).report)
            #expect(
                (found.value - truth).magnitude < 4 * found.uncertainty + 0.004,
                "\(found.path) \(found.value) ± \(found.uncertainty), truth \(truth)")
        }
    }

    @Test(
        "link-delay finds the photon's middle, wide or narrow, from a value that is off",
        arguments: [(20.0, 150.0), (50, 100), (90, 190)])
    func delay(width: Double, start: Double) throws {
        var lab = try lab(2, modeWidth: width * 1e-9)
        let context = try context(lab).setting(CalibrationPath(.link, "link_delay"), start)
        let found = try proposal(lab.perform(LinkDelayRoutine(), context).report)
        let truth = lab.linkDelay(context)
        #expect(
            (found.value - truth).magnitude < 4 * found.uncertainty,
            "\(found.value) ± \(found.uncertainty), truth \(truth)")
        #expect(found.uncertainty < 1)
    }

    @Test("link-efficiency is that of the photon's part which fits", arguments: [20.0, 50, 90])
    func efficiency(width: Double) throws {
        var lab = try lab(3, modeWidth: width * 1e-9)
        let context = try context(lab)
        let found = try proposal(lab.perform(LinkEfficiencyRoutine(), context).report)
        let gap = try LinkScene(context).startToStart(delay: 150)
        let truth = lab.truth.link.efficiency * (try overlap(lab, gap: gap))
        #expect(
            (found.value - truth).magnitude < 4 * found.uncertainty + 0.01,
            "\(found.value) ± \(found.uncertainty), truth \(truth)")
    }

    @Test("bell-phase finds the truth's phase", arguments: [0.83, -2.0])
    func phase(start: Double) throws {
        var lab = try lab(4)
        let context = try context(lab).setting(CalibrationPath(.link, "link_phase"), start)
        let found = try proposal(lab.perform(BellPhaseRoutine(), context).report)
        // Carriers on the qubits' frequencies turn from the trigger's source on: each node's axes by its detuning times the
        // time until the middle of its exchange pulse.
        let turned = [(Node.alice, 2180e-9, 1.0), (.bob, 2330e-9, -1)].reduce(0.0) { sum, part in
            let own = lab.truth.nodes[part.0]
            return sum + part.2 * own.detuning * (part.1 + own.driveLine + lab.truth.pulseDelay[part.0])
        }
        let error = remainder(found.value - 2 * .pi * (lab.truth.link.phase - turned), 2 * .pi)
        #expect(
            error.magnitude < 4 * found.uncertainty + 0.03, "\(found.value) ± \(found.uncertainty), off by \(error)")
    }

    @Test("tomography's fidelity follows the part that fits", arguments: [20.0, 50, 90])
    func fidelity(width: Double) throws {
        var lab = try lab(5, modeWidth: width * 1e-9)
        let context = try context(lab).setting(CalibrationPath(.link, "link_phase"), 2 * .pi * lab.truth.link.phase)
        let report = try lab.perform(TomographyRoutine(), context).report
        let found = try proposal(report)
        let gap = try LinkScene(context).startToStart(delay: 150)
        let part = lab.truth.link.efficiency * (try overlap(lab, gap: gap))
        // (1 + 2√η c + η)/4 with c what phase noise and T2 leave; T1 takes a few hundredths more.
        let noise = exp(-0.5 * lab.truth.link.phaseNoise * lab.truth.link.phaseNoise)
        let waits = exp(-0.4265e-6 / lab.truth.nodes.alice.t2 - 0.2765e-6 / lab.truth.nodes.bob.t2)
        let truth = 0.25 * (1 + 2 * part.squareRoot() * noise * waits + part)
        #expect(
            (found.value - truth).magnitude < 4 * found.uncertainty + 0.02,
            "\(found.value) ± \(found.uncertainty), truth \(truth)")
    }

    @Test("ten nanoseconds beside the photon cost at most two percent of it: how exactly a trial's gap must follow")
    func beside() throws {
        let lab = try lab(6)
        let best = try overlap(lab, gap: 70)
        for gap in [60.0, 80] {
            let part = try overlap(lab, gap: gap) / best
            #expect(part > 0.98 && part < 1)
        }
        #expect(try overlap(lab, gap: 130) / best < 0.75)
    }
}
