import BellStatistics
import Glibc

/// Whether p-values are uniform: χ² over ten bins of 0...1, exact for at most 200 values.
///
/// With few values the χ² distribution is too light in its tail: at 55 values and a level of 2.7e-6 it rejects 3.3 times as
/// often as it says. So the tail of Σ cₖ² is summed over the multinomial distribution instead.
enum UniformityTest {
    static let bins = 10
    /// Above it the table would cost more than it mends.
    static let mostExact = 200

    /// How many values lie in [0, 0.1), …, [0.9, 1].
    static func histogram(_ values: [Double]) -> [Int] {
        var counts = [Int](repeating: 0, count: bins)
        for value in values { counts[min(bins - 1, max(0, Int(value * Double(bins))))] += 1 }
        return counts
    }

    /// The p-values of several histograms of `total` values each, from one table.
    static func pValues(_ histograms: [[Int]], total: Int) -> [Double] {
        let squares = histograms.map { $0.reduce(0) { $0 + $1 * $1 } }
        guard total <= mostExact else {
            return squares.map { square in
                let chiSquare = Double(bins) * Double(square) / Double(total) - Double(total)
                return IncompleteGamma(a: Double(bins - 1) / 2, x: chiSquare / 2).upper
            }
        }
        let below = distribution(total: total, limit: squares.max() ?? 0)
        return squares.map { max(1e-14, 1 - below[$0]) }  // What 1 − x can still resolve.
    }

    /// P(Σ cₖ² < s) for s = 0 … limit.
    private static func distribution(total: Int, limit: Int) -> [Double] {
        let columns = limit + 1
        // Of c values among `places` bins: weight of (values so far, sum of squares), with 1/c! in each bin.
        var weights = [Double](repeating: 0, count: (total + 1) * columns)
        weights[0] = 1
        for _ in 0..<bins {
            var next = [Double](repeating: 0, count: weights.count)
            var weight = 1.0
            for count in 0...total {
                let square = count * count
                if square > limit { break }
                if count > 0 { weight *= Double(total) / Double(bins * count) }
                for before in 0...(total - count) {
                    let (from, to) = (before * columns, (before + count) * columns + square)
                    for place in 0..<(columns - square) { next[to + place] += weight * weights[from + place] }
                }
            }
            weights = next
        }
        // total!/totalᵗᵒᵗᵃˡ was left out, so that nothing overflows.
        let scale = exp(lgammaFactorial(total) - Double(total) * log(Double(total)))
        var below = [Double](repeating: 0, count: columns)
        var sum = 0.0
        for place in 0..<columns {
            below[place] = sum
            sum += weights[total * columns + place] * scale
        }
        return below
    }

    /// ln n!.
    private static func lgammaFactorial(_ n: Int) -> Double { (1...max(1, n)).reduce(0) { $0 + log(Double($1)) } }
}
