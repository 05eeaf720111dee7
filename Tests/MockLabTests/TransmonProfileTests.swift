import BellModel
import BellSequence
import BellYAML
import Foundation
import Testing

@testable import MockLab

@Suite("The profile of three-level transmons")
struct TransmonProfileTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func load(_ path: String) throws(BellError) -> String {
        let url = TransmonProfileTests.root.appendingPathComponent(path)
        guard let text = try? String(contentsOf: url, encoding: .utf8) else {
            throw BellError(.yamlSyntax, "The file cannot be read.", at: path)
        }
        return text
    }

    private func yaml(_ path: String) throws(BellError) -> YAMLNode { try YAMLNode.parse(try load(path), source: path) }

    private func programs() throws -> PerNode<NodeProgram> {
        let laboratory = try Laboratory(yaml: try yaml("Calibration/mocklab/lab.yaml"))
        let calibration = try CalibrationSet(
            laboratory: laboratory, load: { path throws(BellError) in try load(path) })
        return try Compiler.compile(
            try PulseSequence(yaml: try yaml("Sequences/bell-chsh.yaml")), calibration: calibration,
            laboratory: laboratory, limits: laboratory.limits, k: 5
        ).programs
    }

    private func truth(_ profile: String, _ settings: [String] = []) throws -> PhysicsTruth {
        var node = try yaml("Calibration/mocklab/\(profile)")
        for setting in settings { node = try node.setting(setting) }
        return try MockProfile(yaml: node).physics
    }

    private func s(_ programs: PerNode<NodeProgram>, _ truth: PhysicsTruth) -> Double {
        BellPhysics(programs: PerNode(alice: programs.alice, bob: programs.bob), truth: truth).sValue()
    }

    @Test("An ideal calibration reaches 2.2, and the one of the other profile much less")
    func largest() throws {
        let truth = try truth("profile-transmon.yaml")
        let given = try programs()
        let best = GroundTruth(truth).largestS(of: given)
        #expect(abs(best.s - 2.2) < 0.02)
        #expect(abs(s(best.programs, truth) - best.s) < 1e-12)
        #expect(s(given, truth) < best.s - 0.02)
        // The shipped calibration is nearly ideal for the profile that it was made for.
        let plain = try self.truth("profile.yaml")
        let ideal = GroundTruth(plain).largestS(of: given)
        #expect(ideal.s > s(given, plain) && ideal.s < s(given, plain) + 0.02)
    }

    @Test(
        "Nodes that share one photon evolve apart as they do together",
        arguments: ["profile.yaml", "profile-transmon.yaml"])
    func linked(profile: String) throws {
        let truth = try truth(profile, ["link.phase_deg=100", "alice.thermal_population=0.05"])
        let given = try programs()
        let apart = JointEvolution(programs: given, truth: truth)
        let together = JointEvolution(programs: given, truth: truth, isGeneral: true)
        for (a, b) in zip(apart.levels, together.levels) { #expect(abs(a - b) < 1e-12) }
        for setting in 0..<4 { #expect(abs(apart.levels[9 * setting..<9 * setting + 9].reduce(0, +) - 1) < 1e-9) }
    }

    @Test("Without a photon that arrives the nodes evolve apart as they do together", arguments: [true, false])
    func unlinked(blocked: Bool) throws {
        let truth = try truth("profile-transmon.yaml", blocked ? ["link.efficiency=0"] : [])
        var given = try programs()
        if !blocked { given.alice.events.removeAll { $0.kind == .emit } }
        let apart = JointEvolution(programs: given, truth: truth)
        let together = JointEvolution(programs: given, truth: truth, isGeneral: true)
        for (a, b) in zip(apart.levels, together.levels) { #expect(abs(a - b) < 1e-12) }
    }

    @Test("A π/2 pulse of 12 ns can come within 10 % of the coherence limit", arguments: Node.allCases)
    func halfPi(node: Node) throws {
        let ground = GroundTruth(try truth("profile-transmon.yaml"))
        let best = ground.halfPi(node, duration: 12e-9) { 0.5 - 0.5 * cos(2 * .pi * $0) }
        let limit = ground.coherenceLimit(node, duration: 12e-9)
        #expect(best.error > limit * 0.99 && best.error < limit * 1.1)
        #expect(best.leakage < 3e-5)
        #expect(abs(best.drag - 0.33) < 0.05)
    }

    @Test("Shots see what the trials with an open switch see")
    func shots() throws {
        let truth = try truth("profile-transmon.yaml")
        let program = try programs().alice
        let alone = BellPhysics(programs: PerNode(alice: program, bob: nil), truth: truth)
        let shots = BellPhysics(shotsOf: program, node: .alice, truth: truth)
        for place in 0..<9 {
            #expect(shots.levels[place] == shots.levels[18 + place])
            #expect(abs(shots.levels[place] - alone.levels[18 + place]) < 1e-12)
        }
    }

    @Test("Sampled trials of leaking transmons agree with p(ab|xy) within 5 σ")
    func sampled() throws {
        let truth = try truth("profile-transmon.yaml", ["alice.anharmonicity_mhz=-50", "bob.anharmonicity_mhz=-60"])
        let given = try programs()
        let physics = BellPhysics(programs: PerNode(alice: given.alice, bob: given.bob), truth: truth)
        #expect((0..<4).allSatisfy { physics.levels[9 * $0 + 6] + physics.levels[9 * $0 + 7] > 0.002 })
        let count = 400_000
        var random = Xoshiro256(seed: 8)
        let rate = try #require(TickRate(numerator: 8_000_000_000))
        let halves = PerNode<TrialSampler.Half?> { _ in
            TrialSampler.Half(
                firstIndex: 0, bits: (0..<count).map { _ in UInt8(random.next() >> 63) }, startTick: 0, stopDelta: 0,
                flags: .simulated, counter: TickCounter(rate: rate, drift: 0, start: 0, since: 0), pulseDelay: 0,
                jitterStep: 0)
        }
        var cryostat = TrialSampler.Randomness(seed: 8)
        let made = TrialSampler(physics: physics, gaussian: GaussianTable()).play(
            count: count, time: 0, period: 80_000_000, halves: halves, random: &cryostat)
        let alice = TrialRecord.all(in: try #require(made.alice).records)
        let bob = TrialRecord.all(in: try #require(made.bob).records)
        var counts = [Double](repeating: 0, count: 16)
        for (a, b) in zip(alice, bob) {
            counts[8 * Int(a.setting) + 4 * Int(b.setting) + 2 * Int(a.outcome) + Int(b.outcome)] += 1
        }
        for cell in 0..<16 {
            let total = counts[cell / 4 * 4..<cell / 4 * 4 + 4].reduce(0, +)
            let p = physics.outcomes[cell]
            #expect(abs(counts[cell] - total * p) < 5 * (total * p * (1 - p)).squareRoot(), "cell \(cell)")
        }
    }

    @Test("Keys that contradict each other or are out of range are named")
    func badKeys() throws {
        for (setting, part) in [
            ("alice.readout.shift_mhz=0", "shift_mhz"), ("bob.anharmonicity_mhz=-3000", "anharmonicity_mhz"),
            ("alice.gated_gain=-1", "gated_gain"), ("alice.slow_detuning_khz=x", "slow_detuning_khz"),
            ("link.shaped=maybe", "shaped"),
        ] {
            let error = try #require(throws: BellError.self) { try truth("profile-transmon.yaml", [setting]) }
            #expect(error.description.contains(part))
        }
    }
}
