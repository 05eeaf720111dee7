import Glibc

/// Two-by-two counts, and whether row and column depend on each other.
public struct ContingencyTable: Equatable, Sendable {
    /// Counts of the first row.
    public let first: [UInt64]
    /// Counts of the second row.
    public let second: [UInt64]

    /// Makes the table [[a, b], [c, d]].
    public init(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) {
        first = [a, b]
        second = [c, d]
    }

    private var rows: (Double, Double) {
        (Double(first[0]) + Double(first[1]), Double(second[0]) + Double(second[1]))
    }
    private var columns: (Double, Double) {
        (Double(first[0]) + Double(second[0]), Double(first[1]) + Double(second[1]))
    }

    /// Pearson's χ² with one degree of freedom, without continuity correction; nil when a row or column is empty.
    public var chiSquare: Double? {
        let (r1, r2) = rows
        let (c1, c2) = columns
        guard r1 > 0, r2 > 0, c1 > 0, c2 > 0 else { return nil }
        let determinant = Double(first[0]) * Double(second[1]) - Double(first[1]) * Double(second[0])
        return (r1 + r2) * (determinant / r1 / r2) * (determinant / c1 / c2)
    }

    /// log10 of the χ² p-value, P[χ²₁ ≥ x] = erfc √(x/2); 0 when a row or column is empty.
    public var log10PChiSquare: Double { chiSquare.map { logErfc(($0 / 2).squareRoot()) * log10OfE } ?? 0 }

    /// log10 of Fisher's exact two-sided p-value: the sum of all tables of these margins that are no more likely.
    ///
    /// Valid at any size, given the margins. O(√n) terms, so usable at 2^28 trials and more; finite in far tails.
    /// - SeeAlso: Fisher (1934); tables within a relative 1e-7 count as equally likely, as in R's `fisher.test`.
    public var log10PFisher: Double {
        let (r1, r2) = rows
        let (c1, _) = columns
        let (low, high) = (max(0, c1 - r2), min(r1, c1))
        guard low < high else { return 0 }
        let observed = Double(first[0])
        let limit = logProbability(observed) + 1e-7
        let mode = min(high, max(low, ((r1 + 1) * (c1 + 1) / (r1 + r2 + 2)).rounded(.down)))
        guard logProbability(mode) > limit else { return 0 }
        // The last table of each tail that is no more likely than the observed one.
        let left = observed <= mode ? observed : edge(from: low, to: mode, limit: limit)
        let right = observed >= mode ? observed : edge(from: high, to: mode, limit: limit)
        var p = 0.0
        if let left { p += exp(logProbability(left) - limit) * tail(from: left, step: -1) }
        if let right, right != left { p += exp(logProbability(right) - limit) * tail(from: right, step: 1) }
        return min(0, (limit + log(p)) * log10OfE)
    }

    /// ln of the hypergeometric probability that the upper left count is `k`.
    ///
    /// - SeeAlso: Loader (2000); the quotient of three binomials of one success probability.
    private func logProbability(_ k: Double) -> Double {
        let (r1, r2) = rows
        let (c1, c2) = columns
        let n = r1 + r2
        let (p, q) = (c1 / n, c2 / n)
        return logBinomial(k, of: r1, p: p, q: q) + logBinomial(c1 - k, of: r2, p: p, q: q)
            - logBinomial(c1, of: n, p: p, q: q)
    }

    /// The count nearest to the mode whose probability is within the limit, starting at an end; nil if none is.
    private func edge(from end: Double, to mode: Double, limit: Double) -> Double? {
        guard logProbability(end) <= limit else { return nil }
        var inside = end
        var outside = mode
        while abs(inside - outside) > 1 {
            let middle = ((inside + outside) / 2).rounded(.down)
            if logProbability(middle) <= limit { inside = middle } else { outside = middle }
        }
        return inside
    }

    /// The sum of probabilities from `start` outwards, in units of the probability at `start`.
    private func tail(from start: Double, step: Double) -> Double {
        let (r1, r2) = rows
        let (c1, _) = columns
        let offset = r2 - c1
        var (k, term, sum) = (start, 1.0, 1.0)
        while true {
            if step > 0 {
                term *= (r1 - k) * (c1 - k) / ((k + 1) * (offset + k + 1))
            } else {
                term *= k * (offset + k) / ((r1 - k + 1) * (c1 - k + 1))
            }
            k += step
            guard term > sum * 1e-18 else { return sum }
            sum += term
        }
    }
}
