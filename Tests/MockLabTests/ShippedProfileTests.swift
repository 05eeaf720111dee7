import BellModel
import BellSequence
import BellTiming
import BellYAML
import Foundation
import Testing

@testable import MockLab

@Suite("The shipped profiles with the shipped sequence and calibration")
struct ShippedProfileTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func yaml(_ path: String) throws(BellError) -> YAMLNode {
        let url = ShippedProfileTests.root.appendingPathComponent(path)
        guard let text = try? String(contentsOf: url, encoding: .utf8) else {
            throw BellError(.yamlSyntax, "The file cannot be read.", at: path)
        }
        return try YAMLNode.parse(text, source: path)
    }

    private func load(_ path: String) throws(BellError) -> String {
        guard
            let text = try? String(
                contentsOf: ShippedProfileTests.root.appendingPathComponent(path), encoding: .utf8)
        else { throw BellError(.yamlSyntax, "The file cannot be read.", at: path) }
        return text
    }

    private func compiled() throws -> CompiledSequence {
        let laboratory = try Laboratory(yaml: try yaml("Calibration/mocklab/lab.yaml"))
        let calibration = try CalibrationSet(
            laboratory: laboratory, load: { path throws(BellError) in try load(path) })
        return try Compiler.compile(
            try PulseSequence(yaml: try yaml("Sequences/bell-chsh.yaml")), calibration: calibration,
            laboratory: laboratory, limits: laboratory.limits, k: 5)
    }

    private func physics(_ profile: String, _ settings: [String] = []) throws -> BellPhysics {
        var node = try yaml("Calibration/mocklab/\(profile)")
        for setting in settings { node = try node.setting(setting) }
        let programs = try compiled().programs
        return BellPhysics(
            programs: PerNode(alice: programs.alice, bob: programs.bob), truth: try MockProfile(yaml: node).physics)
    }

    @Test("S is what the profile promises", arguments: [("profile.yaml", 2.24), ("profile-storz2023.yaml", 2.0747)])
    func sValue(profile: String, expected: Double) throws {
        let physics = try physics(profile)
        #expect(abs(physics.sValue() - expected) < 5e-4)
        for readout in [physics.readouts.alice, physics.readouts.bob] {
            #expect(readout.probabilityOfOne(excited: 0) < 0.022)
            #expect(readout.probabilityOfOne(excited: 1) > 0.975)
        }
    }

    @Test("What is calibrated is at its best: every deviation lowers S")
    func deviations() throws {
        let calibrated = try physics("profile.yaml").sValue()
        let changes = [
            "alice.rabi_mhz=50", "bob.rabi_mhz=57", "link.phase_deg=30", "link.delay_ns=100", "link.efficiency=0.7",
            "alice.t1_us=8.6", "bob.t2_us=5", "alice.detuning_khz=400", "bob.switch_isolation_db=15",
            "bob.absorb_rate_mhz=2.5", "alice.readout.noise_codes=4000", "bob.readout.angle_deg=20",
        ]
        for change in changes {
            #expect(try physics("profile.yaml", [change]).sValue() < calibrated - 0.005, "\(change)")
        }
    }

    @Test("A blocked link gives no violation")
    func blocked() throws {
        #expect(abs(try physics("profile.yaml", ["link.efficiency=0"]).sValue()) <= 2)
    }

    @Test("The shipped timing table is the truth of the shipped profile")
    func timing() throws {
        let profile = try MockProfile(yaml: try yaml("Calibration/mocklab/profile.yaml"))
        let survey = try compiled().survey
        for node in Node.allCases {
            let surveyed = try #require(survey.stations[node].pulseDelay)
            #expect(abs(surveyed.count - Int64(profile.boards[node].triggerDelay)) <= 80)
        }
    }

    @Test("Profiles name what is wrong with them, all at once")
    func badProfiles() throws {
        let good = try load("Calibration/mocklab/profile.yaml")
        let bad = good.replacingOccurrences(of: "t1_us: 22", with: "t1_us: -3")
            .replacingOccurrences(of: "thermal_population: 0.005", with: "thermal_popluation: 0.005")
        let error = try #require(throws: BellError.self) {
            _ = try MockProfile(yaml: try YAMLNode.parse(bad, source: "p.yaml"))
        }
        let text = error.description
        #expect(text.contains("t1_us = -3"))
        #expect(text.contains("T2 cannot be longer"))
        #expect(text.contains("did you mean \"thermal_population\""))
        for setting in ["", "=3", "no-value", "link.efficiency"] {
            #expect(throws: BellError.self) { _ = try yaml("Calibration/mocklab/profile.yaml").setting(setting) }
        }
        for setting in ["link.efficiency=1.5", "alice.t9_us=4", "nodes=3", "trigger_master=eve"] {
            #expect(throws: BellError.self, "\(setting)") { _ = try physics("profile.yaml", [setting]) }
        }
    }
}
