import BellModel
import Glibc

/// The IQ points of one node's readout and the decision that the program's discriminator takes on them.
struct ReadoutModel: Equatable, Sendable {
    private let resonator: ReadoutResonator
    /// Centres of the clouds in codes, for a transmon that stays in |g⟩, |e⟩ or |f⟩ through the window.
    private let centresI: SIMD4<Double>
    private let centresQ: SIMD4<Double>
    /// Standard deviation of each quadrature in codes.
    let noise: Double
    /// Jumps in a window upwards and downwards from each level.
    private let up: [Double]
    private let down: [Double]
    /// e^{−(up + down)}: the probability of no jump.
    private let stays: SIMD4<Double>
    let discriminator: Discriminator

    /// A node without a program, or one whose program reads nothing out, has only noise at its converter.
    init(program: NodeProgram?, truth: NodeTruth) {
        let discriminator = program?.discriminator ?? Discriminator(weightI: 32_767, weightQ: 0, threshold: 0)
        guard let program, let event = program.events.first(where: { $0.kind == .readout }), event.duration > 0 else {
            var silent = NodeTruth()
            silent.readout.noise = truth.readout.noise
            self.init(
                truth: silent, strength: 0, tone: 0, window: silent.readout.window, discriminator: discriminator)
            return
        }
        let tick = 1 / program.tickRate.hertz
        let envelope = Envelope(
            event: event, program: program, sample: tick * Double(program.ticksPerSample), tick: tick)
        let length = envelope.steps.reduce(0) { $0 + $1.length }
        let strength = length > 0 ? envelope.integral.size / length : 0
        self.init(
            truth: truth, strength: strength, tone: Double(event.detuning) / 1000,
            window: Double(event.duration) * tick, discriminator: discriminator)
    }

    /// - Parameters:
    ///   - strength: Tone amplitude of full scale.
    ///   - tone: Its offset from the readout frame in Hz.
    ///   - window: Seconds; > 0.
    init(truth: NodeTruth, strength: Double, tone: Double, window: Double, discriminator: Discriminator) {
        self.discriminator = discriminator
        resonator = ReadoutResonator(truth: truth.readout, strength: strength, tone: tone, window: window)
        noise = truth.readout.noise * (truth.readout.window / window).squareRoot()
        let decay = window / truth.t1
        let stirred = truth.readout.excitationRate * window * pow(strength, 4)
        up = [stirred, truth.anharmonicity == nil ? 0 : stirred, 0]
        down = [0, decay + stirred, 2 * decay + stirred]
        var (centresI, centresQ, stays) = (SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.one)
        for level in 0..<3 {
            (centresI[level], centresQ[level]) = resonator.point([(level, 1)])
            stays[level] = exp(-(up[level] + down[level]))
        }
        (self.centresI, self.centresQ, self.stays) = (centresI, centresQ, stays)
    }

    /// The centre of a level's cloud in codes.
    func centre(level: Int) -> (i: Double, q: Double) { (centresI[level], centresQ[level]) }

    // MARK: Probabilities

    /// The probability of outcome 1 for a qubit in |g⟩ (`excited` 0) or |e⟩ (1) at the window's start.
    func probabilityOfOne(excited bit: UInt8) -> Double { probabilityOfOne(level: Int(bit)) }

    /// The probability of outcome 1 for a transmon in `level` at the window's start.
    ///
    /// Rounding of the IQ point to whole codes, which moves a probability by less than 1/noise in a million, and second
    /// jumps in a window are left out.
    func probabilityOfOne(level: Int) -> Double {
        let sure = stays[level] * ReadoutModel.above(margin(Complex(centresI[level], centresQ[level])))
        let rate = up[level] + down[level]
        guard rate > 0 else { return sure }
        var sum = 0.0
        if down[level] > 0 { sum += down[level] / rate * jumped(from: level, to: level - 1, rate: rate) }
        if up[level] > 0 { sum += up[level] / rate * jumped(from: level, to: level + 1, rate: rate) }
        return sure + sum
    }

    /// (weighted mean − threshold) / weighted noise; ±∞ without noise.
    private func margin(_ centre: Complex) -> Double {
        let (excess, sigma) = (self.excess(centre), noise * weight)
        guard sigma > 0 else { return excess > 0 ? .infinity : -.infinity }
        return excess / sigma
    }

    private func excess(_ centre: Complex) -> Double {
        Double(discriminator.weightI) * centre.re + Double(discriminator.weightQ) * centre.im
            - Double(discriminator.threshold)
    }

    private var weight: Double {
        let (i, q) = (Double(discriminator.weightI), Double(discriminator.weightQ))
        return (i * i + q * q).squareRoot()
    }

    /// P(normal variable + z > 0).
    static func above(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

    /// ∫ over the moment of the jump inside the window of density × P(1), by Simpson's rule; a step (no noise) is placed
    /// by bisection.
    private func jumped(from: Int, to: Int, rate: Double) -> Double {
        let margin = { (u: Double) in
            let point = resonator.point([(from, u), (to, 1)])
            return self.margin(Complex(point.i, point.q))
        }
        if !(noise * weight > 0) { return jumpedWithoutNoise(rate: rate, margin) }
        // 32 panels while the mean passes one standard deviation.
        let distance = abs(margin(1) - margin(0))
        let panels = 2 * Int(min(max(16 * distance, 64), 2048))
        var sum = 0.0
        for k in 0...panels {
            let u = Double(k) / Double(panels)
            let weight = k == 0 || k == panels ? 1.0 : (k & 1 == 1 ? 4.0 : 2.0)
            sum += weight * rate * exp(-rate * u) * ReadoutModel.above(margin(u))
        }
        return sum / Double(3 * panels)
    }

    private func jumpedWithoutNoise(rate: Double, _ margin: (Double) -> Double) -> Double {
        let (first, last) = (margin(0) > 0, margin(1) > 0)
        if first == last { return first ? -expm1(-rate) : 0 }
        var (low, high) = (0.0, 1.0)
        for _ in 0..<60 {
            let middle = 0.5 * (low + high)
            if (margin(middle) > 0) == first { low = middle } else { high = middle }
        }
        return first ? -expm1(-rate * low) : exp(-rate * low) - exp(-rate)
    }

    // MARK: Samples

    /// An integrated point, rounded and clamped to 16 bits; `clipped` tells that the converter saturated.
    @inline(__always)
    func sample(
        level: UInt8, _ table: GaussianTable, _ random: inout Xoshiro256, clipped: inout Bool
    ) -> (i: Int16, q: Int16) {
        let level = Int(level)
        var mean = Complex(centresI[level], centresQ[level])
        if stays[level] < 1 {
            // Jumps inside the window with probability 1 − e^{−rate}; `lived` is then the survival probability.
            let lived = random.unit()
            if lived > stays[level] { mean = jump(from: level, survival: lived, &random) }
        }
        let i = mean.re + noise * table.draw(&random)
        let q = mean.im + noise * table.draw(&random)
        return (ReadoutModel.code(i, &clipped), ReadoutModel.code(q, &clipped))
    }

    /// Jumps are followed until the window's end, at most this many.
    private static let mostJumps = 100

    @inline(never)
    private func jump(from start: Int, survival: Double, _ random: inout Xoshiro256) -> Complex {
        var level = start
        var at = -log(survival) / (up[level] + down[level])
        var path: [(level: Int, until: Double)] = []
        while at < 1 && path.count < ReadoutModel.mostJumps {
            path.append((level, at))
            let rate = up[level] + down[level]
            let rises = down[level] == 0 || up[level] > 0 && random.unit() * rate < up[level]
            level += rises ? 1 : -1
            let next = up[level] + down[level]
            if next == 0 { break }
            at -= log(1 - random.unit()) / next
        }
        path.append((level, 1))
        let point = resonator.point(path)
        return Complex(point.i, point.q)
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
