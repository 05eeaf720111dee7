import BellModel
import BellPlot
import Foundation
import Testing

@testable import BellCalibration

@Suite("Routines of the link, on formulas")
struct LinkRoutineTests {
    /// The one proposal of a good report.
    private func proposal(_ report: RoutineReport) throws -> RoutineReport.Proposal {
        #expect(report.verdict == .good, "\(report.reason)")
        return try #require(report.proposals.first)
    }

    private func expect(_ report: RoutineReport, _ truth: Double, within limit: Double) throws {
        let proposal = try proposal(report)
        #expect(proposal.uncertainty > 0 && proposal.uncertainty < limit)
        #expect(
            (proposal.value - truth).magnitude < 4 * proposal.uncertainty,
            "\(proposal.path) \(proposal.value) ± \(proposal.uncertainty), truth \(truth)")
        #expect(!report.figures.isEmpty || report.proposals[0].path.quantity == "link_efficiency")
    }

    @Test("emission finds the amplitude that leaves half", arguments: 0..<12)
    func emission(seed: Int) throws {
        var world = LinkWorld(seed: seed)
        world.emitTurns = 0.3 + 0.02 * Double(seed)
        let report = try world.perform(EmissionRoutine(), LinkFiles.context()).report
        try expect(report, 0.25 / world.emitTurns, within: 0.01)
    }

    @Test("absorption finds the amplitude that takes all", arguments: 0..<12)
    func absorption(seed: Int) throws {
        var world = LinkWorld(seed: seed)
        world.absorbTurns = 0.54 + 0.03 * Double(seed)
        let report = try world.perform(AbsorptionRoutine(), LinkFiles.context()).report
        try expect(report, 0.5 / world.absorbTurns, within: 0.03)
    }

    @Test("absorption looks for a photon that comes at another time", arguments: 0..<4)
    func lateAbsorption(seed: Int) throws {
        var world = LinkWorld(seed: seed)
        world.arrival = 760
        let (report, rounds) = try world.perform(AbsorptionRoutine(), LinkFiles.context())
        #expect(rounds.count == 4)
        try expect(report, 0.5 / world.absorbTurns, within: 0.03)
    }

    @Test("link-delay finds the arrival, Gaussian or not", arguments: 0..<12)
    func delay(seed: Int) throws {
        var world = LinkWorld(seed: seed)
        world.arrival = 140 + 2.3 * Double(seed)
        world.flatness = seed.isMultiple(of: 2) ? 0 : 0.4
        let report = try world.perform(LinkDelayRoutine(), LinkFiles.context()).report
        // Trigger 152.5 − 152.4, lines 14.3 − 14.1.
        try expect(report, world.arrival + 0.3, within: 0.8)
    }

    @Test("link-delay widens its sweep once", arguments: [430.0, -60, 900])
    func wideDelay(arrival: Double) throws {
        var world = LinkWorld(seed: 5)
        world.arrival = arrival
        let (report, rounds) = try world.perform(LinkDelayRoutine(), LinkFiles.context())
        #expect(rounds.count == 3)
        try expect(report, arrival + 0.3, within: 0.8)
    }

    @Test("link-efficiency corrects decay and readout", arguments: 0..<12)
    func efficiency(seed: Int) throws {
        var world = LinkWorld(seed: seed)
        world.efficiency = 0.6 + 0.03 * Double(seed)
        world.emitTurns = 0.25 / 0.78125
        world.absorbTurns = 0.5 / 0.892857
        world.t1 = PerNode(alice: 9000, bob: 6000)
        let report = try world.perform(LinkEfficiencyRoutine(), LinkFiles.context()).report
        try expect(report, world.efficiency, within: 0.02)
    }

    @Test("bell-phase finds the phase from any start", arguments: 0..<12)
    func phase(seed: Int) throws {
        var world = LinkWorld(seed: seed)
        world.phase = -3.1 + 0.55 * Double(seed)
        let context = try LinkFiles.context().setting(CalibrationPath(.link, "link_phase"), 0.3 * Double(seed) - 2)
        let report = try world.perform(BellPhaseRoutine(), context).report
        let proposal = try proposal(report)
        #expect(proposal.uncertainty > 0.001 && proposal.uncertainty < 0.02)
        #expect(remainder(proposal.value - world.phase, 2 * .pi).magnitude < 4 * proposal.uncertainty)
        #expect(proposal.value.magnitude <= .pi)
        let most = try #require(report.metrics.first { $0.name == "s_largest" })
        // Every E passes both readouts' contrasts and leans: 2 (ε_e − ε_g)² is 2e-4.
        let s = 2 * 2.0.squareRoot() * world.visibility * 0.96 * 0.95 + 2 * 0.01 * 0.01
        #expect((most.value - s).magnitude < 4 * (most.uncertainty ?? 0))
        #expect(report.figures.count == 2 && report.figures[0].marks.count == 4)
    }

    @Test("s-value measures S at the phase in force", arguments: 0..<6)
    func sValue(seed: Int) throws {
        var world = LinkWorld(seed: seed)
        world.phase = 0.83
        let report = try world.perform(SValueRoutine(), LinkFiles.context()).report
        #expect(report.verdict == .good && report.proposals.isEmpty)
        let s = try #require(report.metrics.first)
        let truth = 2 * 2.0.squareRoot() * world.visibility * 0.96 * 0.95 + 2e-4
        #expect((s.value - truth).magnitude < 4 * (s.uncertainty ?? 0))
        #expect((s.uncertainty ?? 1) < 0.01)
    }

    @Test("tomography finds fidelity and concurrence", arguments: 0..<6)
    func tomography(seed: Int) throws {
        var world = LinkWorld(seed: seed)
        world.phase = 0.83 + 0.1 * Double(seed)
        let report = try world.perform(TomographyRoutine(), LinkFiles.context()).report
        // F = (1 − zz)/4 + (xx + yy)/4 with xx = yy = V cos.
        let truth = 0.25 * 1.9 + 0.5 * world.visibility * cos(0.1 * Double(seed))
        try expect(report, truth, within: 0.01)
    }

    @Test("emission-shape sees that another length fits no better")
    func shape() throws {
        var world = LinkWorld(seed: 3)
        let report = try world.perform(PhotonShapeRoutine(), LinkFiles.context()).report
        #expect(report.verdict == .good && report.figures.count == 2)
    }

    static let routines: [any CalibrationRoutine] = LinkRoutines.all

    @Test("checks of a calibrated link are good", arguments: routines.map(\.name))
    func checks(name: String) throws {
        let routine = try #require(Self.routines.first { $0.name == name })
        var world = LinkWorld(seed: 11)
        world.phase = 0.83
        world.emitTurns = 0.25 / 0.78125
        world.absorbTurns = 0.5 / 0.892857
        world.arrival = 149.7
        let context = try LinkFiles.context().setting(CalibrationPath(.link, "link_efficiency"), 0.8, 0.005)
            .setting(CalibrationPath(.link, "bell_fidelity"), 0.9, 0.005)
        // Quantities that the tables do not know yet cannot be in force.
        if routine.proposes.contains(where: { context.held(.link, $0) == nil && $0.hasPrefix("link_eff") }) { return }
        if name == "tomography", context.held(.link, "bell_fidelity") == nil { return }
        let report = try world.perform(routine, context, check: true).report
        #expect(report.verdict == .good, "\(report.reason)")
        #expect(report.proposals.isEmpty)
    }

    @Test("names are unique, and dependencies within the list come before")
    func order() {
        var seen: Set<String> = []
        let names = Set(LinkRoutines.all.map(\.name))
        for routine in LinkRoutines.all {
            #expect(seen.isSuperset(of: Set(routine.dependencies).intersection(names)), "\(routine.name)")
            #expect(seen.insert(routine.name).inserted)
            #expect(routine.scope == .link && routine.validity > 0 && !routine.summary.isEmpty)
        }
    }
}
