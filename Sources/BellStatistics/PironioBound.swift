import Glibc

/// Pironio's min-entropy bound for n trials: how many bits of the outcomes nobody can have known.
///
/// Against classical side information; devices may have memory. Losses have taken the worst value in Î already
/// (``WinCount/estimate(_:)``), and with a setting bias the estimate is a lower one.
/// - SeeAlso: Pironio et al., Nature 464, 1021 (2010); Pironio and Massar, Phys. Rev. A 87, 012336 (2013),
///   arXiv:1111.6056, and Fehr, Gelles and Schaffner, Phys. Rev. A 87, 012335 (2013), for what the 2010 form lacks.
public struct PironioBound: Equatable, Sendable {
    /// n.
    public let trials: UInt64
    /// Î.
    public let estimate: Double
    /// q, the least probability of a setting pair.
    public let leastPair: Double
    /// Probability that Î exceeds the mean CHSH value by more than ε, in 0..<1.
    public let delta: Double

    /// Makes the bound; nil unless n > 0, 0 < `delta` < 1 and `estimate` is finite.
    public init?(trials: UInt64, estimate: Double, leastPair: Double, delta: Double) {
        guard trials > 0, delta > 0, delta < 1, leastPair > 0, leastPair <= 0.25, estimate.isFinite else { return nil }
        self.trials = trials
        self.estimate = estimate
        self.leastPair = leastPair
        self.delta = delta
    }

    /// Makes the bound from win counts; the estimate and q follow from the model's bias.
    public init?(_ count: WinCount, model: LocalModel, delta: Double) {
        self.init(
            trials: count.trials, estimate: count.estimate(model), leastPair: model.leastPair, delta: delta)
    }

    /// Which concentration inequality gives ε.
    public enum Concentration: String, CaseIterable, Sendable {
        /// The published one: (1/q + I_q) √(2 ln(1/δ)/n), I_q the curve's largest CHSH value.
        case azuma
        /// By the range of a trial's score, 2/q: (2/q) √(ln(1/δ)/(2n)). Tighter and as rigorous.
        case hoeffding
    }

    /// ε: Î − ε bounds the mean CHSH value from below, except with probability δ.
    ///
    /// - SeeAlso: Pironio et al. (2010), supplementary eq. (A.10), for `azuma`; Hoeffding, J. Am. Stat. Assoc. 58, 13
    ///   (1963), theorem 2 and the martingale remark at its end, for `hoeffding`.
    public func epsilon(_ concentration: Concentration = .azuma, curve: GuessingCurve = .exact) -> Double {
        let spread = log(1 / delta) / Double(trials)
        switch concentration {
        case .azuma: return (1 / leastPair + curve.largestValue) * (2 * spread).squareRoot()
        case .hoeffding: return 2 / leastPair * (spread / 2).squareRoot()
        }
    }

    /// The formula of 2010, n f(Î − ε) bits. For comparison only: its wording was unsound, see ``soundBits``.
    public func bits2010(_ curve: GuessingCurve, _ concentration: Concentration = .azuma) -> Double {
        Double(trials) * curve.bits(at: estimate - epsilon(concentration, curve: curve))
    }

    /// The sound form, n f(J − ε) − log2(1/ε′) bits, for a threshold J that was fixed before the first trial.
    ///
    /// Let the event be Î ≥ J. Either its probability was at most ε′, or given it the smooth min-entropy
    /// H_min^{δ/ε′}(outcomes | settings, classical side information) is at least this. May be negative: then nothing
    /// is claimed.
    /// - Parameters:
    ///   - threshold: J; the caller checks J ≤ Î.
    ///   - epsilonPrime: ε′, in 0..<1.
    /// - Returns: Nil unless 0 < `epsilonPrime` < 1.
    public func soundBits(
        threshold: Double, epsilonPrime: Double, _ curve: GuessingCurve, _ concentration: Concentration = .azuma
    ) -> Double? {
        guard epsilonPrime > 0, epsilonPrime < 1 else { return nil }
        return Double(trials) * curve.bits(at: threshold - epsilon(concentration, curve: curve))
            - log2(1 / epsilonPrime)
    }
}
