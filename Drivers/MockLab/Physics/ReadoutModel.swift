import BellModel
import Glibc

/// The IQ points of one node's readout and the decision that the program's discriminator takes on them.
struct ReadoutModel: Equatable, Sendable {
    /// Centres of the clouds in codes, for |g⟩ and for an |e⟩ that lives through the window.
    let ground: (i: Double, q: Double)
    let excited: (i: Double, q: Double)
    /// Standard deviation of each quadrature in codes.
    let noise: Double
    /// Window length over T1; 0 for an infinite T1.
    let decay: Double
    /// e^{−decay}: the probability that |e⟩ lives through the window.
    let survives: Double
    let discriminator: Discriminator

    static func == (a: ReadoutModel, b: ReadoutModel) -> Bool {
        a.ground == b.ground && a.excited == b.excited && a.noise == b.noise && a.decay == b.decay
            && a.discriminator == b.discriminator
    }

    /// A node without a program, or one whose program reads nothing out, has only noise at its converter.
    init(program: NodeProgram?, truth: NodeTruth) {
        discriminator = program?.discriminator ?? Discriminator(weightI: 32_767, weightQ: 0, threshold: 0)
        guard let program, let event = program.events.first(where: { $0.kind == .readout }), event.duration > 0 else {
            (ground, excited, noise, decay, survives) = ((0, 0), (0, 0), truth.readout.noise, 0, 1)
            return
        }
        let tick = 1 / program.tickRate.hertz
        let window = Double(event.duration) * tick
        let envelope = Envelope(
            event: event, program: program, sample: tick * Double(program.ticksPerSample), tick: tick)
        let length = envelope.steps.reduce(0) { $0 + $1.length }
        let strength = length > 0 ? envelope.integral.size / length : 0
        let size = truth.readout.separation * truth.readout.gain * strength
        let (i, q) = (size * cos(truth.readout.angle), size * sin(truth.readout.angle))
        ground = (-i, -q)
        excited = (i, q)
        noise = truth.readout.noise * (truth.readout.window / window).squareRoot()
        decay = window / truth.t1
        survives = exp(-decay)
    }

    /// The probability of outcome 1 for a qubit in |g⟩ (`excited` 0) or |e⟩ (1) at the window's start.
    ///
    /// Rounding of the IQ point to whole codes is left out; it moves a probability by less than 1/noise in a million.
    func probabilityOfOne(excited bit: UInt8) -> Double {
        let low = margin(ground)
        if bit == 0 { return ReadoutModel.above(low) }
        let high = margin(excited)
        return survives * ReadoutModel.above(high) + decayed(low: low, high: high)
    }

    /// (weighted mean − threshold) / weighted noise; ±∞ without noise.
    private func margin(_ centre: (i: Double, q: Double)) -> Double {
        let (wi, wq) = (Double(discriminator.weightI), Double(discriminator.weightQ))
        let excess = wi * centre.i + wq * centre.q - Double(discriminator.threshold)
        let sigma = noise * (wi * wi + wq * wq).squareRoot()
        guard sigma > 0 else { return excess > 0 ? .infinity : -.infinity }
        return excess / sigma
    }

    /// P(normal variable + z > 0).
    static func above(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

    /// ∫ over the moment of decay inside the window of density × P(1).
    ///
    /// The mean moves from the excited cloud's centre to the ground cloud's in proportion to the part of the window
    /// spent in |g⟩. Simpson's rule, 4096 panels; a step (no noise) is placed exactly.
    private func decayed(low: Double, high: Double) -> Double {
        guard decay > 0 else { return 0 }
        if low.isInfinite || high.isInfinite { return decayedWithoutNoise }
        let panels = 4096
        var sum = 0.0
        for k in 0...panels {
            let u = Double(k) / Double(panels)
            let weight = k == 0 || k == panels ? 1.0 : (k & 1 == 1 ? 4.0 : 2.0)
            sum += weight * decay * exp(-decay * u) * ReadoutModel.above(low + (high - low) * u)
        }
        return sum / Double(3 * panels)
    }

    private var decayedWithoutNoise: Double {
        let (wi, wq) = (Double(discriminator.weightI), Double(discriminator.weightQ))
        let low = wi * ground.i + wq * ground.q - Double(discriminator.threshold)
        let high = wi * excited.i + wq * excited.q - Double(discriminator.threshold)
        let all = 1 - exp(-decay)
        if low > 0 && high > 0 { return all }
        if low <= 0 && high <= 0 { return 0 }
        let crossing = exp(-decay * low / (low - high))  // P(not yet decayed at the crossing)
        return high > 0 ? crossing - exp(-decay) : 1 - crossing
    }

    /// An integrated point, rounded and clamped to 16 bits; `clipped` tells that the converter saturated.
    @inline(__always)
    func sample(
        excited bit: UInt8, _ table: GaussianTable, _ random: inout Xoshiro256, clipped: inout Bool
    ) -> (i: Int16, q: Int16) {
        var (i, q) = bit == 0 ? ground : excited
        if bit != 0 && decay > 0 {
            let lived = random.unit()
            // Decays inside the window with probability 1 − e^{−decay}; `lived` is then the survival probability.
            if lived > survives { moveAfterDecay(survival: lived, &i, &q) }
        }
        i += noise * table.draw(&random)
        q += noise * table.draw(&random)
        return (ReadoutModel.code(i, &clipped), ReadoutModel.code(q, &clipped))
    }

    @inline(never)
    private func moveAfterDecay(survival: Double, _ i: inout Double, _ q: inout Double) {
        let u = -log(survival) / decay
        i = ground.i + (excited.i - ground.i) * u
        q = ground.q + (excited.q - ground.q) * u
    }

    @inline(__always)
    private static func code(_ value: Double, _ clipped: inout Bool) -> Int16 {
        let rounded = value.rounded()
        if rounded > 32_767 {
            clipped = true
            return 32_767
        }
        if rounded < -32_768 {
            clipped = true
            return -32_768
        }
        return Int16(rounded)
    }
}
