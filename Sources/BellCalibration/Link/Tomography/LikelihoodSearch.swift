import Glibc

/// The two-qubit state under which counts are most likely.
///
/// Iterates ρ ← R ρ R / Tr, R = Σ (f/p) Π with f the counts' shares and p = Tr ρΠ: every iterate is a state, whatever the
/// noise. Where a step makes the likelihood smaller it is diluted, (1 + εR)/(1 + ε) in place of R. The operators hold the
/// readouts' errors, so nothing is inverted and nothing becomes negative.
/// - SeeAlso: Hradil, PRA 55, R1561 (1997); Lvovsky, J. Opt. B 6, S556 (2004); Řeháček et al., PRA 75, 042108 (2007).
struct LikelihoodSearch: Sendable {
    let operators: [Matrix4]
    /// Each operator's counts over all counts.
    let shares: [Double]
    let total: Double
    /// Settings that were measured: the operators sum to so many times 1.
    let settings: Double

    struct Result: Sendable {
        var rho: Matrix4
        /// Σ n ln p.
        var logLikelihood: Double
        /// Bound on how much larger the logarithm of the likelihood can be for any other state.
        var gap: Double
        var iterations: Int
        var hasConverged: Bool
    }

    /// Nil without counts.
    init?(_ counts: [Int], operators: [Matrix4], settings: Int) {
        let sum = counts.reduce(0, +)
        guard sum > 0, counts.count == operators.count, counts.allSatisfy({ $0 >= 0 }), settings > 0 else { return nil }
        self.operators = operators
        total = Double(sum)
        shares = counts.map { Double($0) / Double(sum) }
        self.settings = Double(settings)
    }

    /// Iterates until no state can be more likely by more than e^`gap`.
    ///
    /// λ, the largest eigenvalue of R, bounds the rest: ln L(any) − ln L(ρ) ≤ N (λ − 1).
    /// - SeeAlso: Glancy, Knill and Girard, New J. Phys. 14, 095017 (2012), for the stopping rule.
    func maximum(from start: Matrix4? = nil, gap: Double = 1e-3, iterations: Int = 20_000) -> Result {
        var rho = start ?? 0.25 * Matrix4.identity
        // A zero eigenvalue would stay zero.
        if start != nil { rho = 0.999 * rho + 0.00025 * Matrix4.identity }
        var (r, likelihood) = step(rho)
        var bound = Double.infinity
        for iteration in 0..<iterations {
            // The eigenvalues cost more than an iteration.
            if iteration & 7 == 0 {
                bound = total * max(0, (r.eigen().values.last ?? .infinity) - 1)
                if bound <= gap {
                    return Result(
                        rho: rho, logLikelihood: likelihood * total, gap: bound, iterations: iteration,
                        hasConverged: true)
                }
            }
            var dilution = Double.infinity
            var moved = false
            for _ in 0..<40 {
                let factor = dilution.isFinite ? 1 / (1 + dilution) * (Matrix4.identity + dilution * r) : r
                var next = (factor * rho * factor).hermitian
                let trace = next.trace
                guard trace > 0, trace.isFinite else { break }
                next = 1 / trace * next
                let (r2, better) = step(next)
                if better >= likelihood - 1e-13 {
                    (rho, r, likelihood, moved) = (next, r2, better, true)
                    break
                }
                dilution = dilution.isFinite ? dilution / 2 : 1
            }
            if !moved { break }
        }
        bound = total * max(0, (r.eigen().values.last ?? .infinity) - 1)
        return Result(
            rho: rho, logLikelihood: likelihood * total, gap: bound, iterations: iterations, hasConverged: bound <= gap)
    }

    /// R and Σ f ln p at a state; R is scaled so that it is 1 on the support of the maximum.
    private func step(_ rho: Matrix4) -> (r: Matrix4, logLikelihood: Double) {
        var r = Matrix4.zero
        var sum = 0.0
        for (share, element) in zip(shares, operators) where share > 0 {
            let p = max(rho.overlap(element) / settings, 1e-300)
            r = r + share / (p * settings) * element
            sum += share * log(p)
        }
        return (r, sum)
    }

    /// χ² of the counts against the probabilities of a state, setting by setting; 27 independent counts in 9 settings.
    func chiSquare(_ rho: Matrix4) -> Double {
        var sum = 0.0
        for first in stride(from: 0, to: operators.count, by: 4) {
            let here = shares[first..<min(first + 4, shares.count)].reduce(0, +) * total
            for place in first..<min(first + 4, operators.count) where here > 0 {
                let expected = max(here * rho.overlap(operators[place]), 0.5)
                let rest = shares[place] * total - expected
                sum += rest * rest / expected
            }
        }
        return sum
    }
}
