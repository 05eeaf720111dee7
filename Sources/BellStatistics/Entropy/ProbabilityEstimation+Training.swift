import Glibc

extension ProbabilityEstimation {
    /// The factor that a training block chooses for the trials after it: of the powers 2^(i/16) within 1e-9...32 the one
    /// that gives the most bits on average if the rest is won as often as the training was, the least of equals.
    ///
    /// Sound whatever the rule: the power depends on nothing but trials before those that it is used for, so that the
    /// bound holds for these given the training. The grid costs about 1e-4 of the bits, and makes machines agree whose
    /// logarithms differ in the last digit: near its top the curve is flat, so that a search would end anywhere there.
    ///
    /// - Parameters:
    ///   - training: What was won in the training; at least one trial.
    ///   - remaining: The most trials that can follow; at least one. Both together at most 2^48.
    ///   - epsilon: The error that the bound is tested at (ε·κ in the conditional form), in 0..<1.
    /// - Returns: Nil when an argument is out of range or no power gives any bits on average.
    public static func trained(
        on training: WinCount, remaining: UInt64, model: LocalModel, epsilon: Double
    ) -> ProbabilityEstimation? {
        guard training.trials > 0, remaining > 0, isErrorProbability(epsilon), training.trials <= WinCount.mostTrials,
            remaining <= WinCount.mostTrials - training.trials
        else { return nil }
        let (n, w) = (Double(remaining), training.probability)
        var best = (power: 0.0, bits: 0.0)
        for i in -479...80 {
            let power = exp2(Double(i) / 16)
            guard powers.contains(power), let (win, loss) = factors(model: model, power: power) else { continue }
            let bits = (n * (w * log2(win) + (1 - w) * log2(loss)) + log2(epsilon)) / power
            if bits > best.bits { best = (power, bits) }
        }
        return best.bits > 0 ? ProbabilityEstimation(model: model, power: best.power) : nil
    }
}
