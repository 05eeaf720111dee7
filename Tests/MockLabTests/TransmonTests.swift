import BellModel
import Foundation
import Testing

@testable import MockLab

@Suite("Three-level transmons: leakage, DRAG, slow noise and the drive chain")
struct TransmonTests {
    private var truth: NodeTruth {
        var truth = NodeTruth()
        truth.t1 = 22e-6
        truth.t2 = 17e-6
        truth.rabi = 54.9e6
        truth.anharmonicity = -240e6
        return truth
    }

    /// Cosine pulses of 12 ns; amplitude of full scale, start in ns, axis in turns.
    private func program(
        _ pulses: [(start: Double, amplitude: Double, axis: Double)], drag: Double = 0, gated: Bool = false,
        latch: Double? = nil, detuning: Double = 0
    ) throws -> NodeProgram {
        let angles = (0..<24).map { 2 * Double.pi * (Double($0) + 0.5) / 24 }
        let waveform = Waveform(
            i: angles.map { Int16((32_767 * (0.5 - 0.5 * cos($0))).rounded()) },
            q: angles.map { Int16((32_767 * drag * .pi / 12 * sin($0)).rounded()) })
        var events = pulses.map { pulse in
            ProgramEvent(
                kind: gated ? .gatedDrive : .drive, tick: UInt32(8 * pulse.start), duration: 96, waveform: 0,
                amplitude: UInt16((65_535 * pulse.amplitude).rounded()),
                phase: UInt32(truncatingIfNeeded: Int64(pulse.axis * 4_294_967_296)), detuning: Int64(1000 * detuning))
        }
        if let latch { events.append(ProgramEvent(kind: .gate, tick: UInt32(8 * latch), duration: 0)) }
        return NodeProgram(
            node: .alice, tickRate: try #require(TickRate(numerator: 8_000_000_000)), ticksPerSample: 4,
            trialPeriod: 640_000, clockEvery: 1, inputBits: .board, waveforms: [waveform], events: events,
            discriminator: Discriminator(weightI: 1, weightQ: 0, threshold: 0))
    }

    private func levels(_ program: NodeProgram, _ truth: NodeTruth, bit: UInt8 = 1) -> [Double] {
        NodeDynamics(program: program, truth: truth, pulseDelay: 0).levelsAlone(bit: bit)
    }

    private func cosine(_ x: Double) -> Double { 0.5 - 0.5 * cos(2 * .pi * x) }

    @Test("The best DRAG coefficient is near -1/(2 x 2π α), and the pulse then comes to the coherence limit")
    func drag() throws {
        var truths = PhysicsTruth()
        truths.nodes.alice = truth
        let ground = GroundTruth(truths)
        let best = ground.halfPi(.alice, duration: 12e-9, envelope: cosine)
        #expect(best.drag > 0.3 && best.drag < 0.7)
        let limit = ground.coherenceLimit(.alice, duration: 12e-9)
        #expect(abs(limit - 12e-9 * (1 / 22e-6 + 2 / 17e-6) / 6) < 1e-6)
        #expect(best.error > 0.98 * limit && best.error < 1.05 * limit)
        // The other sign of the anharmonicity turns that of the coefficient.
        truths.nodes.alice.anharmonicity = 240e6
        let turned = GroundTruth(truths).halfPi(.alice, duration: 12e-9, envelope: cosine)
        #expect(abs(turned.drag + best.drag) < 1e-4)
    }

    @Test("Without DRAG a pulse leaks and turns the frame: two π/2 pulses fall short of π by the phase")
    func phaseError() throws {
        var perfect = truth
        (perfect.t1, perfect.t2) = (.infinity, .infinity)
        let amplitude = 0.25 / (54.9e6 * 6e-9)
        let pair = [(start: 0.0, amplitude: amplitude, axis: 0.0), (start: 12.0, amplitude: amplitude, axis: 0.0)]
        let plain = levels(try program(pair), perfect)
        let good = levels(try program(pair, drag: 0.35), perfect)
        let wrong = levels(try program(pair, drag: -0.5), perfect)
        #expect(plain[1] < good[1] - 0.002 && wrong[1] < plain[1] - 0.002)
        #expect(good[1] > 0.999)
        #expect(plain[2] > 1e-5)
        #expect(good[2] < plain[2] && plain[2] < wrong[2])
        // A two-level system has neither.
        perfect.anharmonicity = nil
        let two = levels(try program(pair), perfect)
        #expect(two[2] == 0 && abs(two[1] - 1) < 1e-6)
    }

    @Test("The |f⟩ level decays to |e⟩ at 2/T1, then to |g⟩")
    func ladder() throws {
        var truth = truth
        (truth.t1, truth.t2, truth.thermal) = (10e-6, 12e-6, 0.02)
        let transmon = Transmon(truth: truth)
        var state = [0.0, 0, 1, 0, 0, 0, 0, 0, 0]
        let step = transmon.free(time: 7e-6, offset: 0, angle: 0)
        step.apply(to: &state, columns: 1)
        // The same by the generator.
        let still = DriveRun(
            start: 0, end: 7e-6, carrier: 0, phase: 0, steps: [DriveStep(amplitude: Complex(0), length: 7e-6)])
        let column = (0..<9).map { transmon.propagator(of: still, offset: 0)[$0 * 9 + 2] }
        for (a, b) in zip(state, column) { #expect(abs(a - b) < 1e-9) }
        #expect(abs(state[2] - exp(-1.4)) < 1e-12)
        #expect(abs(state[0] + state[1] + state[2] - 1) < 1e-15)
    }

    @Test("Slow noise makes T2* Gaussian; an echo undoes it", arguments: [1.0, 4, 9, 20])
    func slowNoise(microseconds: Double) throws {
        var truth = truth
        truth.anharmonicity = nil
        truth.slowDetuning = 25e3
        truth.detuning = 0.3e6
        let quarter = 0.25 / (54.9e6 * 6e-9)
        let wait = 1000 * microseconds
        let times = wait * 1e-9
        var contrast: [Double] = []
        for axis in [0.0, 0.5] {
            let ramsey = try program(
                [(0, quarter, 0), (12 + wait, quarter, axis)], detuning: 0.3e6)
            contrast.append(levels(ramsey, truth)[1])
        }
        let phase = 2 * Double.pi * 25e3 * (times + 12e-9)
        let expected = exp(-times / truth.t2 - 0.5 * phase * phase)
        #expect(abs(contrast[0] - contrast[1] - expected) < 2e-3)
        let half = wait / 2
        var echoes: [Double] = []
        for axis in [0.0, 0.5] {
            let pulses = [
                (0.0, quarter, 0.0), (12 + half, quarter, 0), (24 + half, quarter, 0), (36 + wait, quarter, axis),
            ]
            echoes.append(levels(try program(pulses, detuning: 0.3e6), truth)[1])
        }
        #expect(abs(echoes[1] - echoes[0] - exp(-(times + 36e-9) / truth.t2)) < 4e-3)
    }

    @Test("More points of slow noise agree with fewer where both hold")
    func quadrature() {
        for phase in [0.1, 0.3, 0.49, 0.6, 1.3, 5] {
            let noise = SlowNoise(sigma: 1, span: phase / (2 * .pi))
            #expect(abs(noise.weights.reduce(0, +) - 1) < 1e-12)
            let mean = zip(noise.offsets, noise.weights).reduce(0) { $0 + $1.1 * cos(phase * $1.0) }
            #expect(abs(mean - exp(-0.5 * phase * phase)) < 3e-6)
        }
        #expect(SlowNoise(sigma: 0, span: 1).weights == [1])
        let bounded = [3, 12, 40].map { SlowNoise(sigma: 1, span: 100, most: $0) }
        #expect(bounded.map(\.offsets.count) == [5, 11, 39])
        #expect(bounded.allSatisfy { abs($0.weights.reduce(0, +) - 1) < 1e-12 })
    }

    @Test("The switched path has its own gain and phase, and opens with its time constant")
    func switchedPath() throws {
        var truth = truth
        truth.anharmonicity = nil
        let quarter = 0.25 / (54.9e6 * 6e-9)
        let pulse = [(start: 100.0, amplitude: quarter, axis: 0.0)]
        let ideal = levels(try program(pulse, gated: true, latch: 20), truth)[1]
        #expect(abs(ideal - 0.5) < 1e-3)
        truth.gatedGain = 0.8
        let weak = levels(try program(pulse, gated: true, latch: 20), truth)[1]
        #expect(abs(weak - pow(sin(0.8 * .pi / 4), 2)) < 1e-3)
        let stronger = [(start: 100.0, amplitude: quarter / 0.8, axis: 0.0)]
        #expect(abs(levels(try program(stronger, gated: true, latch: 20), truth)[1] - ideal) < 1e-4)
        #expect(levels(try program(pulse, gated: true, latch: 20), truth, bit: 0)[1] < 1e-12)
        truth.gatedGain = 1
        truth.switchRise = 5e-9
        // The switch begins to move 10 ns before, at the pulse's start, and in its middle.
        let late = try [90.0, 100, 106].map {
            levels(try program(pulse, gated: true, latch: $0), truth)[1]
        }
        #expect(late[0] < ideal - 1e-3 && late[1] < late[0] - 0.05 && late[2] < late[1] - 0.05)
        // Against the closed form: the area that passes.
        let passed = (0..<24_000).reduce(0.0) { sum, place in
            let t = 12 * (Double(place) + 0.5) / 24_000
            return sum + 12 / 24_000.0 * (0.5 - 0.5 * cos(2 * .pi * t / 12)) * (1 - exp(-t / 5))
        }
        #expect(abs(late[1] - pow(sin(.pi / 4 * passed / 6), 2)) < 2e-3)
        truth.switchRise = 0
        truth.gatedPhase = 0.3
        let turned = try program(
            [(start: 100, amplitude: quarter, axis: 0.25 - 0.3 / (2 * .pi))], gated: true, latch: 20)
        var state = LevelBasis.ground
        NodeDynamics(program: turned, truth: truth, pulseDelay: 0)
            .evolve(&state, columns: 1, from: 0, to: 112e-9, bit: 1, shift: 0)
        // π/2 about y puts the Bloch vector on x.
        #expect(abs(2 * state[3] - 1) < 2e-3 && abs(2 * state[4]) < 1e-3)
    }

    @Test("A mixer with unlike gains makes rotations about x and y unlike; skew tilts the axes")
    func mixer() throws {
        var truth = truth
        truth.anharmonicity = nil
        (truth.t1, truth.t2) = (.infinity, .infinity)
        truth.mixerGainError = 0.1
        let quarter = 0.25 / (54.9e6 * 6e-9)
        for (axis, gain) in [(0.0, 1.05), (0.25, 0.95), (0.5, 1.05)] {
            let p = levels(try program([(0, quarter, axis)]), truth)[1]
            #expect(abs(p - pow(sin(gain * .pi / 4), 2)) < 1e-4)
        }
        truth.mixerGainError = 0
        truth.mixerSkew = 0.2
        // x, then −x of the same mixer undo each other; x and y are 90° + 0.2 apart.
        #expect(levels(try program([(0, quarter, 0), (12, quarter, 0.5)]), truth)[1] < 1e-8)
        let p = levels(try program([(0, quarter, 0), (12, quarter, 0.25)]), truth)[1]
        #expect(abs(p - 0.5 * (1 - sin(0.2))) < 1e-4)
    }

    @Test("Pulses that overlap add up, and a cut at an instant changes nothing")
    func overlaps() throws {
        var truth = truth
        truth.detuning = 2e6
        let half = 0.125 / (54.9e6 * 6e-9)
        let twice = levels(try program([(0, half, 0.1), (0, half, 0.1)], detuning: 1e6), truth)
        let once = levels(try program([(0, 2 * half, 0.1)], detuning: 1e6), truth)
        for (a, b) in zip(twice, once) { #expect(abs(a - b) < 1e-5) }
        let dynamics = NodeDynamics(
            program: try program([(0, half, 0), (5, half, 0.2), (40, half, 0)], detuning: 1e6), truth: truth,
            pulseDelay: 3e-9)
        var whole = LevelBasis.ground
        dynamics.evolve(&whole, columns: 1, from: 0, to: 60e-9, bit: 0, shift: 0)
        var cut = LevelBasis.ground
        for (from, to) in [(0.0, 4.3e-9), (4.3e-9, 11e-9), (11e-9, 45.1e-9), (45.1e-9, 60e-9)] {
            dynamics.evolve(&cut, columns: 1, from: from, to: to, bit: 0, shift: 0)
        }
        for (a, b) in zip(whole, cut) { #expect(abs(a - b) < 1e-9) }
    }
}
