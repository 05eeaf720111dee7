import BellModel
import BellSequence
import BellYAML
import Foundation
import Testing

@Suite("Experiments")
struct ExperimentTests {
    static let text = """
        experiment: test
        trial_period_ns: 80000
        parameters:
          amplitude: {unit: "1", default: 0.5, meaning: amplitude of the pulse}
          wait_ns: {unit: ns, meaning: the wait}
          n: {unit: "1", default: 1, meaning: pulses}
        operations:
          - reset: {duration_ns: 2000}
          - repeat: {times: $n, operations: [pulse: {shape: half_pi, amplitude: -$amplitude}]}
          - wait: {duration_ns: $wait_ns}
          - readout: {}

        """

    /// A change to the text, parameters, and what must be said.
    struct Case: Sendable, CustomTestStringConvertible {
        var old = "experiment"
        var new = "experiment"
        var parameters: [String: Double] = ["wait_ns": 10]
        let code: BellError.Code
        let says: [String]
        var testDescription: String { "\(old) → \(new) \(parameters)" }
    }

    static let cases = [
        Case(
            parameters: [:], code: .experimentParameter,
            says: ["The parameter wait_ns of test has no value: the wait.", "test.yaml:5"]),
        Case(
            parameters: ["wait_ns": 1, "amplitud": 1], code: .experimentParameter,
            says: ["has no parameter \"amplitud\"", "did you mean \"amplitude\"?"]),
        Case(
            parameters: ["wait_ns": 1, "amplitude": 1.2], code: .experimentParameter,
            says: [
                "The parameter amplitude = 1.2 is no amplitude.", "test.yaml:9:", "amplitude = -$amplitude",
                "allowed: -1 ≤ amplitude ≤ 1",
            ]),
        Case(
            parameters: ["wait_ns": .nan], code: .experimentParameter,
            says: ["wait_ns = nan", "allowed: 0 ≤ duration_ns ≤ 400000000 (ns)"]),
        Case(
            parameters: ["wait_ns": 1, "n": 1.5], code: .experimentParameter,
            says: ["n = 1.5 is no times", "0 ≤ times ≤ 100000, whole"]),
        Case(
            parameters: ["wait_ns": 10.3], code: .sequenceGrid,
            says: ["0.2 ns before the nearest sample", "test.yaml:11 alice/readout", "wait_ns = 10.3"]),
        Case(
            parameters: ["wait_ns": 90_000], code: .sequenceLimits,
            says: ["alice/readout ends 92062.0 ns after the trigger pulse", "wait_ns = 90000", "trial_period_ns"]),
        Case(
            parameters: ["wait_ns": 1, "n": 300], code: .sequenceLimits,
            says: ["one event more than the 256", "test.yaml:9 alice/pulse", "n = 300", "repeat less often"]),
        Case(
            old: "- wait: {duration_ns: $wait_ns}", new: "- wait: {duration_ns: $wait_n}", code: .yamlValue,
            says: ["There is no parameter \"wait_n\"", "did you mean \"$wait_ns\"?"]),
        Case(
            old: "wait_ns: {unit: ns", new: "wait_ns: {unit: Hz", code: .yamlValue,
            says: ["duration_ns has the unit ns, the parameter wait_ns has Hz (line 5)"]),
        Case(
            old: "wait_ns: {unit: ns", new: "wait_ns: {unit: us", code: .yamlValue,
            says: ["unit cannot be \"us\"", "allowed: 1, ns, Hz, deg"]),
        Case(
            old: "duration_ns: $wait_ns", new: "duration_ns: 10", code: .yamlValue,
            says: ["The parameter wait_ns (line 5) is used nowhere."]),
        Case(
            old: "- readout: {}", new: "- readout: {}\n  - readout: {}", code: .yamlValue,
            says: ["several readouts, in lines 11, 12", "exactly one readout"]),
        Case(old: "- readout: {}", new: "- latch", code: .yamlValue, says: ["There is no readout."]),
        Case(
            old: "- readout: {}", new: "- redout: {}", code: .yamlValue,
            says: ["Unknown operation \"redout\"", "did you mean \"readout\"?"]),
        Case(
            old: "[pulse: {shape: half_pi, amplitude: -$amplitude}]", new: "[readout: {amplitude: $amplitude}]",
            code: .yamlValue, says: ["readout cannot be repeated"]),
        Case(
            old: "shape: half_pi", new: "shape: halfpi", code: .yamlValue, says: ["did you mean \"half_pi\"?"]),
        Case(
            old: "shape: half_pi", new: "shape: gaussian", code: .yamlMissingKey, says: ["\"duration_ns\" is missing"]),
        Case(
            old: "shape: half_pi, amplitude: -$amplitude", new: "shape: emission", code: .yamlValue,
            says: ["The parameter amplitude (line 4) is used nowhere."]),
        Case(
            old: "- readout: {}", new: "- readout: {after: redout}", code: .yamlValue,
            says: ["There is no operation \"redout\"", "did you mean \"readout\"?"]),
        Case(
            old: "- readout: {}", new: "- readout: {after: stop}\n  - stop: {after: readout}",
            code: .sequenceReference, says: ["in a circle", "readout → alice/stop → alice/readout"]),
        Case(
            old: "- readout: {}", new: "- readout: {after: wait, gap_ns: -5000}", code: .sequenceLimits,
            says: ["alice/readout starts at -"]),
        Case(
            old: "- readout: {}", new: "- readout: {}\n  - stop: {after: readout.start}", code: .sequenceOrder,
            says: ["before the readout window ends", "remove stop"]),
        Case(
            old: "amplitude: -$amplitude", new: "amplitude: -$amplitude, gap_ns: -5", code: .sequenceOrder,
            says: ["before the one of line 8 has ended"]),
        Case(
            old: "- readout: {}", new: "- readout: {frequency_hz: 2.0e+9}", code: .yamlValue,
            says: ["frequency_hz = 2000000000.0 is out of range"]),
        Case(
            old: "pulse: {shape: half_pi, amplitude: -$amplitude}",
            new: "rotation: {angle_deg: 200}, wait: {duration_ns: $amplitude}", code: .yamlValue,
            says: ["duration_ns has the unit ns, the parameter amplitude has 1 (line 4)"]),
    ]

    @Test("are refused with place and remedy", arguments: cases)
    func refuses(_ test: Case) {
        let text = Self.text.replacingOccurrences(of: test.old, with: test.new)
        let failures = Experiment.failures(text, test.parameters)
        #expect(failures.contains { $0.code == test.code }, "\(failures)")
        let all = failures.map(\.description).joined(separator: "\n")
        for part in test.says { #expect(all.contains(part), "\(part) is not in\n\(all)") }
        // A missing key is its own remedy.
        #expect(failures.allSatisfy { $0.fix != nil || $0.code == .yamlMissingKey }, "\(all)")
        #expect(failures.allSatisfy { $0.code.exit == .usage && $0.place != nil }, "\(all)")
    }

    @Test("are refused when a board samples too slowly for a carrier")
    func slowBoard() throws {
        let rate = try #require(TickRate(numerator: 1_000_000_000))
        let slow = BoardLimits(tickRate: rate, ticksPerSample: 1, waveformMemory: 65_536, maxEvents: 256)
        var shipped = Shipped()
        shipped.limits = PerNode(alice: slow, bob: slow)
        let text = Self.text.replacingOccurrences(of: "half_pi,", with: "half_pi, detuning_hz: 6.0e+8,")
        let failures = Experiment.failures(text, ["wait_ns": 10], shipped)
        #expect(failures.map(\.code) == [.sequenceLimits])
        #expect(failures.first?.what.contains("a carrier 600000000 Hz off") == true)
        #expect(failures.first?.fix?.contains("±500000000 Hz") == true)
    }

    @Test("keep hundreds of pulses on a grid whose ticks are no whole picoseconds")
    func oddGrid() throws {
        // 4.9152 GS/s: a sample lasts 203.45 ps, and 59 of them 12.0036 ns.
        let rate = try #require(TickRate(numerator: 4_915_200_000))
        let limits = BoardLimits(tickRate: rate, ticksPerSample: 1, waveformMemory: 65_536, maxEvents: 256)
        var shipped = Shipped().editing(
            "\(Shipped.folder)/alice.yaml", "{envelope: cosine, duration_ns: 12}",
            "{envelope: cosine, duration_ns: 12.004}")
        shipped.limits = PerNode(alice: limits, bob: limits)
        // 9830 and 5 · 246 samples.
        let text = Self.text.replacingOccurrences(of: "2000}", with: "1999.919}").replacingOccurrences(
            of: "readout: {}", with: "readout: {window_ns: 50.049}"
        ).replacingOccurrences(of: "80000", with: "81380.208")
        let program = try Experiment.program(
            try Experiment.parse(text), ["wait_ns": 10.173, "n": 200], at: .alice, shipped)
        let ticks = program.events.filter { $0.kind == .drive }.map(\.tick)
        #expect(ticks == (0..<200).map { 9830 + 59 * $0 })
        let last: UInt32 = 9830 + 59 * 200 + 50 + 246
        #expect(program.events.last?.tick == last)
    }

    @Test("list every failure at once")
    func everything() {
        let text = Self.text.replacingOccurrences(of: "$wait_ns", with: "$wait").replacingOccurrences(
            of: "half_pi", with: "half")
        #expect(Experiment.failures(text).count >= 3)
        let failures = Experiment.failures(Self.text, ["wait_ns": -1, "amplitude": 7, "n": -1])
        #expect(failures.map(\.code) == [.experimentParameter, .experimentParameter, .experimentParameter])
    }

    @Test("end in time however often a hostile file repeats", arguments: [0, 1, 100_000])
    func bounded(times: Int) {
        let loop = "repeat: {times: 100000, operations: [wait: {duration_ns: 0}]}"
        let text = """
            experiment: hostile
            trial_period_ns: 80000
            operations:
              - repeat: {times: \(times), operations: [repeat: {times: 100000, operations: [\(loop)]}]}
              - readout: {}
            """
        let failures = Experiment.failures(text)
        #expect(failures.isEmpty == (times == 0))
        #expect(failures.allSatisfy { $0.code == .sequenceLimits && $0.what.contains("after 1000000 others") })
    }

    @Test("a prepared experiment gives what compiling anew gives, in any order of parameters")
    func prepared() throws {
        let experiment = try Experiment.load("drag")
        let calibration = try Shipped().calibration()
        let limits = try Shipped().laboratory().limits
        var prepared = try PreparedExperiment(experiment, .one(.bob), calibration: calibration, limits: limits)
        for beta in [0.2, -0.2, 0, 0.2] {
            for pairs in [0.0, 3, 1] {
                let parameters = ["drag_ns": beta, "pairs": pairs]
                let fresh = try experiment.compile(
                    .one(.bob), parameters: parameters, calibration: calibration, limits: limits)
                #expect(try prepared.compile(parameters) == fresh)
            }
        }
        #expect(throws: BellError.self) { try prepared.compile(values: [1]) }
    }

    @Test("the amplitude's sign is half a turn, and equal pulses are stored once")
    func signs() throws {
        let experiment = try Experiment.parse(Self.text)
        let program = try Experiment.program(experiment, ["wait_ns": 10, "n": 3, "amplitude": 0.25])
        let drives = program.events.filter { $0.kind == .drive }
        #expect(drives.map(\.phase) == [1 << 31, 1 << 31, 1 << 31])
        #expect(drives.map(\.amplitude) == [16_384, 16_384, 16_384])
        #expect(drives.map(\.tick) == [16_000, 16_096, 16_192])
        #expect(program.waveforms.map(\.i.count) == [24, 100])
        #expect(try Experiment.program(experiment, ["wait_ns": 10, "amplitude": -0.25]).events[1].phase == 0)
    }

    static let values =
        "readout_separation:  {value: 5200, unit: LSB, uncertainty: 15, time: 2026-11-20T06:26:00Z, "
        + "routine: readout-clouds, run: mocklab-a-0121}"

    /// The shipped laboratory with further values at alice.
    static func adding(_ lines: [String]) -> Shipped {
        let more = lines.map {
            "\n  \($0.replacingOccurrences(of: "}", with: ", uncertainty: 0, time: 2026-11-20T06:26:00Z, routine: a, run: b}"))"
        }
        return Shipped().editing("\(Shipped.folder)/alice.yaml", values, values + more.joined())
    }

    @Test("the switched path's ratio and phase and the tone's frequency reach experiments and trials")
    func switchedPath() throws {
        let shipped = Self.adding([
            "gated_amplitude_ratio: {value: 0.95, unit: \"1\"}", "gated_phase: {value: 0.3, unit: rad}",
            "readout_frequency: {value: 12000.5, unit: Hz}", "readout_window: {value: 200, unit: ns}",
        ])
        let plain = try Shipped().compile().programs
        let trial = try shipped.compile().programs
        #expect(trial.bob == plain.bob)
        let experiment = try Experiment.program(try Experiment.load("gated-phase"), [:], at: .alice, shipped)
        for program in [trial.alice, experiment] {
            let gated = try #require(program.events.first { $0.kind == .gatedDrive })
            let fixed = try #require(program.events.first { $0.kind == .drive })
            let expected: Double = 0.757576 / 0.95 * 65_535
            #expect(abs(Double(gated.amplitude) - expected) <= 0.5)
            #expect(fixed.amplitude == UInt16((0.757576 * 65_535).rounded()))
            let axis: Double = program == experiment ? 0 : -0.25
            let turns: Double = Double(Int32(bitPattern: gated.phase)) / 4_294_967_296
            #expect(abs(turns - (axis - 0.3 / (2 * .pi))) < 1e-9)
            #expect(program.events.first { $0.kind == .readout }?.detuning == 12_000_500)
        }
        // The sequence says its own window; the experiment takes the calibrated one.
        #expect(trial.alice.events.first { $0.kind == .readout }?.duration == 400)
        #expect(experiment.events.first { $0.kind == .readout }?.duration == 1600)
    }

    @Test("a π pulse is one calibrated pulse, or two of π/2 while there is none")
    func pi() throws {
        let experiment = try Experiment.load("relaxation")
        let two = try Experiment.program(experiment).events.filter { $0.kind == .drive }
        #expect(two.count == 2)
        let shipped = Self.adding(["pi_amplitude: {value: 0.8, unit: \"1\"}", "pi_drag: {value: 0.1, unit: ns}"])
            .editing(
                "\(Shipped.folder)/alice.yaml", "  emission:", "  pi: {envelope: cosine, duration_ns: 20}\n  emission:")
        let one = try Experiment.program(experiment, [:], at: .alice, shipped).events.filter { $0.kind == .drive }
        #expect(one.map(\.duration) == [160])
        #expect(one.map(\.amplitude) == [UInt16((0.8 * 65_535).rounded())])
    }

    @Test("one node of a file for both keeps its times")
    func oneOfBoth() throws {
        let experiment = try Experiment.load("absorption")
        let calibration = try Shipped().calibration()
        let limits = try Shipped().laboratory().limits
        let both = try experiment.compile(.both, calibration: calibration, limits: limits)
        let bob = try experiment.compile(.one(.bob), calibration: calibration, limits: limits)
        #expect(bob.alice == nil)
        #expect(bob.bob == both.bob)
        let absorb = try #require(both.bob?.events.first { $0.kind == .absorb })
        let emit = try #require(both.alice?.events.first { $0.kind == .emit })
        #expect(absorb.tick - emit.tick == 70 * 8)
    }

    @Test("Clifford gates have one π/2 pulse on average, use all axes, and differ by seed")
    func cliffords() throws {
        var pulses = 0
        var axes = [Int](repeating: 0, count: 4)
        for seed in 0..<200 {
            let sequence = try #require(CliffordSequence(seed: UInt64(seed), length: 100))
            pulses += sequence.quarterTurns.count
            for axis in sequence.quarterTurns { axes[Int(axis)] += 1 }
            #expect(CliffordSequence(seed: UInt64(seed), length: 100) == sequence)
        }
        // 200 · 101 gates with one pulse each; a gate's variance is 8/24, so σ = 82.
        #expect(abs(pulses - 20_200) < 500)
        #expect(axes.allSatisfy { abs($0 - pulses / 4) < 400 })
        #expect(CliffordSequence(seed: 1, length: 100) != CliffordSequence(seed: 2, length: 100))
        #expect(CliffordSequence(seed: 1, length: 100_000, limit: 256) == nil)
    }
}
