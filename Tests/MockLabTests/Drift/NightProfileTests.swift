import BellModel
import BellSequence
import BellYAML
import Foundation
import Testing

@testable import MockLab

@Suite("The shipped profiles of a cold start and of a night")
struct NightProfileTests {
    private static func load(_ path: String) throws(BellError) -> String {
        let url = DriftProfileTests.root.appendingPathComponent(path)
        guard let text = try? String(contentsOf: url, encoding: .utf8) else {
            throw BellError(.yamlSyntax, "The file cannot be read.", at: path)
        }
        return text
    }

    /// What the shipped sequence becomes in a laboratory folder.
    ///
    /// - Parameters:
    ///   - k: Standard uncertainties that the space-like margin must be wide.
    ///   - timing: The text of the timing file instead of its own.
    private func programs(_ lab: String, k: Double = 5, timing: String? = nil) throws -> PerNode<NodeProgram?> {
        let file = "Calibration/\(lab)/lab.yaml"
        let laboratory = try Laboratory(yaml: try YAMLNode.parse(try Self.load(file), source: file))
        let calibration = try CalibrationSet(
            laboratory: laboratory,
            load: { path throws(BellError) in
                if let timing, path.hasSuffix("timing.yaml") { return timing }
                return try Self.load(path)
            })
        let sequence = "Sequences/bell-chsh.yaml"
        let compiled = try Compiler.compile(
            try PulseSequence(yaml: try YAMLNode.parse(try Self.load(sequence), source: sequence)),
            calibration: calibration, laboratory: laboratory, limits: laboratory.limits, k: k)
        return PerNode(alice: compiled.programs.alice, bob: compiled.programs.bob)
    }

    private func profile(_ lab: String) throws -> MockProfile {
        let file = "Calibration/\(lab)/profile.yaml"
        return try MockProfile(yaml: try YAMLNode.parse(try Self.load(file), source: file))
    }

    @Test("A cold start shows no violation with the designer's values, and every seed is another laboratory")
    func coldStart() throws {
        let (profile, programs) = (try profile("cold-start"), try programs("cold-start", k: 0.1))
        var detunings: Set<Double> = []
        for seed in 0..<50 as Range<UInt64> {
            let drawn = profile.drawn(seed: seed)
            let s = BellPhysics(programs: programs, truth: drawn.physics).sValue()
            #expect(abs(s) < 2, "seed \(seed): S = \(s)")
            for node in Node.allCases {
                let truth = drawn.physics.nodes[node]
                detunings.insert(truth.detuning)
                #expect((2e6...5e6).contains(abs(truth.detuning)))
                // A calibrated π/2 of 12 ns, its envelope's area half of that, is within the channel's full scale.
                #expect(0.25 / (truth.rabi * truth.gatedGain * 6e-9) < 0.96)
                #expect(abs(truth.rabi - 55e6) > 0.01 * 55e6)
            }
            #expect(0.25 / (drawn.physics.nodes.alice.emitRate * 80e-9) < 0.95)
            #expect(0.5 / (drawn.physics.nodes.bob.absorbRate * 160e-9) < 0.95)
        }
        #expect(detunings.count == 100)
    }

    @Test("Until its delays are measured, a cold start has no space-like margin; with the true ones it has")
    func margin() throws {
        let profile = try profile("cold-start")
        let error = try #require(throws: BellError.self) { _ = try programs("cold-start") }
        #expect(error.what.contains("margin"))
        for seed in 0..<50 as Range<UInt64> {
            let drawn = profile.drawn(seed: seed)
            let truth = drawn.physics.nodes
            var node = Node.alice
            let lines = try Self.load("Calibration/mocklab/timing.yaml").replacing(
                "laboratory: mocklab", with: "laboratory: cold-start"
            )
            .split(separator: "\n").map { line in
                if line.hasPrefix("bob:") { node = .bob }
                let known = [
                    "switch_delay": truth[node].switchDelay, "drive_line": truth[node].driveLine,
                    "readout_in": truth[node].readoutIn,
                ]
                guard let (key, delay) = known.first(where: { line.hasPrefix("  \($0.key):") }) else {
                    return String(line)
                }
                return "  \(key): {value: \(1e9 * delay), unit: ns, uncertainty: 0.05, time: 2026-11-20T06:00:00Z, "
                    + "routine: truth, run: test}"
            }
            let programs = try programs("cold-start", timing: lines.joined(separator: "\n"))
            // A search of a second each; three laboratories are enough to see that there is something to find.
            guard seed < 3, let alice = programs.alice, let bob = programs.bob else { continue }
            let best = GroundTruth(drawn.physics).largestS(of: PerNode(alice: alice, bob: bob)).s
            #expect(best > 2.1 && best < 2.4, "seed \(seed): an ideal calibration reaches \(best)")
        }
    }

    @Test("The night's gauges and devices belong together", arguments: ["cold-start", "night"])
    func gauges(lab: String) throws {
        let file = "Calibration/\(lab)/lab.yaml"
        let laboratory = try Laboratory(yaml: try YAMLNode.parse(try Self.load(file), source: file))
        let profile = try profile(lab)
        #expect(laboratory.name == lab && profile.name == lab)
        let gauges = laboratory.instruments.filter { $0.driver == .gauge }
        #expect(gauges.map(\.name) == profile.gauges.map(\.name))
        #expect(gauges.count == 5)
        #expect(gauges.allSatisfy { $0.settings.isEmpty })
    }

    @Test(
        "A healthy night stays within the limits of the documented gates",
        arguments: 1...10 as ClosedRange<UInt64>)
    func healthy(seed: UInt64) throws {
        let profile = try profile("night")
        let gaussian = GaussianTable()
        var drift = try #require(LabDrift(profile: profile, seed: seed))
        var before: [String: Double] = [:]
        for minute in stride(from: 30, through: 600, by: 30) {
            _ = drift.advance(to: UInt64(Double(minute) * 60e12 / profile.drift.timeFactor), gaussian: gaussian)
            let now = Dictionary(uniqueKeysWithValues: drift.offsets.map { ($0.number.path, $0.offset) })
            func moved(_ path: String) -> Double { abs((now[path] ?? .nan) - (before[path] ?? 0)) }
            // 0.3 rad in an hour, 30 kHz in half an hour: what a gate allows, with room for what shots add.
            #expect(moved("link.phase_deg") < 15)
            for node in Node.allCases {
                #expect(moved("nodes.\(node.name).detuning_khz") < 25)
                #expect((now["nodes.\(node.name).thermal_population"] ?? .nan) < 0.01)
            }
            before = now
        }
    }

    @Test(
        "A night left alone falls below 2.15; an hour of it costs less than 0.02",
        arguments: 1...10 as ClosedRange<UInt64>)
    func night(seed: UInt64) throws {
        let (profile, programs) = (try profile("night"), try programs("night"))
        let gaussian = GaussianTable()
        func sValue(_ profile: MockProfile) -> Double {
            BellPhysics(programs: programs, truth: profile.physics).sValue()
        }
        let start = sValue(profile)
        #expect(abs(start - 2.24) < 0.01)
        var drift = try #require(LabDrift(profile: profile, seed: seed))
        var before = drift.offsets
        for hour in 1...10 {
            #expect(
                (drift.advance(to: UInt64(Double(hour) * 3600e12 / profile.drift.timeFactor), gaussian: gaussian)
                    as Bool) == true)
            let now = drift.offsets
            // What a calibration an hour ago has not mended.
            let since = zip(now, before).map { ($0.number, $0.offset - $1.offset) }
            let s = sValue(profile.changed(by: since, without: ["drift", "spread", "gauges", "instruments"]))
            #expect(abs(s - start) < 0.02, "hour \(hour): S = \(s), calibrated \(start)")
            before = now
        }
        let end = sValue(drift.present)
        #expect(end < 2.15, "S = \(end)")
        #expect(end > 1, "the night is no catastrophe")
    }
}
