public import BellModel
import Glibc

extension PulseShape {
    /// Samples the envelope at the middle of each sample, in Q15, and adds the DRAG quadrature Q = β dI/dt.
    ///
    /// Four samples at a time by recurrences instead of a cosine or an exponential each, and only half of them: the
    /// envelopes are symmetric. What comes so near to a rounding edge that the recurrence's error could matter is
    /// calculated by ``sample(at:of:)``, so the result is that formula's, bit for bit.
    /// - Parameters:
    ///   - samples: How many; > 0.
    ///   - beta: DRAG coefficient in nanoseconds.
    /// - Returns: nil when |I + iQ| would pass full scale.
    /// - SeeAlso: Motzoi et al., PRL 103, 110501 (2009).
    public func waveform(samples: Int, beta: Double = 0) -> Waveform? {
        guard samples > 0 else { return Waveform(i: [], q: []) }
        guard beta.isFinite else { return nil }
        let (time, count) = (duration.nanoseconds, Double(samples))
        switch envelope {
        case .rectangle:
            return Waveform(
                i: [Int16](repeating: 32_767, count: samples), q: [Int16](repeating: 0, count: samples))
        case .cosine:
            return symmetric(samples, beta, CosineStep(count: count, time: time))
        case .gaussian:
            let edge = exp(-time * time / (8 * sigma * sigma))
            // A Gaussian that is nearly flat loses digits when it is lowered; nobody plays it, so it may be slow.
            guard edge < 0.99 else { return exact(samples, beta) }
            return symmetric(samples, beta, GaussianStep(count: count, time: time, sigma: sigma, edge: edge))
        }
    }

    /// From the middle outwards, each block of four with its mirror image.
    private func symmetric<Step: EnvelopeStep>(_ count: Int, _ beta: Double, _ fresh: Step) -> Waveform? {
        var step = fresh
        var q: [Int16] = []
        var isWithinScale = true
        let i = [Int16](unsafeUninitializedCapacity: count) { i, filled in
            filled = count
            if beta == 0 {
                q = [Int16](repeating: 0, count: count)
                fill(i, nil, beta, &step, &isWithinScale)
            } else {
                q = [Int16](unsafeUninitializedCapacity: count) { q, filled in
                    filled = count
                    fill(i, q, beta, &step, &isWithinScale)
                }
            }
        }
        return isWithinScale ? Waveform(i: i, q: q) : nil
    }

    @inline(__always)
    private func fill<Step: EnvelopeStep>(
        _ i: UnsafeMutableBufferPointer<Int16>, _ q: UnsafeMutableBufferPointer<Int16>?, _ beta: Double,
        _ step: inout Step, _ isWithinScale: inout Bool
    ) {
        let count = i.count
        var largest = SIMD4<Double>(repeating: 0)
        var k = count / 2
        var block = 0
        while k < count {
            if block == 0 {
                step.start(at: Double(k))
                block = Step.blocks
            }
            let value = step.value
            let (inPhase, off) = rounded(value)
            var quadrature = SIMD4<Int16>(repeating: 0)
            var isDoubtful = off .> Self.doubtful
            if q != nil {
                let slope = beta * step.slope
                let size = value * value + slope * slope
                // What lies past the last sample does not count.
                let counts = SIMD4<Double>(0, 1, 2, 3) .< Double(count - k)
                largest.replace(with: size, where: (size .> largest) .& counts)
                let (codes, offQ) = rounded(slope)
                quadrature = codes
                isDoubtful = isDoubtful .| (offQ .> Self.doubtful)
            }
            let mirror = count - 4 - k
            if any(isDoubtful) {
                for lane in 0..<min(4, count - k) {
                    for place in [k + lane, count - 1 - k - lane] { store(exactly: place, of: count, beta, i, q) }
                }
            } else if mirror >= 0 {
                Self.store(inPhase, i, k)
                Self.store(Self.reversed(inPhase), i, mirror)
                if let q {
                    Self.store(quadrature, q, k)
                    Self.store(Self.reversed(0 &- quadrature), q, mirror)
                }
            } else {
                for lane in 0..<count - k {
                    (i[k + lane], i[count - 1 - k - lane]) = (inPhase[lane], inPhase[lane])
                    if let q { (q[k + lane], q[count - 1 - k - lane]) = (quadrature[lane], 0 &- quadrature[lane]) }
                }
            }
            step.advance()
            k += 4
            block -= 1
        }
        isWithinScale = largest.max() <= Self.fullScale
    }

    /// A little over 1, for what rounding adds.
    private static let fullScale = 1.000001
    /// The square of how far from a code a sample is left to the formula: nearer to half a code than 10^-6, far above the
    /// recurrences' error of 10^-12 · 32767.
    private static let doubtful = (0.5 - 1e-6) * (0.5 - 1e-6)

    /// The nearest codes, and the squares of how far the values are from them; 1.5 · 2^52 pushes the fraction out of a double.
    @inline(__always)
    private func rounded(_ value: SIMD4<Double>) -> (SIMD4<Int16>, SIMD4<Double>) {
        let magic = 6_755_399_441_055_744.0
        let scaled = value * 32_767
        let shifted = scaled + magic
        let off = scaled - (shifted - magic)
        let codes = SIMD4<Int16>(truncatingIfNeeded: unsafeBitCast(shifted, to: SIMD4<Int64>.self))
        return (codes, off * off)
    }

    @inline(__always)
    private static func reversed(_ v: SIMD4<Int16>) -> SIMD4<Int16> { SIMD4(v[3], v[2], v[1], v[0]) }

    @inline(__always)
    private static func store(_ v: SIMD4<Int16>, _ to: UnsafeMutableBufferPointer<Int16>, _ place: Int) {
        UnsafeMutableRawBufferPointer(to).storeBytes(of: v, toByteOffset: 2 * place, as: SIMD4<Int16>.self)
    }

    private func store(
        exactly place: Int, of count: Int, _ beta: Double, _ i: UnsafeMutableBufferPointer<Int16>,
        _ q: UnsafeMutableBufferPointer<Int16>?
    ) {
        let time = duration.nanoseconds
        let (value, slope) = sample(at: (Double(place) + 0.5) / Double(count) * time, of: time)
        i[place] = Self.q15(value)
        if let q { q[place] = Self.q15(beta * slope) }
    }

    /// All samples by the formula.
    func exact(_ samples: Int, _ beta: Double) -> Waveform? {
        let time = duration.nanoseconds
        var i: [Int16] = []
        var q: [Int16] = []
        for k in 0..<samples {
            let (value, slope) = sample(at: (Double(k) + 0.5) / Double(samples) * time, of: time)
            let quadrature = beta * slope
            guard value * value + quadrature * quadrature <= Self.fullScale else { return nil }
            i.append(Self.q15(value))
            q.append(Self.q15(quadrature))
        }
        return Waveform(i: i, q: q)
    }

    private static func q15(_ value: Double) -> Int16 { Int16((min(max(value, -1), 1) * 32_767).rounded()) }
}

/// Four samples of an envelope, and the way to the next four.
private protocol EnvelopeStep {
    /// How many blocks the recurrence stays exact to 10^-12.
    static var blocks: Int { get }
    /// 0…1.
    var value: SIMD4<Double> { get }
    /// Per nanosecond.
    var slope: SIMD4<Double> { get }
    mutating func start(at sample: Double)
    mutating func advance()
}

/// (1 − cos θ)/2, the angle turned by a constant rotation.
private struct CosineStep: EnvelopeStep {
    static let blocks = 512

    private let angle: Double
    private let rate: Double
    private let one: (c: Double, s: Double)
    private let four: (c: Double, s: Double)
    private var c = SIMD4<Double>()
    private var s = SIMD4<Double>()

    init(count: Double, time: Double) {
        angle = 2 * .pi / count
        rate = .pi / time
        one = (cos(angle), sin(angle))
        let two = (c: one.c * one.c - one.s * one.s, s: 2 * one.c * one.s)
        four = (two.c * two.c - two.s * two.s, 2 * two.c * two.s)
    }

    @inline(__always) var value: SIMD4<Double> { 0.5 - 0.5 * c }
    @inline(__always) var slope: SIMD4<Double> { rate * s }

    @inline(__always)
    mutating func start(at sample: Double) {
        let first = (sample + 0.5) * angle
        (c[0], s[0]) = (cos(first), sin(first))
        for lane in 1..<4 {
            c[lane] = c[lane - 1] * one.c - s[lane - 1] * one.s
            s[lane] = s[lane - 1] * one.c + c[lane - 1] * one.s
        }
    }

    @inline(__always)
    mutating func advance() { (c, s) = (c * four.c - s * four.s, s * four.c + c * four.s) }
}

/// exp(−x²/2): the ratio of neighbours falls by a constant factor; outwards everything falls, so nothing overflows.
private struct GaussianStep: EnvelopeStep {
    static let blocks = 32

    private let count: Double
    /// Standard deviations a sample.
    private let dx: Double
    private let sigma: Double
    private let edge: Double
    private let factor: Double
    private var g = SIMD4<Double>()
    private var ratio = SIMD4<Double>()
    private var x = SIMD4<Double>()

    init(count: Double, time: Double, sigma: Double, edge: Double) {
        self.count = count
        self.sigma = sigma
        self.edge = edge
        dx = time / count / sigma
        factor = exp(-16 * dx * dx)
    }

    @inline(__always) var value: SIMD4<Double> { (g - edge) * (1 / (1 - edge)) }
    @inline(__always) var slope: SIMD4<Double> { x * g * (-1 / sigma / (1 - edge)) }

    @inline(__always)
    mutating func start(at sample: Double) {
        for lane in 0..<4 {
            let here = (sample + Double(lane) + 0.5 - count / 2) * dx
            x[lane] = here
            g[lane] = exp(-0.5 * here * here)
            ratio[lane] = exp(-4 * dx * (here + 2 * dx))
        }
    }

    @inline(__always)
    mutating func advance() {
        g *= ratio
        ratio *= factor
        x += 4 * dx
    }
}
