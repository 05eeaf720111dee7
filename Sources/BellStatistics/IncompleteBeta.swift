import Glibc

/// The regularised incomplete beta function I_x(a, b) and its complement, both in the log domain.
struct IncompleteBeta {
    /// ln I_x(a, b).
    let logLower: Double
    /// ln(1 − I_x(a, b)) = ln I_y(b, a).
    let logUpper: Double

    /// Evaluates both tails; O(√max(a, b)) steps near the mean a / (a + b), few in the tails.
    ///
    /// - Parameters:
    ///   - a: > 0.
    ///   - b: > 0.
    ///   - x: In 0...1.
    ///   - y: 1 − x, given apart for precision.
    /// - SeeAlso: DLMF 8.17.22; the smaller tail is expanded and the other one follows, so that no digit is lost.
    init(a: Double, b: Double, x: Double, y: Double) {
        if x <= 0 || y <= 0 {
            logLower = x <= 0 ? -Double.infinity : 0
            logUpper = x <= 0 ? 0 : -Double.infinity
        } else if x * (a + b + 2) < a + 1 {
            logLower = min(0, logDensity(a, b, x, y) - log(a) + log(betaFraction(a, b, x)))
            logUpper = logOneMinusExp(logLower)
        } else {
            logUpper = min(0, logDensity(b, a, y, x) - log(b) + log(betaFraction(b, a, y)))
            logLower = logOneMinusExp(logUpper)
        }
    }
}

/// ln[xᵃ yᵇ / B(a, b)] with y = 1 − x, by Stirling's formula with its error, so that huge terms never cancel.
///
/// With s = a + b: √(ab / 2πs) · exp(δ(s) − δ(a) − δ(b) − D(a, sx) − D(b, sy)), D the deviance.
func logDensity(_ a: Double, _ b: Double, _ x: Double, _ y: Double) -> Double {
    let s = a + b
    return 0.5 * log(a * (b / s)) - halfLogTwoPi + stirlingError(s) - stirlingError(a) - stirlingError(b)
        - deviance(a, mean: s * x) - deviance(b, mean: s * y)
}

/// The continued fraction of DLMF 8.17.22 by the modified Lentz algorithm (DLMF 3.10(iii)); x below the mean.
private func betaFraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
    let tiny = 1e-300
    func nonZero(_ v: Double) -> Double { abs(v) < tiny ? tiny : v }
    var c = 1.0
    var d = 1 / nonZero(1 - (a + b) * x / (a + 1))
    var h = d
    var m = 1.0
    while m < 1e8 {
        let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / nonZero(1 + even * d)
        c = nonZero(1 + even / c)
        h *= d * c
        let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / nonZero(1 + odd * d)
        c = nonZero(1 + odd / c)
        let factor = d * c
        h *= factor
        if abs(factor - 1) < 3e-16 { break }
        m += 1
    }
    return h
}
