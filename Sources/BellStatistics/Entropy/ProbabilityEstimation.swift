import Glibc

/// Probability estimation for CHSH: min-entropy of the outcomes against classical side information.
///
/// Every trial has a factor F, one value for a win and a smaller one for anything else, with E[F · P(ab|xy)^β] ≤ 1
/// for every behaviour within no-signalling and Tsirelson's bound and every law of settings with bias μ. Then
/// Pr[P(outcomes | settings, side information) ≥ (ε ∏F)^(−1/β)] ≤ ε.
///
/// Assumes that, given the past and the side information, a trial is P(xy)·P(ab|xy) with both in those sets (devices
/// may have memory), and that settings do not depend on past outcomes given past settings and side information. The
/// power β and the threshold that the bits must reach are fixed before the first trial. A lost trial takes the loss's
/// factor, the least there is.
/// - SeeAlso: Zhang, Knill and Bierhorst, Phys. Rev. A 98, 040304 (2018); Knill, Zhang and Bierhorst,
///   arXiv:1709.06159. The two values are the whole optimum for data that are symmetric under CHSH's symmetries.
public struct ProbabilityEstimation: Equatable, Sendable {
    /// The settings' bias.
    public let model: LocalModel
    /// β, in 1e-9...32.
    public let power: Double
    /// log2 F of a won trial, bits; ≥ 0.
    public let log2Win: Double
    /// log2 F of a trial that was not won, bits; ≤ 0.
    public let log2Loss: Double

    /// The powers that are accepted; beyond them F = 1 or nothing but rounding is left.
    static let powers = 1e-9...32.0

    /// Makes the factor; nil unless 1e-9 ≤ `power` ≤ 32.
    ///
    /// The factor is divided by its greatest mean over the 80 vertices of behaviours and 12 of settings laws. F = 1,
    /// which certifies nothing, where no useful factor exists. About 10 µs.
    public init?(model: LocalModel, power: Double) {
        guard ProbabilityEstimation.powers.contains(power) else { return nil }
        self.model = model
        self.power = power
        guard let (win, loss) = ProbabilityEstimation.factors(model: model, power: power) else {
            (log2Win, log2Loss) = (0, 0)
            return
        }
        let mean = CHSHPolytope.greatestMean(win: win, loss: loss, power: power, model: model)
        // The mean is a sum of at most 16 products, each with a power of a rounded probability: its relative error
        // is below (24 + 8β) units of 2⁻⁵², and n trials multiply it.
        let correction = log2(mean) + (24 + 8 * power) * 0x1p-52 / ln2
        log2Win = log2(win) - correction
        log2Loss = log2(loss) - correction
    }

    /// F of a win and of a loss in closed form; nil where 0 < loss ≤ win fails and so F must be 1.
    ///
    /// The point where the two binding constraints meet, the local vertices' and the truncated PR boxes', with
    /// m = (½ − μ)², A = (1 − λ/2)^(1+β) + (λ/2)^(1+β), B = (1 − λ)^(1+β), D = 2 (λ/2)^(1+β):
    /// ```
    /// (1 − m) w + m l = 1,   [(1 − m) A + m D] w + m B l = 1
    /// ```
    static func factors(model: LocalModel, power: Double) -> (win: Double, loss: Double)? {
        let (m, half) = (model.leastPair, CHSHPolytope.boxWeight / 2)
        let small = pow(half, 1 + power)
        let a = pow(1 - half, 1 + power) + small
        let b = pow(1 - 2 * half, 1 + power)
        let win = (1 - b) / ((1 - m) * (a - b) + m * 2 * small)
        let loss = (1 - (1 - m) * win) / m
        return loss > 0 && loss <= win ? (win, loss) : nil
    }

    /// log2 ∏F, bits; nil for more than 2^48 trials.
    public func log2Factor(_ count: WinCount) -> Double? {
        guard count.trials <= WinCount.mostTrials else { return nil }
        return Double(count.wins) * log2Win + Double(count.trials - count.wins) * log2Loss
    }

    /// (log2 ∏F − log2(1/ε))/β bits, which may be negative.
    ///
    /// A campaign passes if this reaches the registered threshold h. With Ω = pass, the outcomes, settings and side
    /// information restricted to Ω are within ε (total variation) of a sub-normalised measure whose conditional
    /// probabilities are at most 2^−h: what an extractor needs when its error is weighted by Pr[Ω].
    /// - Returns: Nil unless 0 < `epsilon` < 1 and there are at most 2^48 trials.
    public func bits(_ count: WinCount, epsilon: Double) -> Double? {
        guard isErrorProbability(epsilon), let log2Factor = log2Factor(count) else { return nil }
        return (log2Factor + log2(epsilon)) / power
    }

    /// The bits given that the campaign passed: either Pr[pass] < κ, or smooth min-entropy with smoothness ε.
    ///
    /// The test runs at ε·κ, which costs log2(1/κ)/β, and the conditioning costs log2(1/κ).
    /// - Returns: Nil unless 0 < `epsilon` < 1, 0 < `kappa` < 1 and there are at most 2^48 trials.
    public func bits(_ count: WinCount, epsilon: Double, kappa: Double) -> Double? {
        guard isErrorProbability(kappa), let bits = bits(count, epsilon: epsilon) else { return nil }
        return bits + (1 + 1 / power) * log2(kappa)
    }
}

/// ln 2.
let ln2 = 0.693_147_180_559_945_3
