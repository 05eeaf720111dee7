import BellModel
import Glibc
import Testing

@testable import BellCalibration
@testable import MockLab

@Suite("What the shipped checks tell of the values that gates watch") struct WatchedValueTests {
    private func metric(_ report: RoutineReport, _ name: String) throws -> RoutineReport.Metric {
        #expect(report.proposals.isEmpty)
        return try #require(report.metrics.first { $0.name == name }, "\(report.reason)")
    }

    @Test("a check finds the excited population, also one that no cold qubit has", arguments: [0.004, 0.03, 0.08, 0.2])
    func thermal(truth: Double) throws {
        var bench = try MockBench(profile: "profile.yaml", seed: 11)
        bench.profile.physics.nodes.alice.thermal = truth
        let found = try metric(
            try bench.run(ThermalPopulation(), .alice, isCheck: true), "thermal_population")
        #expect(found.unit == "1")
        #expect((found.value - truth).magnitude < 0.01 + 0.1 * truth, "\(found.value)")
    }

    @Test("a check finds where the drive's frequency has jumped to", arguments: [6e3, 36e3, -84e3, 156e3])
    func frequency(truth: Double) throws {
        var bench = try MockBench(profile: "profile.yaml", seed: 12)
        let before = try metric(try bench.run(Ramsey(), .alice, isCheck: true), "drive_detuning")
        bench.profile.physics.nodes.alice.detuning = truth
        let after = try metric(try bench.run(Ramsey(), .alice, isCheck: true), "drive_detuning")
        #expect(before.unit == "Hz")
        #expect((before.value - 6e3).magnitude < 6e3, "\(before.value)")
        #expect((after.value - truth).magnitude < 6e3, "\(after.value)")
    }

    @Test(
        "a check finds the phase between the nodes, however far it is from the one in force",
        arguments: [0.1, 1.2, -2.5])
    func phase(moved: Double) throws {
        var lab = try LinkSimulator(seed: 3)
        let context = try LinkFiles.context()
        func check() throws -> RoutineReport.Metric {
            try metric(try lab.perform(BellPhaseRoutine(), context, check: true).report, "link_phase")
        }
        let before = try check()
        lab.truth.link.phase += moved / (2 * .pi)
        let change = remainder(try check().value - before.value - moved, 2 * .pi)
        #expect(change.magnitude < 0.1, "\(change) rad")
        #expect(before.unit == "rad")
    }

    @Test("every quantity that a routine says its check measures is one that it proposes")
    func names() {
        for routine in RoutineTable.all {
            #expect(Set(routine.watched).isSubset(of: routine.proposes), "\(routine.name)")
        }
        #expect(RoutineTable.all.contains { $0.watched.contains("link_phase") })
    }
}
