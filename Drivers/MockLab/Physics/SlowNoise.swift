import Glibc

/// Quasi-static noise of a qubit's frequency as a few shifts with weights: it stays for a trial and differs in the next.
///
/// Gauss–Hermite rules of 3 and 5 points while the accumulated phase is small, else equidistant points, whose error is
/// that of the aliasing e^{−(2π/h − a)²/2} for a phase of standard deviation a and the tails beyond 5.2 σ.
struct SlowNoise: Sendable {
    /// Hz.
    let offsets: [Double]
    /// Sum 1.
    let weights: [Double]

    /// - Parameters:
    ///   - sigma: Standard deviation in Hz.
    ///   - span: How long a phase can accumulate, in seconds.
    ///   - most: Points that may be spent; below 11 a longer phase is averaged by 5, which is coarse.
    init(sigma: Double, span: Double, most: Int = 97) {
        let phase = 2 * Double.pi * sigma * span
        if sigma == 0 {
            (offsets, weights) = ([0], [1])
        } else if phase < 0.15 {
            offsets = [-3.0.squareRoot() * sigma, 0, 3.0.squareRoot() * sigma]
            weights = [1 / 6.0, 2 / 3.0, 1 / 6.0]
        } else if phase < 0.5 || most < 11 {
            let ten = 10.0.squareRoot()
            let (inner, outer) = ((5 - ten).squareRoot(), (5 + ten).squareRoot())
            offsets = [-outer, -inner, 0, inner, outer].map { $0 * sigma }
            weights = [(7 - 2 * ten) / 60, (7 + 2 * ten) / 60, 8 / 15.0, (7 + 2 * ten) / 60, (7 - 2 * ten) / 60]
        } else {
            // At 96 points a phase of 40 rad is resolved, of which e^{−800} is left.
            let count = min(Int((5.2 / .pi * (6 + phase)).rounded(.up)), most - 1) | 1
            let points = (0..<count).map { 5.2 * (2 * Double($0) / Double(count - 1) - 1) }
            let raw = points.map { exp(-0.5 * $0 * $0) }
            let total = raw.reduce(0, +)
            offsets = points.map { $0 * sigma }
            weights = raw.map { $0 / total }
        }
    }
}
