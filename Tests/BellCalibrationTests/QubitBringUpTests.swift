import BellModel
import BellSequence
import Testing

@testable import BellCalibration
@testable import MockLab

@Suite("Readout and qubit from nothing, in the simulated laboratory", .serialized)
struct QubitBringUpTests {
    @Test(
        "From a cold start every routine succeeds and finds the truth",
        arguments: [1, 2, 3, 4] as [UInt64])
    func bringUp(seed: UInt64) throws {
        let node: Node = seed.isMultiple(of: 2) ? .bob : .alice
        var bench = try MockBench(profile: "profile-transmon.yaml", seed: seed)
        var random = QubitPaper.Numbers(seed: seed)
        func within(_ low: Double, _ high: Double) -> Double { low + (high - low) * random.uniform() }
        try bench.set(
            node,
            [
                "drive_detuning": within(-5e6, 5e6), "half_pi_amplitude": within(0.53, 0.99),
                "readout_angle": within(-3, 3), "readout_threshold": within(-3000, 3000),
                "readout_frequency": within(-15e6, 15e6), "readout_amplitude": within(0.5, 1),
            ])
        var metrics: [String: Double] = [:]
        for routine in RoutineTable.ofNode {
            let report = try bench.run(routine, node)
            #expect(report.verdict == .good, "\(routine.name): \(report.reason)")
            try bench.accept(report, node)
            for metric in report.metrics { metrics[metric.name] = metric.value }
        }
        let truth = bench.profile.physics.nodes[node]
        let values = NodeBench(RoutineContext(node: node, values: bench.values, limits: bench.limits))
        func value(_ name: String) throws -> Double { try #require(values.value(name), "\(name)") }
        #expect((try value("drive_detuning") - truth.detuning).magnitude < 4000)
        #expect((try value("t1") / (truth.t1 * 1e9) - 1).magnitude < 0.1)
        #expect((try value("t2_echo") / (truth.t2 * 1e9) - 1).magnitude < 0.1)
        #expect(try value("t2_star") < truth.t2 * 1e9)
        // As in a trial, whose pulse still meets the end of the switch's transient.
        let timing = bench.values.timing[node]
        let gap = values.gatedGap - (truth.switchDelay - truth.switchLine) * 1e9
        #expect(gap >= 0, "switch_delay \(timing[.switchDelay]?.value ?? .nan)")
        let passes = 1 - GatedPathTests.lost(gap: gap, rise: truth.switchRise * 1e9)
        #expect((try value("gated_amplitude_ratio") / (truth.gatedGain * passes) - 1).magnitude < 0.012)
        #expect((try value("gated_phase") - truth.gatedPhase).magnitude < 0.05)
        #expect((try value("switch_isolation") - truth.gateIsolation).magnitude < 2)
        #expect((try value("anharmonicity") - (truth.anharmonicity ?? 0)).magnitude < 4e6)
        #expect((try value("readout_frequency") - truth.readout.frequency).magnitude < 2e6)
        #expect(try value("readout_error_ground") < 0.06)
        #expect(try value("readout_error_excited") < 0.08)
        #expect((try value("thermal_population") - truth.thermal).magnitude < 0.01)
        let ratio = try #require(metrics["half_pi_error_over_limit"])
        #expect((0.8...1.2).contains(ratio), "π/2 error over the coherence limit is \(ratio)")
        #expect(try #require(metrics["allxy_deviation"]) < 0.06)
        #expect(bench.shots < 20_000_000 && bench.points < 4000, "\(bench.shots) shots, \(bench.points) points")
        // What was accepted is right when it is checked.
        for routine in RoutineTable.ofNode {
            let report = try bench.run(routine, node, isCheck: true)
            #expect(report.verdict == .good, "check of \(routine.name): \(report.reason)")
        }
    }

    @Test("Two-level qubits without resonators are calibrated as well")
    func simple() throws {
        var bench = try MockBench(profile: "profile.yaml", seed: 3)
        try bench.set(.alice, ["drive_detuning": 4e6, "half_pi_amplitude": 0.6, "readout_angle": 2])
        for routine in RoutineTable.ofNode where routine.name != "anharmonicity" {
            let report = try bench.run(routine, .alice)
            #expect(report.verdict == .good, "\(routine.name): \(report.reason)")
            try bench.accept(report, .alice)
        }
        let values = NodeBench(RoutineContext(node: .alice, values: bench.values, limits: bench.limits))
        #expect((try #require(values.value("drive_detuning")) - 6000).magnitude < 3000)
        // A quarter turn over 54.9 MHz and 6 ns.
        #expect((try #require(values.value("half_pi_amplitude")) - 0.75896).magnitude < 0.002)
    }

    @Test("A drive on |e⟩–|f⟩ is named")
    func wrongTransition() throws {
        var bench = try MockBench(profile: "profile-transmon.yaml", seed: 5)
        try bench.accept(try bench.run(ResonatorSpectroscopy(), .alice), .alice)
        bench.profile.physics.nodes.alice.detuning += 240e6
        let report = try bench.run(QubitSpectroscopy(), .alice)
        #expect(report.verdict == .outOfSpec, "\(report.reason)")
        #expect(report.reason.contains("wrong transition"))
    }

    @Test("A drive line that is cut is a dead qubit")
    func dead() throws {
        var bench = try MockBench(profile: "profile-transmon.yaml", seed: 6)
        bench.profile.physics.nodes.alice.rabi = 0
        for routine in [QubitSpectroscopy(), RabiAmplitude(), Ramsey(), ReadoutClouds()] as [any CalibrationRoutine] {
            let report = try bench.run(routine, .alice)
            #expect(report.verdict == .badData, "\(routine.name): \(report.reason)")
        }
    }

    @Test("A switch that never opens is named")
    func stuck() throws {
        var bench = try MockBench(profile: "profile.yaml", seed: 7)
        bench.profile.physics.nodes.alice.switchDelay = 1
        let report = try bench.run(GatedPath(), .alice)
        #expect(report.verdict == .outOfSpec)
        #expect(report.reason.contains("stuck"))
    }
}
