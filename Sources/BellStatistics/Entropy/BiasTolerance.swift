import Glibc

/// How much of a CHSH violation is left when the settings may have been biased in the worst way.
extension LocalModel {
    /// A lower bound on the win probability that uniform settings would have had: 1 − (1 − w)/(4l).
    ///
    /// The probability to lose is Σ P(xy) L(xy) ≥ l Σ L(xy), and with uniform settings it is ¼ Σ L(xy). Reached by
    /// devices that lose on one setting pair only. Linear, so that it holds for means over trials as well.
    /// - Parameter observed: w, the win probability with settings of this bias, 0...1.
    /// - Returns: At most `observed`; may be negative.
    public func uniformWinBound(observed: Double) -> Double { 1 - (1 - observed) / (4 * leastPair) }

    /// μ_max = ½ − √(1 − w) = ½ − √(½ − S/8): the bias at which a local strategy would win as often.
    ///
    /// - Parameter winProbability: w = ½ + S/8.
    /// - Returns: 0 where w ≤ ¾, since then nothing is violated; nil unless 0 ≤ w ≤ 1.
    public static func greatestBias(winProbability: Double) -> Double? {
        guard winProbability >= 0, winProbability <= 1 else { return nil }
        return max(0, 0.5 - (1 - winProbability).squareRoot())
    }
}
