import Glibc

/// ln of the binomial probability of `k` successes in `n`, for real `k` and `n` with 0 ≤ k ≤ n.
///
/// - Parameters:
///   - p: Probability of a success.
///   - q: 1 − p, given apart because it may be far smaller than the rounding error of `p`.
/// - SeeAlso: Loader, "Fast and accurate computation of binomial probabilities" (2000), `dbinom_raw`.
func logBinomial(_ k: Double, of n: Double, p: Double, q: Double) -> Double {
    if k < 0 || k > n { return -Double.infinity }
    if p == 0 { return k == 0 ? 0 : -Double.infinity }
    if q == 0 { return k == n ? 0 : -Double.infinity }
    if k == 0 { return n == 0 ? 0 : (p < 0.1 ? n * log1p(-p) : n * log(q)) }
    if k == n { return q < 0.1 ? n * log1p(-q) : n * log(p) }
    let m = n - k
    return stirlingError(n) - stirlingError(k) - stirlingError(m) - deviance(k, mean: n * p)
        - deviance(m, mean: n * q) + 0.5 * log(n / (k * m)) - halfLogTwoPi
}

/// Upper tail of the binomial distribution, in the log domain.
public enum Binomial {
    /// ln P[Bin(n, p) ≥ k] = ln I_p(k, n − k + 1); beyond 2^48 trials its Chernoff bound, whose cost does not grow.
    ///
    /// O(√n) at worst, near the mean; a few steps in the far tail. Finite for every 0 < p ≤ 1 and k ≤ n.
    /// - Parameters:
    ///   - k: Successes; more than `trials` gives −∞.
    ///   - p: Probability of a success, 0...1.
    ///   - q: 1 − p.
    /// - SeeAlso: DLMF 8.17.5; Hoeffding, J. Am. Stat. Assoc. 58, 13 (1963), eq. (2.1), for the bound.
    public static func logUpperTail(successes k: UInt64, trials n: UInt64, p: Double, q: Double) -> Double {
        if k == 0 { return 0 }
        if k > n || p <= 0 { return -Double.infinity }
        if q <= 0 { return 0 }
        let (kk, nn) = (Double(k), Double(n))
        if n > WinCount.mostTrials {
            if kk <= nn * p { return 0 }
            let failures = Double(n - k)
            return -(deviance(kk, mean: nn * p) + (failures > 0 ? deviance(failures, mean: nn * q) : nn * q))
        }
        return IncompleteBeta(a: kk, b: Double(n - k) + 1, x: p, y: q).logLower
    }
}
