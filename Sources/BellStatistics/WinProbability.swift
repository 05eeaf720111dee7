public import BellModel
import Glibc

/// Wins of the CHSH game among all started trials; a lost trial is one that was not won.
public struct WinCount: Equatable, Sendable {
    /// n: valid trials and losses.
    public let trials: UInt64
    /// k ≤ n.
    public let wins: UInt64

    /// Wraps counts; nil when there are more wins than trials.
    public init?(trials: UInt64, wins: UInt64) {
        guard wins <= trials else { return nil }
        self.trials = trials
        self.wins = wins
    }

    /// Counts wins of a tally; losses score W = 0.
    public init(_ tally: TrialTally, pattern: CHSHPattern) {
        trials = tally.trials
        wins = tally.wins(pattern)
    }

    /// The most trials that any bound or test takes, 700 years at 12.5 kHz: sums of that many terms stay exact in a `Double`.
    public static let mostTrials: UInt64 = 1 << 48

    /// k/n, or 0 without trials.
    public var probability: Double { trials == 0 ? 0 : Double(wins) / Double(trials) }

    /// √(w(1 − w)/n): the standard error if trials were independent; 0 without trials.
    public var standardError: Double {
        trials == 0 ? 0 : (probability * (1 - probability) / Double(trials)).squareRoot()
    }

    /// Pironio's Î for uniform settings, 8 k/n − 4; −4 without trials.
    ///
    /// - SeeAlso: Pironio et al., Nature 464, 1021 (2010), eq. (2), with P(xy) = ¼; a loss takes −1/P = −4.
    public var estimate: Double { 8 * probability - 4 }

    /// A lower estimate of the uniform-settings CHSH value when settings have the model's bias.
    ///
    /// Scores 4 for a win and 4 − 2/l for anything else, so 4 − 2(1 − k/n)/l. Its expectation given the past never
    /// exceeds the CHSH value I of that trial, as the probability to lose is Σ P(xy) L(xy) ≥ l Σ L(xy) = l(4 − I)/2.
    /// For μ = 0 it is ``estimate``.
    public func estimate(_ model: LocalModel) -> Double {
        trials == 0 ? 4 - 2 / model.leastPair : 4 - 2 * (Double(trials - wins) / Double(trials)) / model.leastPair
    }

    /// The standard error of ``estimate(_:)``.
    public func estimateError(_ model: LocalModel) -> Double { 2 / model.leastPair * standardError }

    /// log10 of the p-value against the local model, P[Bin(n, β) ≥ k].
    ///
    /// Holds for any memory of the devices; n must have been fixed in advance. A bound under the named model, not a
    /// probability that local realism is true. O(√n); finite however small the p-value.
    /// - SeeAlso: Elkouss and Wehner, arXiv:1510.07233, theorem 1; Hensen et al., Nature 526, 682 (2015).
    public func log10PValue(_ model: LocalModel) -> Double {
        Binomial.logUpperTail(successes: wins, trials: trials, p: model.winBound, q: model.leastPair) * log10OfE
    }

    /// log10 of the p-value in Pironio's form, exp(−n(Î − 2)²/(2(1/q + 2)²)); 0 when Î ≤ 2.
    ///
    /// The Azuma–Hoeffding inequality with differences of at most 1/q + 2; Î is ``estimate(_:)`` and q the least
    /// probability of a setting pair. Far weaker than ``log10PValue(_:)``.
    /// - SeeAlso: Pironio et al. (2010), supplementary information D.3.
    public func log10AzumaPValue(_ model: LocalModel) -> Double {
        let excess = estimate(model) - 2
        guard excess > 0 else { return 0 }
        let c = 1 / model.leastPair + 2
        return -Double(trials) * excess * excess / (2 * c * c) * log10OfE
    }
}

/// 1 / ln 10.
let log10OfE = 0.434_294_481_903_251_83
