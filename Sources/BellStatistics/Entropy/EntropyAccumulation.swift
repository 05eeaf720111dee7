import Glibc

/// Entropy accumulation with improved second order: smooth min-entropy of all outcomes against quantum side information.
///
/// Let Ω be the event that at least a fraction w_thr of all trials was won, w_thr fixed before the first trial. Either
/// Pr[Ω] ≤ p_Ω, or given Ω the smooth min-entropy H_min^{ε_s}(outcomes | settings, quantum side information) is at
/// least ``bits``. Every trial is a test trial, n is fixed in advance.
///
/// Assumes that devices obey quantum theory, that settings keep to the bias given all the past and the side
/// information, and that they do not depend on past outcomes given those (Markov condition).
///
/// A trial's entropy is counted as that of Alice's outcome, H(A|XE) ≥ 1 − h₂(½ + ½√(16w(w − 1) + 3)); with a setting
/// bias w is ``LocalModel/uniformWinBound(observed:)``, which is linear and so keeps the tradeoff function affine.
/// - SeeAlso: Dupuis and Fawzi, IEEE Trans. Inf. Theory 65, 7596 (2019); Metger, Fawzi, Sutter and Renner,
///   arXiv:2203.04989, for the generalised form; Pironio et al., New J. Phys. 11, 045021 (2009), for one trial.
public struct EntropyAccumulation: Equatable, Sendable {
    /// Which theorem's second-order terms are used; they differ by some 60 bits.
    public enum Form: String, CaseIterable, Sendable {
        case dupuisFawzi = "dupuis-fawzi"
        case generalized
    }

    /// n.
    public let trials: UInt64
    /// w_thr, a fraction of all started trials, in 0...1.
    public let winThreshold: Double
    /// ε_s.
    public let epsilonSmooth: Double
    /// p_Ω.
    public let epsilonEvent: Double
    public let model: LocalModel
    /// Whether no trial is ever scored as a loss without being played, which narrows the tradeoff function's range.
    public let everyTrialPlayed: Bool
    public let form: Form

    /// The bound in bits; negative when nothing is certified.
    public let bits: Double
    /// The win probability (of uniform settings) at which the tradeoff function touches the entropy curve.
    public let tangent: Double
    /// α − 1 of the best Rényi order.
    public let alphaExcess: Double

    /// Computes the bound, maximised over tangent and order, in less than a millisecond.
    ///
    /// - Returns: Nil unless 0 < n ≤ 2^48, 0 ≤ w_thr ≤ 1, 0 < ε_s < 1 and 0 < p_Ω < 1.
    public init?(
        trials: UInt64, winThreshold: Double, epsilonSmooth: Double, epsilonEvent: Double, model: LocalModel,
        everyTrialPlayed: Bool, form: Form = .dupuisFawzi
    ) {
        self.init(
            trials: trials, winThreshold: winThreshold, epsilonSmooth: epsilonSmooth, epsilonEvent: epsilonEvent,
            model: model, everyTrialPlayed: everyTrialPlayed, form: form, dimension: 16)
    }

    /// `dimension` is d² = 16 for a trial's two outcome bits. For classical outcomes d = 4 is claimed in the
    /// literature, which we could not confirm: that value is there for comparison only.
    init?(
        trials: UInt64, winThreshold: Double, epsilonSmooth: Double, epsilonEvent: Double, model: LocalModel,
        everyTrialPlayed: Bool, form: Form, dimension: Double
    ) {
        guard trials > 0, trials <= WinCount.mostTrials, winThreshold >= 0, winThreshold <= 1,
            isErrorProbability(epsilonSmooth), isErrorProbability(epsilonEvent)
        else { return nil }
        self.trials = trials
        self.winThreshold = winThreshold
        self.epsilonSmooth = epsilonSmooth
        self.epsilonEvent = epsilonEvent
        self.model = model
        self.everyTrialPlayed = everyTrialPlayed
        self.form = form
        let objective = SecondOrder(
            trials: Double(trials), win: model.uniformWinBound(observed: winThreshold), epsilonSmooth: epsilonSmooth,
            epsilonEvent: epsilonEvent, model: model, everyTrialPlayed: everyTrialPlayed, form: form,
            dimension: dimension)
        let order = greatest(
            of: { objective.bestTangent(alphaExcess: exp($0)).value }, in: -20, -1.2, cells: 20, steps: 32)
        alphaExcess = exp(order.argument)
        tangent = objective.bestTangent(alphaExcess: alphaExcess).argument
        bits = order.value
    }

    /// The fewest trials with a positive bound, to 1e-6; nil when no number up to 2^48 has one.
    ///
    /// About 10 ms.
    public static func leastTrials(
        winThreshold: Double, epsilonSmooth: Double, epsilonEvent: Double, model: LocalModel, everyTrialPlayed: Bool
    ) -> UInt64? {
        func enough(_ x: Double) -> Bool {
            let bound = EntropyAccumulation(
                trials: UInt64(exp2(x)), winThreshold: winThreshold, epsilonSmooth: epsilonSmooth,
                epsilonEvent: epsilonEvent, model: model, everyTrialPlayed: everyTrialPlayed)
            return (bound?.bits ?? -1) > 0
        }
        var (low, high) = (0.0, 48.0)
        guard enough(high) else { return nil }
        while high - low > 1e-6 {
            let middle = (low + high) / 2
            if enough(middle) { high = middle } else { low = middle }
        }
        return UInt64(exp2(high))
    }
}
