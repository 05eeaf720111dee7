import BellModel
import Testing

@testable import BellCalibration

@Suite("Routines of the link, on what is wrong")
struct LinkBadInputTests {
    private func perform(
        _ routine: any CalibrationRoutine, check: Bool = false, _ change: (inout LinkWorld) -> Void
    ) throws -> RoutineReport {
        var world = LinkWorld(seed: 23)
        world.phase = 0.83
        change(&world)
        let report = try world.perform(routine, LinkFiles.context(), check: check).report
        #expect(report.verdict != .good, "\(report.reason)")
        #expect(report.proposals.isEmpty)
        #expect(report.reason.count > 20)
        return report
    }

    static let names = [
        "absorption", "link-delay", "emission-shape", "link-efficiency", "bell-phase", "tomography", "s-value",
    ]

    @Test("a dead link is out of spec everywhere", arguments: names)
    func dead(name: String) throws {
        let routine = try #require(LinkRoutines.all.first { $0.name == name })
        let report = try perform(routine) { world in
            world.efficiency = 0
            world.visibility = 0
        }
        #expect(report.verdict == .outOfSpec, "\(report.reason)")
    }

    @Test("a dead link fails checks", arguments: ["absorption", "link-delay", "bell-phase", "s-value"])
    func deadCheck(name: String) throws {
        let routine = try #require(LinkRoutines.all.first { $0.name == name })
        let report = try perform(routine, check: true) { world in
            world.efficiency = 0
            world.visibility = 0
        }
        #expect(report.verdict == .outOfSpec)
    }

    @Test("a saturated readout is bad data", arguments: ["emission", "absorption", "link-efficiency", "tomography"])
    func saturated(name: String) throws {
        let routine = try #require(LinkRoutines.all.first { $0.name == name })
        let report = try perform(routine) { world in
            world.errors.alice = AssignmentErrors(ground: 0.9, excited: 0.05)
            world.errors.bob = AssignmentErrors(ground: 0.9, excited: 0.05)
        }
        #expect(report.verdict == .badData && report.reason.contains("readout"))
    }

    @Test("one saturated readout is enough")
    func oneSaturated() throws {
        let report = try perform(TomographyRoutine()) {
            $0.errors.bob = AssignmentErrors(ground: 0.5, excited: 0.5)
        }
        #expect(report.verdict == .badData && report.reason.contains("bob"))
    }

    @Test("an emission pulse that is too weak is out of spec")
    func weak() throws {
        let report = try perform(EmissionRoutine()) { $0.emitTurns = 0.2 }
        #expect(report.verdict == .outOfSpec && report.reason.contains("full scale"))
    }

    @Test("an emission pulse that does nothing is bad data")
    func noEmission() throws {
        let report = try perform(EmissionRoutine()) { $0.emitTurns = 0 }
        #expect(report.verdict == .badData, "\(report.reason)")
    }

    @Test("an absorption without a maximum is not proposed")
    func noPeak() throws { _ = try perform(AbsorptionRoutine()) { $0.absorbTurns = 0.3 } }

    @Test("a phase that jumps is out of spec with its noise")
    func unstable() throws {
        let report = try perform(BellPhaseRoutine()) { $0.phaseNoise = 0.5 }
        #expect(report.verdict == .outOfSpec)
        let noise = try #require(report.metrics.first { $0.name == "phase_noise" })
        #expect(noise.value > 0.25 && noise.value < 1)
    }

    @Test("a phase that holds has no noise", arguments: 0..<8)
    func stable(seed: Int) throws {
        var world = LinkWorld(seed: seed)
        let report = try world.perform(BellPhaseRoutine(), LinkFiles.context()).report
        let noise = try #require(report.metrics.first { $0.name == "phase_noise" })
        #expect(report.verdict == .good && noise.value < 0.05)
    }

    @Test("a wrong phase is seen by the check")
    func wrongPhase() throws {
        let report = try perform(BellPhaseRoutine(), check: true) { $0.phase = 1.2 }
        #expect(report.verdict == .outOfSpec)
        let error = try #require(report.metrics.first { $0.name == "link_phase_error" })
        #expect((error.value - 0.37).magnitude < 4 * (error.uncertainty ?? 0))
    }

    @Test("half a turn of phase shows no fidelity, and tomography says which routine mends it")
    func halfTurn() throws {
        let report = try perform(TomographyRoutine()) { $0.phase = 0.83 + .pi }
        #expect(report.verdict == .outOfSpec && report.reason.contains("bell-phase"))
    }

    @Test("a moved photon fails the check of its delay", arguments: [-30.0, 30])
    func moved(by shift: Double) throws {
        let report = try perform(LinkDelayRoutine(), check: true) { $0.arrival += shift }
        let error = try #require(report.metrics.first)
        #expect((error.value - shift).magnitude < 4 * (error.uncertainty ?? 0) + 0.3 * shift.magnitude)
    }

    @Test("points that come back empty are bad data, never a crash", arguments: LinkRoutines.all.map(\.name))
    func empty(name: String) throws {
        let routine = try #require(LinkRoutines.all.first { $0.name == name })
        let context = try LinkFiles.context()
        guard case .measure(let points, _) = try routine.calibrate(context, []) else {
            Issue.record("no points")
            return
        }
        let nothing = PerNode<[UInt8]>(alice: [], bob: [])
        let codes = PerNode<[Int16]>(alice: [], bob: [])
        let joint = BellCalibration.Measurement.joint(
            JointSet(settings: nothing, outcomes: nothing, i: codes, q: codes, lost: 9))
        let shots = BellCalibration.Measurement.shots(ShotSet(i: [], q: [], ones: 0))
        for round in [[], points.map { _ in joint }, points.map { _ in shots }, [joint]] {
            guard case .finish(let report) = try routine.calibrate(context, [round]) else {
                Issue.record("\(name) goes on")
                continue
            }
            #expect(report.verdict == .badData && report.proposals.isEmpty)
        }
    }

    @Test("S at or below 2 is out of spec")
    func local() throws {
        let report = try perform(SValueRoutine()) { $0.visibility = 0.7 }
        #expect(report.reason.contains("does not exceed 2"))
    }

    @Test("an efficiency above 1 is bad data, a small one out of spec")
    func efficiencies() {
        let left = Uncertain(0.5, 0.003)
        #expect(LinkEfficiencyRoutine.report(left: left, arrived: Uncertain(0.55, 0.003)).verdict == .badData)
        #expect(LinkEfficiencyRoutine.report(left: left, arrived: Uncertain(0.2, 0.003)).verdict == .outOfSpec)
        #expect(LinkEfficiencyRoutine.report(left: left, arrived: Uncertain(0.001, 0.003)).verdict == .outOfSpec)
        #expect(
            LinkEfficiencyRoutine.report(left: Uncertain(0.7, 0.003), arrived: Uncertain(0.2, 0.003)).verdict
                == .outOfSpec)
        let good = LinkEfficiencyRoutine.report(left: left, arrived: Uncertain(0.4, 0.003))
        #expect(good.verdict == .good && (good.proposals.first?.value ?? 0) == 0.8)
    }
}
