import BellModel
import BellSequence
import BellYAML
import Foundation
import MockLab
import Testing

@testable import BellCalibration

/// The simulator's physics behind a routine's points: compiled from the shipped experiments, without boards.
struct LinkSimulator: LinkApparatus {
    var truth: PhysicsTruth
    var dice: LinkDice
    /// Values that were accepted while a bring-up goes on.
    private var files: [String: ExperimentSequence] = [:]

    init(seed: Int, profile name: String = "profile.yaml") throws {
        let path = "Calibration/mocklab/\(name)"
        let profile = try MockProfile(yaml: try YAMLNode.parse(try LinkFiles.text(path), source: path))
        truth = profile.physics
        truth.pulseDelay = profile.boards.map { Double($0.triggerDelay) * 1e-12 }
        dice = LinkDice(random: Resampler(seed: UInt64(seed) + 4_321))
    }

    mutating func measure(_ point: ExperimentPoint, _ context: RoutineContext) throws -> BellCalibration.Measurement {
        let file = try files[point.sequence] ?? LinkFiles.experiment(point.sequence)
        files[point.sequence] = file
        let players: ExperimentSequence.Players =
            switch point.kind {
            case .shots(let node): .one(node)
            case .joint: .both
            }
        let programs = try file.compile(
            players, parameters: point.parameters, calibration: context.values, limits: context.limits)
        let outcomes = BellPhysics(programs: programs, truth: truth).outcomes
        guard case .shots(let node) = point.kind else { return dice.joint(outcomes, point.count) }
        // The setting switch passes: both input bits 1.
        let p = outcomes[12...15].enumerated().reduce(0) { sum, entry in
            sum + ((node == .alice ? entry.offset >> 1 : entry.offset & 1) == 1 ? entry.element : 0)
        }
        guard point.sequence == "readout-delay" else { return dice.shots(p, point.count) }
        let angle = truth.nodes[node].readout.angle
        var set = ShotSet(i: [], q: [], ones: 0)
        for _ in 0..<point.count {
            let side = dice.random.unit() < p ? 5000.0 : -5000
            set.i.append(Int16(side * cos(angle) + 1000 * dice.random.normal()))
            set.q.append(Int16(side * sin(angle) + 1000 * dice.random.normal()))
            set.ones += side > 0 ? 1 : 0
        }
        return .shots(set)
    }

    /// link_delay, from the truth's own clocks to the calibration's.
    func linkDelay(_ context: RoutineContext) -> Double {
        let seen =
            (context.held(.timing(.bob), "trigger_delay")?.value ?? 0)
            - (context.held(.timing(.alice), "trigger_delay")?.value ?? 0)
            + (context.held(.timing(.bob), "drive_line")?.value ?? 0)
            - (context.held(.timing(.alice), "drive_line")?.value ?? 0)
        let real =
            (truth.pulseDelay.bob - truth.pulseDelay.alice + truth.nodes.bob.driveLine - truth.nodes.alice.driveLine)
            * 1e9
        return truth.link.delay * 1e9 + seen - real
    }
}

@Suite("Routines of link and timing, on the simulator", .serialized)
struct LinkMockLabTests {
    private func expect(
        _ report: RoutineReport, _ truth: Double, systematic: Double = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(report.verdict == .good, "\(report.reason)", sourceLocation: sourceLocation)
        let proposal = try #require(report.proposals.first, sourceLocation: sourceLocation)
        #expect(
            (proposal.value - truth).magnitude < 4 * proposal.uncertainty + systematic,
            "\(proposal.path) \(proposal.value) ± \(proposal.uncertainty), truth \(truth)",
            sourceLocation: sourceLocation)
    }

    @Test("emission and absorption find the amplitudes of the truth", arguments: 0..<3)
    func exchange(seed: Int) throws {
        var lab = try LinkSimulator(seed: seed)
        let context = try LinkFiles.context()
        // Area of the cosine pulses: half of 160 and of 320 ns. Thermal population moves the end of the curve by 0.3 %.
        try expect(
            lab.perform(EmissionRoutine(), context).report, 0.25 / (lab.truth.nodes.alice.emitRate * 80e-9),
            systematic: 0.004)
        try expect(
            lab.perform(AbsorptionRoutine(), context).report, 0.5 / (lab.truth.nodes.bob.absorbRate * 160e-9),
            systematic: 0.004)
    }

    @Test("emission and absorption begin from amplitudes that are far off")
    func farOff() throws {
        var lab = try LinkSimulator(seed: 9)
        let context = try LinkFiles.context().setting(CalibrationPath(.node(.alice), "emission_amplitude"), 0.5)
            .setting(CalibrationPath(.node(.bob), "absorption_amplitude"), 0.5)
        try expect(
            lab.perform(EmissionRoutine(), context).report, 0.25 / (lab.truth.nodes.alice.emitRate * 80e-9),
            systematic: 0.004)
        try expect(
            lab.perform(AbsorptionRoutine(), context).report, 0.5 / (lab.truth.nodes.bob.absorbRate * 160e-9),
            systematic: 0.004)
    }

    @Test("link-delay finds the truth's delay, from a value that is off", arguments: [150.0, 100, 420])
    func delay(start: Double) throws {
        var lab = try LinkSimulator(seed: 2)
        let context = try LinkFiles.context().setting(CalibrationPath(.link, "link_delay"), start)
        try expect(lab.perform(LinkDelayRoutine(), context).report, lab.linkDelay(context))
    }

    @Test("link-efficiency finds the truth's", arguments: 0..<3)
    func efficiency(seed: Int) throws {
        var lab = try LinkSimulator(seed: seed)
        try expect(
            lab.perform(LinkEfficiencyRoutine(), LinkFiles.context()).report, lab.truth.link.efficiency,
            systematic: 0.01)
    }

    @Test("bell-phase finds the truth's phase, whatever is in force", arguments: [0.83, -2.0, 2.9])
    func phase(start: Double) throws {
        var lab = try LinkSimulator(seed: 3)
        let context = try LinkFiles.context().setting(CalibrationPath(.link, "link_phase"), start)
        let report = try lab.perform(BellPhaseRoutine(), context).report
        // The qubits' detunings of 6 and −4 kHz turn the state by 0.02 rad until the rotations.
        try expect(report, 2 * .pi * lab.truth.link.phase, systematic: 0.03)
        let s = try #require(report.metrics.first { $0.name == "s_largest" })
        #expect(s.value > 2.2 && s.value < 2.3)
    }

    @Test("s-value agrees with the simulator's own S, and with the prediction")
    func sValue() throws {
        var lab = try LinkSimulator(seed: 4)
        let context = try LinkFiles.context()
        let report = try lab.perform(SValueRoutine(), context).report
        #expect(report.verdict == .good)
        let programs = try LinkFiles.experiment("bell-phase").compile(
            .both, calibration: context.values, limits: context.limits)
        let truth = BellPhysics(programs: programs, truth: lab.truth).sValue()
        let s = try #require(report.metrics.first)
        #expect((s.value - truth).magnitude < 4 * (s.uncertainty ?? 0))
        // What a perfect calibration of this truth would hold.
        let link = lab.truth.link
        var stations = PerNode { _ in SPrediction.Station() }
        for node in Node.allCases {
            let own = lab.truth.nodes[node]
            let z = own.readout.separation / own.readout.noise
            let wrong = 0.5 * erfc(z / 2.0.squareRoot())
            stations[node].groundError = wrong
            stations[node].excitedError = wrong + 0.5 * own.readout.window / own.t1
            stations[node].thermal = own.thermal
            stations[node].t2 = own.t2 * 1e9
            stations[node].wait = node == .alice ? 426.5 : 276.5
            // T1 and T2 during 12 ns: the coherence limit of a π/2 pulse.
            stations[node].halfPiError = (3 - exp(-12e-9 / own.t1) - 2 * exp(-12e-9 / own.t2)) / 6
        }
        let predicted = SPrediction(stations: stations, efficiency: link.efficiency).s
        #expect((predicted - truth).magnitude < 0.03, "\(predicted) against \(truth)")
    }

    @Test("tomography's fidelity is that of a photon which was partly lost")
    func tomography() throws {
        var lab = try LinkSimulator(seed: 5)
        let report = try lab.perform(TomographyRoutine(), LinkFiles.context()).report
        #expect(report.verdict == .good, "\(report.reason)")
        let fidelity = try #require(report.proposals.first)
        // (1 + √η)²/4 without decoherence; it takes a few hundredths.
        let most = 0.25 * pow(1 + lab.truth.link.efficiency.squareRoot(), 2)
        #expect(fidelity.value < most && fidelity.value > most - 0.08)
        #expect(fidelity.uncertainty < 0.01)
    }

    @Test("the setting switch and the readout's start are found at both nodes", arguments: Node.allCases)
    func timing(node: Node) throws {
        var lab = try LinkSimulator(seed: 6)
        let context = try LinkFiles.context(node)
        let own = lab.truth.nodes[node]
        let lines = PerNode(alice: (1.6, 14.1), bob: (1.5, 14.3))
        try expect(
            lab.perform(SwitchDelayRoutine(), context).report,
            (own.switchDelay - own.switchLine) * 1e9 + lines[node].0, systematic: 0.1)
        try expect(
            lab.perform(ReadoutDelayRoutine(), context).report, (own.readoutIn - own.driveLine) * 1e9 + lines[node].1,
            systematic: 0.1)
        let paths = try lab.perform(DriveDelayRoutine(), context).report
        #expect(paths.verdict == .good, "\(paths.reason)")
    }

    @Test("delays that are off by several ticks are found")
    func delaysOff() throws {
        var lab = try LinkSimulator(seed: 7)
        let context = try LinkFiles.context().setting(CalibrationPath(.timing(.alice), "switch_delay"), 1.7)
            .setting(CalibrationPath(.timing(.alice), "readout_in"), 16.2)
        let own = lab.truth.nodes.alice
        try expect(
            lab.perform(SwitchDelayRoutine(), context).report, (own.switchDelay - own.switchLine) * 1e9 + 1.6,
            systematic: 0.1)
        try expect(
            lab.perform(ReadoutDelayRoutine(), context).report, (own.readoutIn - own.driveLine) * 1e9 + 14.1,
            systematic: 0.1)
    }

    @Test("latch finds no wrong bits, clock-alignment knows no offset")
    func others() throws {
        var lab = try LinkSimulator(seed: 8)
        let latch = try lab.perform(LatchRoutine(), LinkFiles.context()).report
        #expect(latch.verdict == .good, "\(latch.reason)")
        let clocks = try lab.perform(ClockAlignmentRoutine(), LinkFiles.context()).report
        #expect(clocks.verdict == .good && clocks.reason.contains("unknown"))
    }

    @Test("all checks are good with the shipped calibration")
    func checks() throws {
        var lab = try LinkSimulator(seed: 10)
        // No board, no clock records: what trigger needs is tested with boards.
        for routine in LinkRoutines.all + TimingRoutines.all
        where !["link-efficiency", "tomography", "trigger"].contains(routine.name) {
            let report = try lab.perform(routine, LinkFiles.context(), check: true).report
            #expect(report.verdict == .good, "\(routine.name): \(report.reason)")
        }
    }

    @Test("a dead link is out of spec")
    func dead() throws {
        var lab = try LinkSimulator(seed: 11)
        lab.truth.link.efficiency = 0
        for routine in LinkRoutines.all where routine.name != "emission" {
            let report = try lab.perform(routine, LinkFiles.context()).report
            #expect(report.verdict == .outOfSpec && report.proposals.isEmpty, "\(routine.name): \(report.reason)")
        }
    }
}
