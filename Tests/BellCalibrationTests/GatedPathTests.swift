import BellModel
import Foundation
import Testing

@testable import BellCalibration
@testable import MockLab

@Suite("The switched path as a trial sees it", .serialized)
struct GatedPathTests {
    /// Part of a cosine pulse of 12 ns that a switch takes which began to open `gap` ns before it, by the integral.
    static func lost(gap: Double, rise: Double) -> Double {
        guard rise > 0 else { return 0 }
        let steps = 12_000
        return (0..<steps).reduce(0) { sum, k in
            let t = 12 * (Double(k) + 0.5) / Double(steps)
            return sum + (0.5 - 0.5 * cos(2 * .pi * t / 12)) * exp(-(t + gap) / rise) * 12 / Double(steps) / 6
        }
    }

    /// MockLab's `transmon` profile with its own numbers in force.
    private func bench(_ node: Node, rise: Double, seed: UInt64) throws -> MockBench {
        var bench = try MockBench(profile: "profile-transmon.yaml", seed: seed)
        bench.profile.physics.nodes[node].switchRise = rise * 1e-9
        let own = bench.profile.physics.nodes[node]
        let ground = GroundTruth(bench.profile.physics)
        let half = ground.halfPi(node, duration: 12e-9) { 0.5 - 0.5 * cos(2 * .pi * $0) }
        let readout = ground.readout(node, window: 50e-9)
        try bench.set(
            node,
            [
                "half_pi_amplitude": half.amplitude, "half_pi_drag": half.drag, "drive_detuning": own.detuning,
                "readout_angle": readout.angle, "readout_threshold": readout.threshold,
                "readout_frequency": readout.frequency, "readout_amplitude": readout.amplitude,
                "readout_error_ground": readout.errorGround, "readout_error_excited": readout.errorExcited,
            ])
        return bench
    }

    @Test("the shipped numbers: what a settled switch would get wrong", arguments: Node.allCases)
    func size(node: Node) throws {
        let own = try MockBench(profile: "profile-transmon.yaml", seed: 1).profile.physics.nodes[node]
        // bell-chsh plays the pulse 2 ns after the latch.
        let late = 2 - (own.switchDelay - own.switchLine) * 1e9
        let lost = Self.lost(gap: late, rise: own.switchRise * 1e9)
        #expect(lost > 0.008 && lost < 0.017, "\(node.name): \(lost)")
        // With a switch_delay that is the time of 90 %, as switch-delay measures it, a trial loses less than 0.3 %.
        #expect(Self.lost(gap: own.switchRise * 1e9 * log(10), rise: own.switchRise * 1e9) < 0.003)
    }

    @Test("the amplitude ratio is that of a pulse as early as in a trial", arguments: [0.0, 1, 1.5], Node.allCases)
    func ratio(rise: Double, node: Node) throws {
        var bench = try bench(node, rise: rise, seed: 40 + UInt64(10 * rise))
        let report = try bench.run(GatedPath(), node)
        #expect(report.verdict == .good, "\(report.reason)")
        let own = bench.profile.physics.nodes[node]
        let values = NodeBench(RoutineContext(node: node, values: bench.values, limits: bench.limits))
        #expect(values.gatedGap == 2)
        let lost = Self.lost(gap: 2 - (own.switchDelay - own.switchLine) * 1e9, rise: rise)
        let found = try #require(report.metric("gated_transient"))
        // The third level and DRAG change the angle of a cut pulse by 0.1 % of it.
        #expect(
            (found.value - lost).magnitude < 4 * (found.uncertainty ?? 0) + 0.001,
            "\(found.value) ± \(found.uncertainty ?? 0), truth \(lost)")
        let ratio = try #require(report.proposal("gated_amplitude_ratio"))
        let truth = own.gatedGain * (1 - lost)
        #expect(
            (ratio.value - truth).magnitude < 4 * ratio.uncertainty + 0.002,
            "\(ratio.value) ± \(ratio.uncertainty), truth \(truth)"
        )
        #expect(ratio.uncertainty < 0.005)
        let phase = try #require(report.proposal("gated_phase"))
        #expect(
            (phase.value - own.gatedPhase).magnitude < 4 * phase.uncertainty + 0.03,
            "\(phase.value), truth \(own.gatedPhase)")
    }

    @Test("a switch that has hardly moved when a trial's pulse comes is out of spec")
    func late() throws {
        var bench = try bench(.alice, rise: 6, seed: 50)
        let report = try bench.run(GatedPath(), .alice)
        #expect(report.verdict == .outOfSpec && report.proposals.isEmpty, "\(report.reason)")
        #expect(report.reason.contains("switch-delay"))
    }

    @Test(
        "the earliest pulse follows switch_delay on the sample grid",
        arguments: [(3.2, 2.0), (3.6, 2), (3.61, 2.5), (1, 0)])
    func gap(delay: Double, gap: Double) throws {
        var context = try LinkFiles.context()
        context = context.setting(CalibrationPath(.timing(.alice), "switch_delay"), delay)
        #expect(NodeBench(context).gatedGap == gap)
    }
}
