import BellModel
import BellSequence
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

    @Test("search")
    func search() throws {
        for (f, goal) in [("profile.yaml", 2.24), ("profile-storz2023.yaml", 2.0747)] {
            var (low, high) = (0.3, 1.0)
            for _ in 0..<30 {
                let m = (low + high) / 2
                if try physics(f, ["link.efficiency=\(m)"]).sValue() < goal { low = m } else { high = m }
            }
            print("==", f, low, try physics(f).sValue(), try physics(f).readouts.alice.probabilityOfOne(excited: 0), try physics(f).readouts.alice.probabilityOfOne(excited: 1))
            print("==", try physics(f).outcomes)
        }
    }
}
