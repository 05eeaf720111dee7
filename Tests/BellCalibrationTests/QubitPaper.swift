import BellModel
import BellSequence
import Foundation

@testable import BellCalibration

/// A qubit on paper: what the experiments would give by their textbook formulas, with shots drawn from a seed.
///
/// Independent of the simulated laboratory, whose physics is richer; values in force come from the context.
struct QubitPaper {
    /// From the node's frame, Hz.
    var lines: [(place: Double, height: Double)] = [(3e6, 0.8)]
    var halfPi = 0.62
    var pi = 0.9
    var t1 = 21_000.0
    var t2Star = 9_000.0
    var t2Echo = 15_000.0
    var drag = 0.37
    var piDrag = 0.21
    var ratio = 0.87
    var gatedPhase = 0.6
    var isOpenWhenBlocked = false
    /// dB; infinite: nothing passes.
    var isolation = 34.0
    var thermal = 0.01
    var anharmonicity = -226e6
    var pulseError = 7e-4
    var resonator = 4e6
    var resonatorWidth = 6e6
    /// 1 or −1: the sense in which the receiver counts phases.
    var sense = 1.0
    var bestTone = 5e6
    var separation = 4000.0
    /// Tone amplitude from which more tone only adds noise.
    var bestPower = 0.6
    var angle = 2.1
    var noise = 1800.0
    var offset = (i: 900.0, q: -400.0)
    /// Nothing reaches the qubit.
    var isDead = false
    var isSilent = false
    var random: Numbers

    init(seed: UInt64) { random = Numbers(seed: seed) }

    /// xorshift64*; for tests alone.
    struct Numbers: RandomNumberGenerator {
        private var state: UInt64

        init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 0x2545_f491_4f6c_dd1d
        }

        mutating func uniform() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

        mutating func normal() -> Double {
            sqrt(-2 * log(1 - uniform())) * cos(2 * .pi * uniform())
        }
    }

    // MARK: Playing

    /// Plays a routine to its end.
    mutating func run(_ routine: any CalibrationRoutine, _ context: RoutineContext, isCheck: Bool = false) throws
        -> RoutineReport
    {
        var rounds: [[BellCalibration.Measurement]] = []
        while rounds.count < 20 {
            switch isCheck ? try routine.check(context, rounds) : try routine.calibrate(context, rounds) {
            case .finish(let report): return report
            case .measure(let points, _): rounds.append(points.map { shoot($0, context) })
            }
        }
        throw BellError(.calibrationMissing, "\(routine.name) does not end.")
    }

    mutating func shoot(_ point: ExperimentPoint, _ context: RoutineContext) -> BellCalibration.Measurement {
        let bench = NodeBench(context)
        let p = isDead ? 0 : population(point, bench)
        var excited = (i: 0.0, q: 0.0)
        var ground = (i: 0.0, q: 0.0)
        var spread = noise
        if point.sequence == "resonator-spectroscopy" {
            let detuning = 2 * (point.parameters["frequency_hz", default: 0] - resonator) / resonatorWidth
            let size = 5000 / (1 + detuning * detuning)
            ground = (i: 1500 + size, q: -sense * size * detuning)
            excited = ground
        } else {
            let tone = point.parameters["frequency_hz"] ?? bench.value("readout_frequency") ?? 0
            let power = point.sequence == "readout" ? point.parameters["amplitude", default: 1] : bestPower
            let off = (tone - bestTone) / 8e6
            let size = separation * min(power, bestPower) / bestPower / (1 + off * off)
            if power > bestPower { spread *= power / bestPower }
            (ground.i, ground.q) = (offset.i - size * cos(angle), offset.q - size * sin(angle))
            (excited.i, excited.q) = (offset.i + size * cos(angle), offset.q + size * sin(angle))
        }
        if isSilent { (ground, excited) = ((0, 0), (0, 0)) }
        let (c, s) = (cos(bench.value("readout_angle") ?? 0), sin(bench.value("readout_angle") ?? 0))
        let threshold = bench.value("readout_threshold") ?? 0
        var set = ShotSet(i: [], q: [], ones: 0)
        for _ in 0..<point.count {
            let hot = random.uniform() < thermal
            let isExcited = (random.uniform() < p) != hot
            let centre = isExcited ? excited : ground
            let i = clamp(centre.i + spread * random.normal())
            let q = clamp(centre.q + spread * random.normal())
            set.i.append(i)
            set.q.append(q)
            if Double(i) * c + Double(q) * s > threshold { set.ones += 1 }
        }
        return .shots(set)
    }

    private func clamp(_ x: Double) -> Int16 { Int16(min(max(x, -32_767), 32_767).rounded()) }

    // MARK: Formulas

    /// P(e) before thermal population and readout.
    private func population(_ point: ExperimentPoint, _ bench: NodeBench) -> Double {
        func given(_ name: String, _ standard: Double = 0) -> Double { point.parameters[name] ?? standard }
        let half = bench.value("half_pi_amplitude") ?? 0.5
        let drive = bench.value("drive_detuning") ?? 0
        // What the values in force make of a nominal 90° and 180°.
        let quarter = Double.pi / 2 * half / halfPi
        let straight = bench.value("pi_amplitude").map { Double.pi * $0 / pi } ?? 2 * quarter
        func angle(_ degrees: Double) -> Double {
            degrees.magnitude == 180 ? straight * degrees / 180 : quarter * degrees / 90
        }
        switch point.sequence {
        case "qubit-spectroscopy":
            let at = given("detuning_hz") + drive
            return lines.reduce(0) { $0 + $1.height * exp(-pow((at - $1.place) / 0.6e6, 2) / 2) }
        case "rabi-amplitude": return turned(given("pulses", 1) * .pi / 2 * given("amplitude") / halfPi)
        case "rabi-duration":
            // The π/2 pulse of 12 ns is a cosine: 6 ns of full amplitude.
            return turned(.pi / 2 * given("duration_ns") / 6 * given("amplitude") / halfPi)
        case "ramsey":
            let t = given("wait_ns")
            let beat = (lines[0].place - drive - given("detuning_hz")) * 1e-9
            return 0.5 + 0.5 * exp(-t / t2Star) * cos(2 * .pi * beat * t)
        case "readout": return given("excite") * turned(straight)
        case "fine-half-pi": return turned((2 * given("pairs") + 1) * quarter * given("scale", 1))
        case "fine-pi": return turned(quarter + given("pulses") * .pi * given("amplitude") / pi)
        case "drag":
            let best = given("angle_deg") == 180 ? piDrag : drag
            let tip = 0.4 * given("pairs") * (given("drag_ns") - best)
            return 0.5 + (given("prepare_deg") < 0 ? -0.5 : 0.5) * sin(tip)
        case "drag-leakage": return 0.001
        case "gated-phase":
            var state = Bloch()
            state.turn(angle(given("fixed_deg", 90)), about: 0)
            let gated = quarter * given("scale", 1) * ratio / (bench.value("gated_amplitude_ratio") ?? 1)
            let axis = given("axis_deg") * .pi / 180 + gatedPhase - (bench.value("gated_phase") ?? 0)
            for _ in 0..<Int(given("pulses", 1)) { state.turn(gated, about: axis) }
            return state.excited
        case "switch-isolation":
            var state = Bloch()
            state.turn(angle(given("prepare_deg", 90)), about: given("prepare_axis_deg") * .pi / 180)
            let leak = isOpenWhenBlocked ? quarter : quarter * pow(10, -isolation / 20)
            for _ in 0..<Int(given("pulses")) { state.turn(leak, about: 0.4) }
            return state.excited
        case "allxy":
            var state = Bloch()
            state.turn(angle(given("first_angle_deg")), about: given("first_axis_deg") * .pi / 180)
            state.turn(angle(given("second_angle_deg")), about: given("second_axis_deg") * .pi / 180)
            return state.excited
        case "relaxation": return turned(straight) * exp(-given("wait_ns") / t1)
        case "echo":
            let sign = given("phase_deg") == 0 ? 1.0 : -1
            return 0.5 + 0.5 * sign * exp(-2 * given("half_wait_ns") / t2Echo)
        case "randomized-benchmarking": return 0.5 - 0.5 * pow(1 - 2 * pulseError, given("length"))
        case "thermal-population":
            guard given("ef_amplitude") > 0 else { return given("excite") * turned(straight) }
            return 0.9 * exp(-pow((given("ef_offset_hz") - anharmonicity) / 35e6, 2) / 2)
        case "anharmonicity": return 0.9 * exp(-pow((given("offset_hz") - anharmonicity) / 1.6e6, 2) / 2)
        default: return 0
        }
    }

    private func turned(_ angle: Double) -> Double { 0.5 - 0.5 * cos(angle) }
}

/// A state on the Bloch sphere, |g⟩ first.
struct Bloch {
    var (x, y, z) = (0.0, 0.0, 1.0)

    /// About an axis in the equator.
    mutating func turn(_ angle: Double, about axis: Double) {
        let (c, s) = (cos(axis), sin(axis))
        let (along, across) = (c * x + s * y, c * y - s * x)
        let (newAcross, newZ) = (cos(angle) * across - sin(angle) * z, sin(angle) * across + cos(angle) * z)
        (x, y, z) = (c * along - s * newAcross, s * along + c * newAcross, newZ)
    }

    var excited: Double { 0.5 - 0.5 * z }
}

/// Contexts for routines: a calibration with what a test says.
enum PaperContext {
    static let rate = TickRate(numerator: 8_000_000_000)

    static func make(
        _ values: [String: Double] = [:], uncertainty: Double = 0, limits: BoardLimits? = nil, hasPi: Bool = false
    ) throws -> RoutineContext {
        let place = SourcePlace(file: "alice.yaml", line: 1)
        let standard = [
            "half_pi_amplitude": 0.62, "half_pi_drag": 0, "drive_detuning": 3e6, "readout_amplitude": 0.6,
            "readout_angle": 2.1, "readout_threshold": 900 * cos(2.1) - 400 * sin(2.1), "readout_separation": 4000,
            "readout_frequency": 5e6,
        ]
        var table: [CalibratedValue] = []
        for (name, value) in standard.merging(values, uniquingKeysWith: { _, new in new }) {
            guard let quantity = Quantity.ofNode.first(where: { $0.name == name }) else {
                throw BellError(.calibrationMissing, "\(name) is no quantity.")
            }
            table.append(
                CalibratedValue(
                    quantity, value: value, uncertainty: uncertainty, time: "2026-11-20T06:12:00Z", routine: "test",
                    run: "test", place: place))
        }
        var pulses = [
            PulseName.halfPi: PulseShape(envelope: .cosine, duration: Picoseconds(12_000), place: place)
        ]
        if hasPi { pulses[.pi] = PulseShape(envelope: .cosine, duration: Picoseconds(20_000), place: place) }
        let node = NodeCalibration(pulses: pulses, values: ValueTable(source: "alice.yaml", values: table))
        let empty = ValueTable(source: "none")
        let timing = ValueTable(
            source: "timing.yaml",
            values: [(Quantity.switchDelay, 3.2), (.switchLine, 1.6)].map { quantity, value in
                CalibratedValue(
                    quantity, value: value, uncertainty: 0.02, time: "2026-11-20T06:12:00Z", routine: "test",
                    run: "test",
                    place: place)
            })
        guard let rate else { throw BellError(.calibrationMissing, "no rate") }
        let board = limits ?? BoardLimits(tickRate: rate, ticksPerSample: 4, waveformMemory: 65_536, maxEvents: 256)
        return RoutineContext(
            node: .alice,
            values: CalibrationSet(
                laboratory: "paper", nodes: PerNode(alice: node, bob: node), link: empty,
                timing: PerNode(alice: timing, bob: timing), geometry: empty),
            limits: PerNode(alice: board, bob: board))
    }
}

extension RoutineReport {
    func proposal(_ name: String) -> Proposal? { proposals.first { $0.path.quantity == name } }
    func metric(_ name: String) -> Metric? { metrics.first { $0.name == name } }
}
