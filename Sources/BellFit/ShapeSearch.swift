import Glibc

/// A coarse search over the parameters in which a model is not linear: y ≈ offset + amplitude · shape(x).
///
/// For each candidate the offset and amplitude are solved for, so that only what a candidate's shape can explain counts.
/// This finds starts where logarithms of noisy data or half heights would not (Golub and Pereyra, SIAM J. Numer. Anal.
/// 10, 413 (1973), on a grid).
struct ShapeSearch {
    private let x: [Double]
    private let centred: [Double]
    private let mean: Double
    private var column: [Double]
    /// The best candidate so far with its linear parameters.
    private(set) var best: (candidate: [Double], offset: Double, amplitude: Double)?
    /// How much of Σ(y − ȳ)² the best one explains.
    private(set) var explained = 0.0
    let total: Double

    /// Nil when y is constant, or a number is none.
    init?(x: [Double], y: [Double]) {
        guard x.count == y.count, x.count > 1, x.allSatisfy(\.isFinite), y.allSatisfy(\.isFinite) else { return nil }
        let mean = y.reduce(0, +) / Double(y.count)
        let centred = y.map { $0 - mean }
        total = centred.reduce(0) { $0 + $1 * $1 }
        let size = y.reduce(0) { max($0, $1.magnitude) }
        // Rounding of a constant is no signal.
        guard total.isFinite, total > 1e-28 * size * size * Double(y.count) else { return nil }
        (self.x, self.mean, self.centred) = (x, mean, centred)
        column = [Double](repeating: 0, count: x.count)
    }

    mutating func consider(_ candidate: [Double], _ shape: (Double) -> Double) {
        var sum = 0.0
        for i in x.indices {
            column[i] = shape(x[i])
            sum += column[i]
        }
        let middle = sum / Double(x.count)
        var (ss, sy) = (0.0, 0.0)
        for i in x.indices {
            let value = column[i] - middle
            ss += value * value
            sy += value * centred[i]
        }
        guard ss > 1e-20, ss.isFinite else { return }
        let gain = sy * sy / ss
        guard gain > explained else { return }
        explained = gain
        let amplitude = sy / ss
        best = (candidate, mean - amplitude * middle, amplitude)
    }
}

/// Powers without a name clash in files that need nothing else of libm.
enum Power {
    static func of(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}
