import Glibc

/// The regularised incomplete gamma function Q(a, x) = Γ(a, x)/Γ(a) and its complement P, both in the log domain.
///
/// `exp(logUpper)` is the p-value of a χ² of 2x on 2a degrees of freedom; NIST calls it igamc(a, x).
public struct IncompleteGamma: Equatable, Sendable {
    /// ln P(a, x).
    public let logLower: Double
    /// ln Q(a, x).
    public let logUpper: Double

    /// P(a, x).
    public var lower: Double { exp(logLower) }
    /// Q(a, x).
    public var upper: Double { exp(logUpper) }

    /// Evaluates both tails; O(√a) steps near the mean x = a, few in the tails.
    ///
    /// - Parameters:
    ///   - a: > 0.
    ///   - x: Less than 0 counts as 0.
    /// - SeeAlso: DLMF 8.11.4 below the mean and 8.9.2 above it: the smaller tail is expanded, the other one follows.
    public init(a: Double, x: Double) {
        if x <= 0 || x == .infinity {
            (logLower, logUpper) = x <= 0 ? (-.infinity, 0) : (0, -.infinity)
            return
        }
        // xᵃe⁻ˣ/Γ(a + 1), by Stirling's formula with its error, so that huge terms never cancel.
        let logDensity = -stirlingError(a) - deviance(a, mean: x) - halfLogTwoPi - 0.5 * log(a)
        if x < a + 1 {
            logLower = min(0, logDensity + log(IncompleteGamma.series(a, x)))
            logUpper = logOneMinusExp(logLower)
        } else {
            logUpper = min(0, logDensity + log(a) + log(IncompleteGamma.fraction(a, x)))
            logLower = logOneMinusExp(logUpper)
        }
    }

    /// Σ xⁿ / ((a + 1) … (a + n)).
    private static func series(_ a: Double, _ x: Double) -> Double {
        var (sum, term, n) = (1.0, 1.0, 1.0)
        while n < 1e8, term > sum * 1e-17 {
            term *= x / (a + n)
            sum += term
            n += 1
        }
        return sum
    }

    /// The continued fraction of Γ(a, x) eˣ x⁻ᵃ by the modified Lentz algorithm (DLMF 3.10(iii)).
    private static func fraction(_ a: Double, _ x: Double) -> Double {
        let tiny = 1e-300
        var b = x + 1 - a
        var c = 1 / tiny
        var d = 1 / max(b, tiny)
        var h = d
        var n = 1.0
        while n < 1e8 {
            let numerator = n * (a - n)
            b += 2
            d = numerator * d + b
            if abs(d) < tiny { d = tiny }
            c = b + numerator / c
            if abs(c) < tiny { c = tiny }
            d = 1 / d
            h *= d * c
            if abs(d * c - 1) < 3e-16 { break }
            n += 1
        }
        return h
    }
}
