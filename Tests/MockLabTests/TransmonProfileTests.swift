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
}
