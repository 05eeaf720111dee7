import BellModel
import BellSequence
import Foundation
import Testing

@testable import BellCalibration

@Suite("Routines of one qubit, on paper")
struct QubitRoutineTests {
    /// What the readout on paper gets wrong, thermal population included.
    static let errors = ["readout_error_ground": 0.023, "readout_error_excited": 0.023]

    /// A routine, values in force that are wrong, and the truth.
    struct Case: CustomTestStringConvertible, Sendable {
        var routine: any CalibrationRoutine
        var values: [String: Double] = [:]
        var truth: [String: Double]
        var hasPi = false
        /// Beside four standard uncertainties: what the paper's own formulas leave.
        var slack: [String: Double] = [:]
        var testDescription: String { routine.name }
    }

    static let cases: [Case] = [
        Case(
            routine: QubitSpectroscopy(), values: ["drive_detuning": -4e6, "half_pi_amplitude": 0.5],
            truth: ["drive_detuning": 3e6]),
        Case(routine: RabiAmplitude(), values: ["half_pi_amplitude": 0.43], truth: ["half_pi_amplitude": 0.62]),
        Case(routine: RabiAmplitude(), values: ["half_pi_amplitude": 0.06], truth: ["half_pi_amplitude": 0.62]),
        Case(
            routine: Ramsey(), values: ["drive_detuning": 2.7e6], truth: ["drive_detuning": 3e6, "t2_star": 9000],
            slack: ["t2_star": 200]),
        Case(
            routine: Ramsey(), values: ["drive_detuning": 9e6], truth: ["drive_detuning": 3e6, "t2_star": 9000],
            slack: ["t2_star": 200]),
        Case(
            routine: FineHalfPi(), values: errors.merging(["half_pi_amplitude": 0.63]) { $1 },
            truth: ["half_pi_amplitude": 0.62]),
        Case(
            routine: FinePi(), values: errors.merging(["pi_amplitude": 0.89]) { $1 }, truth: ["pi_amplitude": 0.9],
            hasPi: true),
        Case(
            routine: DragCoefficient(), values: errors.merging(["pi_amplitude": 0.9]) { $1 },
            truth: ["half_pi_drag": 0.37, "pi_drag": 0.21], hasPi: true),
        Case(
            routine: GatedPath(), values: errors,
            truth: ["gated_phase": 0.6, "gated_amplitude_ratio": 0.87]),
        Case(
            routine: GatedPath(), values: errors.merging(["gated_phase": -0.4, "gated_amplitude_ratio": 1.1]) { $1 },
            truth: ["gated_phase": 0.6, "gated_amplitude_ratio": 0.87]),
        Case(routine: Relaxation(), values: errors.merging(["t1": 3000]) { $1 }, truth: ["t1": 21_000]),
        Case(routine: Relaxation(), values: errors.merging(["t1": 90_000]) { $1 }, truth: ["t1": 21_000]),
        Case(routine: Echo(), values: errors, truth: ["t2_echo": 15_000]),
        Case(routine: RandomizedBenchmarking(), values: errors, truth: ["half_pi_error": 7e-4]),
        Case(routine: SwitchIsolation(), values: errors, truth: ["switch_isolation": 34]),
        Case(routine: ThermalPopulation(), values: errors, truth: ["thermal_population": 0.01]),
        Case(
            routine: Anharmonicity(), values: errors, truth: ["anharmonicity": -226e6]),
    ]

    @Test(
        "A routine finds the truth within four standard uncertainties", arguments: cases, [3, 17, 90, 401] as [UInt64])
    func truth(_ test: Case, seed: UInt64) throws {
        var paper = QubitPaper(seed: seed)
        let context = try PaperContext.make(test.values, hasPi: test.hasPi)
        let report = try paper.run(test.routine, context)
        #expect(report.verdict == .good, "\(report.reason)")
        #expect(!report.figures.isEmpty)
        #expect(report.reason.hasSuffix("."))
        for (name, value) in test.truth {
            guard let proposal = report.proposal(name) else {
                Issue.record("\(name) is not proposed: \(report.reason)")
                continue
            }
            let distance = (proposal.value - value).magnitude
            #expect(
                distance < 4 * proposal.uncertainty + test.slack[name, default: 0],
                "\(name) \(proposal.value) ± \(proposal.uncertainty), is \(value)")
            // An uncertainty that covers everything says nothing.
            #expect(proposal.uncertainty > 0 && proposal.uncertainty < max(0.15 * value.magnitude, 1e-3))
        }
        for proposal in report.proposals { #expect(test.routine.proposes.contains(proposal.path.quantity)) }
    }

    @Test("A check lets right values stand and sees wrong ones", arguments: cases.indices)
    func check(_ place: Int) throws {
        let test = Self.cases[place]
        guard test.routine.name != "switch-isolation" || test.values.isEmpty else { return }
        var paper = QubitPaper(seed: 5)
        let right = Self.errors.merging(test.truth) { $1 }.merging(test.hasPi ? ["pi_amplitude": 0.9] : [:]) { a, _ in a
        }
        let good = try paper.run(test.routine, try PaperContext.make(right, hasPi: test.hasPi), isCheck: true)
        #expect(good.verdict == .good, "\(good.reason)")
        #expect(good.proposals.isEmpty)
        var wrong = right
        for (name, value) in test.truth {
            wrong[name] =
                switch name {
                case "drive_detuning": value - 1.2e6
                case "gated_phase": value + 0.3
                case "half_pi_drag", "pi_drag": value + 0.2
                case "thermal_population": 0.06
                case "half_pi_error": 3e-3
                case "anharmonicity": value + 5e6
                case "switch_isolation": 45
                case "t1", "t2_echo", "t2_star": 2.5 * value
                case "pi_amplitude": 0.92
                default: 0.94 * value
                }
        }
        if test.routine.name == "ramsey" { wrong["t2_star"] = test.truth["t2_star"] }
        let bad = try paper.run(test.routine, try PaperContext.make(wrong, hasPi: test.hasPi), isCheck: true)
        #expect(bad.verdict != .good, "\(bad.reason)")
        #expect(bad.proposals.isEmpty)
    }

    @Test("A dead qubit is bad data with words, and nothing is proposed", arguments: cases)
    func dead(_ test: Case) throws {
        var paper = QubitPaper(seed: 8)
        paper.isDead = true
        let report = try paper.run(test.routine, try PaperContext.make(test.values, hasPi: test.hasPi))
        #expect(report.verdict != .good, "\(report.reason)")
        #expect(report.proposals.isEmpty)
        #expect(report.reason.count > 20)
        // A switch that lets nothing pass cannot be told from a dead qubit there.
        #expect(report.verdict == .badData || test.routine.name == "gated-path")
    }

    @Test("Points without shots are bad data", arguments: RoutineTable.ofNode.indices)
    func nothing(_ place: Int) throws {
        let routine = RoutineTable.ofNode[place]
        let context = try PaperContext.make(["pi_amplitude": 0.9], hasPi: true)
        guard routine.scope == .node, case .measure(let points, _) = try routine.calibrate(context, []) else { return }
        let empty = points.map { _ in BellCalibration.Measurement.shots(ShotSet(i: [], q: [], ones: 0)) }
        for round in [empty, []] {
            guard case .finish(let report) = try routine.calibrate(context, [round]) else {
                Issue.record("\(routine.name) goes on with nothing")
                continue
            }
            #expect(report.verdict == .badData)
        }
    }

    @Test("Two lines where one is expected are out of spec")
    func twoLines() throws {
        var paper = QubitPaper(seed: 4)
        paper.lines = [(3e6, 0.8), (-7e6, 0.6)]
        let report = try paper.run(QubitSpectroscopy(), try PaperContext.make())
        #expect(report.verdict == .outOfSpec)
        #expect(report.reason.contains("2 lines"))
        #expect(report.proposals.isEmpty)
    }

    @Test("A drive on |e⟩–|f⟩ is told by the stronger line one anharmonicity higher", arguments: [0.0, 0.03])
    func wrongTransition(thermalLine: Double) throws {
        var paper = QubitPaper(seed: 4)
        paper.lines = [(3e6 + 240e6, 0.8), (3e6, thermalLine)]
        let report = try paper.run(QubitSpectroscopy(), try PaperContext.make())
        #expect(report.verdict == .outOfSpec)
        #expect(report.reason.contains("wrong transition"))
        #expect(report.reason.contains("240 MHz"))
    }

    @Test("A stuck switch is named, whichever way it is stuck")
    func stuck() throws {
        let context = try PaperContext.make(Self.errors)
        var closed = QubitPaper(seed: 6)
        closed.ratio = 0
        let never = try closed.run(GatedPath(), context)
        #expect(never.verdict == .outOfSpec)
        #expect(never.reason.contains("no gated pulse reaches"))
        var open = QubitPaper(seed: 6)
        open.isOpenWhenBlocked = true
        let always = try open.run(GatedPath(), context)
        #expect(always.verdict == .outOfSpec)
        #expect(always.reason.contains("must block"))
        let isolation = try open.run(SwitchIsolation(), context)
        #expect(isolation.verdict == .outOfSpec || isolation.verdict == .badData)
        #expect(isolation.proposals.isEmpty)
    }

    @Test("Sweeps stay inside of the board's limits")
    func limits() throws {
        let rate = try #require(TickRate(numerator: 40_000_000))
        let small = BoardLimits(tickRate: rate, ticksPerSample: 4, waveformMemory: 800, maxEvents: 24)
        // 10 MS/s: carriers reach 5 MHz, of which 3 are taken.
        let context = try PaperContext.make(limits: small)
        for routine in RoutineTable.ofNode {
            guard case .measure(let points, let note) = try routine.calibrate(context, []) else { continue }
            for point in points {
                #expect((point.parameters["detuning_hz"] ?? 0) + 3e6 <= 5e6, "\(routine.name)")
                #expect((point.parameters["frequency_hz"] ?? 0).magnitude <= 5e6, "\(routine.name)")
                #expect((point.parameters["pulses"] ?? 0) <= 16, "\(routine.name)")
                #expect((point.parameters["amplitude"] ?? 0) <= 1, "\(routine.name)")
            }
            if routine.name == "qubit-spectroscopy" { #expect(note.contains("clipped")) }
        }
    }

    @Test("A drive too weak for a π/2 pulse is out of spec")
    func weak() throws {
        var paper = QubitPaper(seed: 3)
        paper.halfPi = 1.15
        let report = try paper.run(RabiAmplitude(), try PaperContext.make())
        #expect(report.verdict == .outOfSpec)
        #expect(report.reason.contains("full scale"))
    }

    @Test("AllXY is good with right pulses and names the kind of error otherwise")
    func allXY() throws {
        var paper = QubitPaper(seed: 2)
        let good = try paper.run(AllXY(), try PaperContext.make(Self.errors))
        #expect(good.verdict == .good, "\(good.reason)")
        #expect(try #require(good.metric("allxy_deviation")).value < 0.05)
        let wrong = Self.errors.merging(["half_pi_amplitude": 0.68]) { $1 }
        let bad = try paper.run(AllXY(), try PaperContext.make(wrong))
        #expect(bad.verdict == .outOfSpec)
        #expect(bad.reason.contains("amplitudes"))
    }

    @Test("The coherence limit is that of an idle of the pulse's length")
    func coherence() throws {
        let context = try PaperContext.make(["t1": 22_000, "t2_echo": 17_000])
        // 12 ns (1/(3 · 17 µs) + 1/(6 · 22 µs)) = 3.262e-4, to first order.
        let limit = try #require(RandomizedBenchmarking.coherenceLimit(NodeBench(context)))
        #expect((limit - 3.262e-4).magnitude < 5e-7)
    }

    @Test("The table's names are unique, and each routine stands behind what it needs")
    func table() {
        var seen: Set<String> = []
        for routine in RoutineTable.ofNode {
            for needed in routine.dependencies { #expect(seen.contains(needed), "\(routine.name) needs \(needed)") }
            #expect(seen.insert(routine.name).inserted)
            for name in routine.proposes {
                #expect((Quantity.ofNode + Quantity.ofTiming).contains { $0.name == name }, "\(name)")
            }
        }
    }
}
