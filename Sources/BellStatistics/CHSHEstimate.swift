public import BellModel

/// The conditional CHSH estimate of a tally: S = Σ w(xy) E(xy), E(xy) = [N(a = b) − N(a ≠ b)] / N(xy).
///
/// Uses valid trials only, so it is a diagnostic and carries no bound; p-values and entropies use ``WinCount``.
/// - SeeAlso: Clauser et al., Phys. Rev. Lett. 23, 880 (1969).
public struct CHSHEstimate: Equatable, Sendable {
    /// S, −4...4.
    public let s: Double
    /// √Σ(1 − E²)/N(xy), if trials were independent.
    public let standardError: Double
    /// E(xy) by 2x + y.
    public let correlations: [Double]

    /// Estimates S; nil while a setting pair has no valid trial.
    public init?(_ tally: TrialTally, pattern: CHSHPattern) {
        var s = 0.0
        var variance = 0.0
        var correlations: [Double] = []
        for (x, y) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let total = Double(tally.count(x: x, y: y))
            guard total > 0 else { return nil }
            let equal = Double(tally.count(x: x, y: y, a: 0, b: 0)) + Double(tally.count(x: x, y: y, a: 1, b: 1))
            let e = (2 * equal - total) / total
            s += Double(pattern.sign(x: x, y: y)) * e
            variance += (1 - e * e) / total
            correlations.append(e)
        }
        self.s = s
        standardError = variance.squareRoot()
        self.correlations = correlations
    }
}

/// Pironio's estimate Î = (1/n) Σ w(xy) [N(a = b, xy) − N(a ≠ b, xy)] / P(xy), for a known settings distribution.
///
/// - SeeAlso: Pironio et al., Nature 464, 1021 (2010), eq. (2).
public struct WeightedEstimate: Equatable, Sendable {
    /// Î.
    public let value: Double
    /// The standard error if trials were independent.
    public let standardError: Double

    /// Estimates Î; a lost trial takes the worst value, −1/min P(xy).
    ///
    /// - Parameter probabilities: P(xy) by 2x + y; four positive values with the sum 1 (±1e-9).
    /// - Returns: Nil without trials or for another kind of `probabilities`.
    public init?(_ tally: TrialTally, pattern: CHSHPattern, probabilities: [Double]) {
        let n = Double(tally.trials)
        guard n > 0, probabilities.count == 4, let least = probabilities.min(), least > 0,
            abs(probabilities.reduce(0, +) - 1) < 1e-9
        else { return nil }
        let losses = Double(tally.losses)
        var sum = -losses / least
        var squares = losses / (least * least)
        for cell in 0..<16 {
            let (x, y, a, b) = (cell >> 3, cell >> 2 & 1, cell >> 1 & 1, cell & 1)
            let count = Double(tally.count(x: x, y: y, a: a, b: b))
            let p = probabilities[2 * x + y]
            sum += (pattern.wins(x: x, y: y, a: a, b: b) ? count : -count) / p
            squares += count / (p * p)
        }
        value = sum / n
        standardError = (max(0, squares / n - value * value) / n).squareRoot()
    }
}
