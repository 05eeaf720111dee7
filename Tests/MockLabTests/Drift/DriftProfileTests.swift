import BellModel
import BellYAML
import Foundation
import Testing

@testable import MockLab

@Suite("The drift, spread and gauges of a profile")
struct DriftProfileTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func profile(adding text: String = "", from name: String = "profile.yaml") throws -> MockProfile {
        let path = root.appendingPathComponent("Calibration/mocklab/\(name)")
        let base = try String(contentsOf: path, encoding: .utf8)
        return try MockProfile(yaml: try YAMLNode.parse(base + "\n" + text, source: name))
    }

    private func failure(_ text: String) throws -> String {
        let error = try #require(throws: BellError.self) { _ = try DriftProfileTests.profile(adding: text) }
        return error.description
    }

    @Test("A profile without these sections drifts by nothing")
    func none() throws {
        let profile = try DriftProfileTests.profile()
        #expect(profile.drift.laws.isEmpty && profile.drift.spreads.isEmpty && profile.gauges.isEmpty)
        #expect(profile.drawn(seed: 4) == profile)
        #expect(LabDrift(profile: profile, seed: 4) == nil)
    }

    @Test("Every part of the sections is read")
    func sections() throws {
        let profile = try DriftProfileTests.profile(
            adding: """
                time_factor: 46
                drift_step: 20s
                drift:
                  nodes.alice.rabi_mhz: {process: ou, std: 0.8, correlation: 3h}
                  bob.readout.angle_deg: {jumps: {rate_per_hour: 0.5, std: 4}, linear_per_hour: -1}
                  link.phase_deg: {process: ou, std: 20, correlation: 90min, jumps: {rate_per_hour: 1, std: 9}}
                  bob.board.trigger_delay_ns: {linear_per_hour: 0.1}
                spread:
                  alice.detuning_khz: {uniform: 5000}
                  link.delay_ns: {normal: 2}
                """)
        let drift = profile.drift
        #expect(drift.timeFactor == 46)
        #expect(drift.step == 20)
        #expect(drift.laws.map(\.number.path).first == "nodes.alice.rabi_mhz")
        #expect(drift.laws.map(\.number.value) == [54.9, -26.9, 47.6, 152.47])
        #expect(drift.laws[0].number.range == 0...10_000)
        #expect(drift.laws[0].law == DriftLaw(wander: .init(deviation: 0.8, correlation: 10_800)))
        #expect(drift.laws[1].law == DriftLaw(jumps: .init(perHour: 0.5, deviation: 4), perHour: -1))
        #expect(drift.laws[2].law.wander?.correlation == 5_400)
        #expect(drift.spreads.map(\.spread) == [.uniform(5000), .normal(2)])
    }

    @Test(
        "What is wrong is named, with the nearest key",
        arguments: [
            ("drift: {nodes.alice.rabi_mhs: {linear_per_hour: 1}}", "did you mean \"nodes.alice.rabi_mhz\"?"),
            ("drift: {alice.t2_us: {process: ou, std: -1, correlation: 3h}}", "std = -1.0 is out of range"),
            ("drift: {alice.t2_us: {process: ou, std: 1, correlation: -3h}}", "-3h is out of range"),
            ("drift: {alice.t2_us: {process: ou, std: 1, correlation: 3}}", "`3` is no span of time"),
            ("drift: {alice.t2_us: {process: ou, std: 1}}", "\"correlation\" is missing"),
            ("drift: {alice.t2_us: {std: 1, correlation: 1h}}", "\"process\" is missing"),
            ("drift: {alice.t2_us: {process: flicker, std: 1, correlation: 1h}}", "process cannot be"),
            ("drift: {alice.t2_us: {fault: {by: 1}}}", "\"at\" is missing"),
            ("drift: {alice.t2_us: {fault: {at: 1h}}}", "\"by\" is missing"),
            ("drift: {alice.t2_us: {}}", "does not say how it drifts"),
            ("drift: {alice.t2_us: {linear_per_hour: fast}}", "Expected a number"),
            ("drift: {trigger_master: {linear_per_hour: 1}}", "is no number of this profile that can change"),
            ("drift: {alice.board.max_events: {linear_per_hour: 1}}", "is no number of this profile that can change"),
            ("drift: {alice.readout.gain: {linear_per_hour: 1}}", "has no value in this profile"),
            ("drift: {alice.board.rng_bias: {linear_per_hour: 1}}", "bias of input bits does not drift"),
            ("drift: {bob.t1_us: {linear_per_hour: 1}, nodes.bob.t1_us: {linear_per_hour: 1}}", "stands here twice"),
            ("spread: {alice.t2_us: {uniform: 1, normal: 1}}", "either uniform or normal"),
            ("spread: {alice.t2_us: {}}", "either uniform or normal"),
            ("spread: {alice.t2_us: {normal: -1}}", "normal = -1.0 is out of range"),
            ("spread: {link.fase_deg: {normal: 1}}", "did you mean \"link.phase_deg\"?"),
            ("time_factor: 0", "time_factor = 0.0 is out of range"),
            ("drift_step: 1e99h", "out of range"),
            ("gauges: {fridge: {model: freezer}}", "model cannot be \"freezer\""),
            ("gauges: {alice: {model: fridge}}", "Something else is called alice"),
            ("gauges: {alice-lo: {model: fridge}}", "Something else is called alice-lo"),
            ("gauges: {../x: {model: fridge}}", "no name of a gauge"),
            ("gauges: {f: {model: fridge, readings: {still: {value: 1}}}}", "did you mean \"still_k\"?"),
            ("gauges: {f: {model: fridge, readings: {compressor: {fail_at: soon}}}}", "no span of time"),
            ("gauges: {f: {model: fridge, readings: {still_k: {value: -3}}}}", "value = -3.0 is out of range"),
        ])
    func mistakes(text: String, expected: String) throws {
        let message = try failure(text)
        #expect(message.contains(expected), "\(message)")
        #expect(message.contains("profile.yaml:"), "the place is named")
    }

    @Test("Spread offsets stay in their range, differ by seed and are each their own")
    func spread() throws {
        let text = "spread:\n  alice.detuning_khz: {uniform: 5000}\n  link.delay_ns: {normal: 2}\n"
        let profile = try DriftProfileTests.profile(adding: text)
        let more = try DriftProfileTests.profile(adding: text + "  bob.rabi_mhz: {uniform: 9}\n")
        var (detunings, delays) = ([Double](), [Double]())
        for seed in 0..<100 as Range<UInt64> {
            let drawn = profile.drawn(seed: seed)
            #expect(drawn == profile.drawn(seed: seed))
            #expect(more.drawn(seed: seed).physics.nodes.alice == drawn.physics.nodes.alice)
            #expect(drawn.drift.spreads.isEmpty, "nothing is drawn twice")
            #expect(drawn.physics.nodes.bob == profile.physics.nodes.bob)
            detunings.append(drawn.physics.nodes.alice.detuning - 6e3)
            delays.append(1e9 * drawn.physics.link.delay - 150.2)
        }
        #expect(detunings.allSatisfy { abs($0) <= 5e6 })
        #expect(Set(detunings).count == 100)
        // Uniform on ±5 MHz: standard deviation 5/√3; of 100 draws.
        let (mean, limit) = (detunings.reduce(0, +) / 100, 4 * 5e6 / 3.0.squareRoot() / 10)
        #expect(abs(mean) < limit)
        #expect((detunings.max() ?? 0) > 4e6 && (detunings.min() ?? 0) < -4e6)
        let chi = delays.reduce(0) { $0 + $1 * $1 / 4 }
        #expect(abs(chi - 100) < 4 * 200.0.squareRoot(), "χ² \(chi) of 100")
    }

    @Test("Values are held in their keys' ranges, and T2 at twice T1")
    func clamped() throws {
        var profile = try DriftProfileTests.profile(
            adding: """
                drift:
                  link.efficiency: {linear_per_hour: 10}
                  alice.thermal_population: {linear_per_hour: -10}
                  bob.t1_us: {linear_per_hour: -1e9}
                """)
        var drift = try #require(LabDrift(profile: profile, seed: 1))
        #expect((drift.advance(to: 3_600_000_000_000_000, gaussian: GaussianTable()) as Bool) == true)
        let present = drift.present.physics
        #expect(present.link.efficiency == 1)
        #expect(present.nodes.alice.thermal == 0)
        #expect(abs(present.nodes.bob.t1 - 1e-9) < 1e-20)
        #expect(present.nodes.bob.t2 == 2 * present.nodes.bob.t1)
        #expect(present.nodes.alice.t2 == profile.physics.nodes.alice.t2)
        profile = try DriftProfileTests.profile(adding: "spread: {link.efficiency: {uniform: 50}}")
        for seed in 0..<40 as Range<UInt64> {
            #expect((0...1).contains(profile.drawn(seed: seed).physics.link.efficiency))
        }
    }

    @Test("A number that drifts does not depend on which others do")
    func alone() throws {
        let one =
            "drift:\n  alice.rabi_mhz: {process: ou, std: 1, correlation: 1h, jumps: {rate_per_hour: 9, std: 1}}\n"
        let two =
            one + "  bob.rabi_mhz: {process: ou, std: 1, correlation: 1h}\n  link.phase_deg: {linear_per_hour: 3}\n"
        var (a, b) = (
            try #require(LabDrift(profile: try DriftProfileTests.profile(adding: one), seed: 1)),
            try #require(LabDrift(profile: try DriftProfileTests.profile(adding: two), seed: 1))
        )
        for hour in 1...5 as ClosedRange<UInt64> {
            let time = hour * 3_600_000_000_000_000
            #expect((a.advance(to: time, gaussian: GaussianTable()) as Bool) == true)
            #expect((b.advance(to: time, gaussian: GaussianTable()) as Bool) == true)
            let (left, right) = (a.present.physics.nodes.alice.rabi, b.present.physics.nodes.alice.rabi)
            #expect(left == right)
            #expect(left != 54.9e6)
            #expect(abs(b.present.physics.link.phase * 360 - 47.6 - 3 * Double(hour)) < 1e-9)
        }
    }

    @Test(
        "Spans of time are read with their unit",
        arguments: [
            ("3h", 10_800.0), ("20min", 1_200), ("90s", 90), ("1.5 h", 5_400), ("250ms", 0.25), ("3", nil), ("h", nil),
            ("infh", nil), ("nan s", nil), ("1e400s", nil), ("0x10s", nil), ("3 days", nil),
        ] as [(String, Double?)])
    func spans(text: String, seconds: Double?) {
        #expect(Span.seconds(text) == seconds)
    }
}
