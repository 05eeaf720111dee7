import Glibc

/// The frequency that a sinusoid with an offset explains most of, for places that need not be equally spaced.
///
/// The generalised Lomb-Scargle periodogram (Zechmeister and Kürster, A&A 496, 577 (2009)) on a grid of an eighth of
/// 1/span. Phasors are turned from one frequency to the next, so that it costs points × frequencies × a few products and
/// no sines; for a sweep's hundred points that is as quick as an FFT with padding, and right for less than one period.
struct Periodogram {
    /// Frequencies a 1/span.
    private static let oversampling = 8.0
    private static let maximumFrequencies = 1 << 15
    private static let maximumProducts = 1 << 28

    /// y ≈ mean + cosine · cos(2πf(x − origin)) + sine · sin(...).
    private(set) var frequency = 0.0
    private(set) var cosine = 0.0
    private(set) var sine = 0.0
    private(set) var mean = 0.0
    let origin: Double
    let step: Double

    /// Nil when y is constant, places are too few, or a number is none.
    init?(x: [Double], y: [Double]) {
        guard x.count > 3, let sweep = Sweep(x), ShapeSearch(x: x, y: y) != nil else { return nil }
        let average = y.reduce(0, +) / Double(y.count)
        origin = sweep.lower
        step = 1 / (Periodogram.oversampling * sweep.span)
        // Up to half of the sampling frequency; a quarter of a period is the slowest that can be told from a line.
        let count = min(
            Int(min(0.5 / sweep.spacing / step, 1e6)), Periodogram.maximumFrequencies,
            Periodogram.maximumProducts / x.count)
        var turning = Turning(x.map { $0 - sweep.lower }, y.map { $0 - average }, step: step)
        let number = Double(x.count)
        var best = 0.0
        turning.advance()
        for index in 2...max(2, count) {
            turning.advance()
            let sums = turning.sums()
            let cc = sums.cc - sums.c * sums.c / number
            let ss = number - sums.cc - sums.s * sums.s / number
            let cs = sums.cs - sums.c * sums.s / number
            let determinant = cc * ss - cs * cs
            guard determinant > 1e-7 * number * number else { continue }
            let a = (ss * sums.yc - cs * sums.ys) / determinant
            let b = (cc * sums.ys - cs * sums.yc) / determinant
            let gain = a * sums.yc + b * sums.ys
            guard gain > best else { continue }
            best = gain
            (frequency, cosine, sine) = (Double(index) * step, a, b)
            mean = average - a * sums.c / number - b * sums.s / number
        }
        guard best > 0 else { return nil }
    }

    /// Amplitude and phase of cos(2πfx + phase), x from 0.
    var amplitude: Double { (cosine * cosine + sine * sine).squareRoot() }
    var phase: Double { atan2(-sine, cosine) - 2 * .pi * frequency * origin }
}

/// A phasor a point, turned by one step of the frequency at a time; four points side by side.
private struct Turning {
    typealias Lanes = SIMD4<Double>

    private var re: [Lanes]
    private var im: [Lanes]
    private var stepRe: [Lanes] = []
    private var stepIm: [Lanes] = []
    private var y: [Lanes] = []
    /// 0 in the lanes that fill up the last group.
    private var isPoint: [Lanes] = []

    init(_ x: [Double], _ y: [Double], step: Double) {
        for start in stride(from: 0, to: x.count, by: 4) {
            var (c, s, value, mask) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
            for lane in 0..<min(4, x.count - start) {
                let angle = 2 * .pi * step * x[start + lane]
                (c[lane], s[lane], value[lane], mask[lane]) = (cos(angle), sin(angle), y[start + lane], 1)
            }
            stepRe.append(c)
            stepIm.append(s)
            self.y.append(value)
            isPoint.append(mask)
        }
        re = isPoint
        im = [Lanes](repeating: .zero, count: re.count)
    }

    mutating func advance() {
        for i in re.indices {
            let (c, s) = (re[i], im[i])
            re[i] = c * stepRe[i] - s * stepIm[i]
            im[i] = c * stepIm[i] + s * stepRe[i]
        }
    }

    func sums() -> (c: Double, s: Double, cc: Double, cs: Double, yc: Double, ys: Double) {
        var (c, s, cc, cs, yc, ys) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        for i in re.indices {
            c += re[i]
            s += im[i]
            cc += re[i] * re[i]
            cs += re[i] * im[i]
            yc += re[i] * y[i]
            ys += im[i] * y[i]
        }
        return (c.sum(), s.sum(), cc.sum(), cs.sum(), yc.sum(), ys.sum())
    }
}
