public import BellModel
import Glibc

/// What an ideal calibration of a simulated laboratory would find, computed from its truth.
///
/// For tests only: no board tells any of it, and no socket carries it.
public struct GroundTruth: Sendable {
    public let physics: PhysicsTruth

    public init(_ physics: PhysicsTruth) { self.physics = physics }

    public init(profile: MockProfile) { physics = profile.physics }

    /// A pulse at its best, and what is left of its error.
    public struct Pulse: Equatable, Sendable {
        /// Of full scale.
        public let amplitude: Double
        /// DRAG coefficient β in nanoseconds: Q = β dI/dt.
        public let drag: Double
        /// Average gate error, decoherence and leakage included.
        public let error: Double
        /// Population of |f⟩ after one pulse on |g⟩.
        public let leakage: Double
    }

    /// Where a node's readout tells |g⟩ and |e⟩ apart best.
    public struct Readout: Equatable, Sendable {
        /// Direction from the cloud of |g⟩ to that of |e⟩ in radians, and the threshold on it in codes.
        public let angle: Double
        public let threshold: Double
        /// Tone offset from the readout frame in Hz, and its amplitude of full scale.
        public let frequency: Double
        public let amplitude: Double
        /// P(1|g) and P(0|e).
        public let errorGround: Double
        public let errorExcited: Double
    }

    /// The carrier at which a Ramsey sequence shows no detuning, in Hz from the node's frame.
    public func detuning(_ node: Node) -> Double { physics.nodes[node].detuning }

    /// Average error of a π/2 pulse of `duration` seconds from T1 and T2 alone.
    ///
    /// 1 − F̄ of a channel whose coherences fall by e^{−t/T2} and whose polarisation falls by e^{−t/T1}; slow noise,
    /// which a pulse hardly feels, is not in it.
    /// - SeeAlso: Nielsen, Phys. Lett. A 303, 249 (2002).
    public func coherenceLimit(_ node: Node, duration: Double) -> Double {
        let truth = physics.nodes[node]
        return 0.5 - (exp(-duration / truth.t1) + 2 * exp(-duration / truth.t2)) / 6
    }

    /// The best π/2 pulse with a carrier on the qubit's frequency.
    ///
    /// - Parameters:
    ///   - duration: Seconds; rounded to samples.
    ///   - sample: Seconds.
    ///   - envelope: Value 0…1 at a fraction 0…1 of the duration.
    public func halfPi(
        _ node: Node, duration: Double, sample: Double = 0.5e-9, envelope: (Double) -> Double
    ) -> Pulse {
        let truth = physics.nodes[node]
        let shape = HalfPiShape(duration: duration, sample: sample, envelope: envelope)
        let amplitude = 0.25 / (truth.rabi * shape.area)
        let drag = truth.anharmonicity.map { -0.5e9 / (2 * .pi * $0) } ?? 0
        let reach = [0.02 * amplitude, truth.anharmonicity == nil ? 0 : 0.2]
        let found = ParabolaSearch(reach: reach, rounds: 12).maximum(from: [amplitude, drag]) {
            1 - pulse(node, shape, amplitude: $0[0], drag: $0[1], carrier: truth.detuning).error
        }
        return pulse(node, shape, amplitude: found.point[0], drag: found.point[1], carrier: truth.detuning)
    }

    /// What a π/2 pulse with these numbers does.
    ///
    /// - Parameters:
    ///   - amplitude: Of full scale.
    ///   - drag: β in nanoseconds.
    ///   - carrier: Hz from the node's frame.
    ///   - duration: Seconds; rounded to samples.
    ///   - sample: Seconds.
    ///   - envelope: Value 0…1 at a fraction 0…1 of the duration.
    public func halfPi(
        _ node: Node, amplitude: Double, drag: Double, carrier: Double, duration: Double, sample: Double = 0.5e-9,
        envelope: (Double) -> Double
    ) -> Pulse {
        let shape = HalfPiShape(duration: duration, sample: sample, envelope: envelope)
        return pulse(node, shape, amplitude: amplitude, drag: drag, carrier: carrier)
    }

    /// Samples of an envelope and of its slope per nanosecond.
    private struct HalfPiShape {
        let sample: Double
        let value: [Double]
        let slope: [Double]

        init(duration: Double, sample: Double, envelope: (Double) -> Double) {
            let count = max(1, Int((duration / sample).rounded()))
            self.sample = sample
            value = (0..<count).map { envelope((Double($0) + 0.5) / Double(count)) }
            slope = (0..<count).map { place in
                let (low, high) = ((Double(place) + 0.499) / Double(count), (Double(place) + 0.501) / Double(count))
                return (envelope(high) - envelope(low)) / (0.002 * sample * 1e9)
            }
        }

        /// Seconds of full scale.
        var area: Double { value.reduce(0, +) * sample }
    }

    private func pulse(
        _ node: Node, _ shape: HalfPiShape, amplitude: Double, drag: Double, carrier: Double
    ) -> Pulse {
        let truth = physics.nodes[node]
        let chain = DriveChain(truth: truth, switchOpens: .infinity)
        let steps = zip(shape.value, shape.slope).map {
            DriveStep(amplitude: chain.mixed(Complex(amplitude * $0, amplitude * drag * $1)), length: shape.sample)
        }
        let length = Double(shape.value.count) * shape.sample
        let matrix = Transmon(truth: truth).propagator(
            of: DriveRun(start: 0, end: length, carrier: carrier, phase: 0, steps: steps), offset: 0)
        return Pulse(amplitude: amplitude, drag: drag, error: 1 - GroundTruth.fidelity(matrix), leakage: matrix[18])
    }

    /// Mean fidelity of a π/2 rotation about x: over the six states on the axes, which is the mean over all.
    private static func fidelity(_ matrix: [Double]) -> Double {
        // Bloch vectors and where the rotation about x takes them; ρ01 = (x − iy)/2.
        let axes: [(SIMD3<Double>, SIMD3<Double>)] = [
            ([1, 0, 0], [1, 0, 0]), ([0, 1, 0], [0, 0, 1]), ([0, 0, 1], [0, -1, 0]),
        ]
        var sum = 0.0
        for (from, to) in axes {
            for sign in [1.0, -1] {
                let state = [
                    0.5 + 0.5 * sign * from.z, 0.5 - 0.5 * sign * from.z, 0, 0.5 * sign * from.x, -0.5 * sign * from.y,
                ]
                let out = (0..<5).map { row in (0..<5).reduce(0) { $0 + matrix[row * 9 + $1] * state[$1] } }
                let bloch = SIMD3(2 * out[3], -2 * out[4], out[0] - out[1])
                sum += 0.5 * (out[0] + out[1]) + 0.5 * sign * (bloch * to).sum()
            }
        }
        return sum / 6
    }

    /// The best readout with a rectangular tone of `window` seconds.
    public func readout(_ node: Node, window: Double) -> Readout {
        let truth = physics.nodes[node]
        let isSimple = truth.readout.excitationRate == 0
        let amplitudes = isSimple ? [1.0] : (1...40).map { Double($0) / 40 }
        let all = amplitudes.map { GroundTruth.readout(truth, window: window, amplitude: $0) }
        let first = all[0]
        return all.reduce(first) { $1.errorGround + $1.errorExcited < $0.errorGround + $0.errorExcited ? $1 : $0 }
    }

    private static func readout(_ truth: NodeTruth, window: Double, amplitude: Double) -> Readout {
        let model = { (angle: Double, threshold: Double) in
            ReadoutModel(
                truth: truth, strength: amplitude, tone: truth.readout.frequency, window: window,
                discriminator: Discriminator(angle: angle, threshold: threshold))
        }
        let clouds = model(0, 0)
        let (g, e) = (clouds.centre(level: 0), clouds.centre(level: 1))
        let angle = atan2(e.q - g.q, e.i - g.i)
        let middle = 0.5 * ((g.i + e.i) * cos(angle) + (g.q + e.q) * sin(angle))
        let errors = { (threshold: Double) -> (Double, Double) in
            let model = model(angle, threshold)
            return (model.probabilityOfOne(level: 0), 1 - model.probabilityOfOne(level: 1))
        }
        let half = 0.5 * hypot(e.i - g.i, e.q - g.q)
        let best = ParabolaSearch(reach: [0.2 * half], rounds: 10).maximum(from: [middle]) {
            let (ground, excited) = errors($0[0])
            return -ground - excited
        }.point[0]
        let (ground, excited) = errors(best)
        return Readout(
            angle: angle, threshold: best, frequency: truth.readout.frequency, amplitude: amplitude,
            errorGround: ground, errorExcited: excited)
    }
}

extension Discriminator {
    /// Decides on the projection on a direction: 1 beyond `threshold` codes.
    init(angle: Double, threshold: Double) {
        self.init(
            weightI: Int16((32_767 * cos(angle)).rounded()), weightQ: Int16((32_767 * sin(angle)).rounded()),
            threshold: Int32(clamping: Int64((32_767 * threshold).rounded())))
    }
}
