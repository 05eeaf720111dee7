import Glibc

extension ProbabilityEstimation {
    /// What a campaign of independent trials with one win probability would give: how to choose β and the threshold.
    public struct Forecast: Equatable, Sendable {
        /// The factor, with the power that gives the most bits on average.
        public let factor: ProbabilityEstimation
        /// Mean bits; half of the campaigns fall below.
        public let bits: Double
        /// Standard deviation of the bits.
        public let standardDeviation: Double
        /// What all but about 1 % of the campaigns reach (normal approximation): the threshold to register.
        public var onePercentQuantile: Double { bits - 2.326_347_874_040_841 * standardDeviation }
    }

    /// Chooses the power that gives the most bits on average; about 20 µs.
    ///
    /// - Parameters:
    ///   - trials: n, at most 2^48.
    ///   - winProbability: Expected fraction of won trials, losses included.
    ///   - epsilon: ε, in 0..<1.
    /// - Returns: Nil when an argument is out of range or no power gives any bits.
    public static func best(
        trials: UInt64, winProbability: Double, model: LocalModel, epsilon: Double
    ) -> Forecast? {
        guard trials > 0, trials <= WinCount.mostTrials, winProbability >= 0, winProbability <= 1,
            isErrorProbability(epsilon)
        else { return nil }
        let n = Double(trials)
        let found = bestPower(trials: n, winProbability: winProbability, model: model, epsilon: epsilon)
        guard found.bits > 0, let factor = ProbabilityEstimation(model: model, power: found.power) else { return nil }
        let forecast = Forecast(
            factor: factor,
            bits: (n * (winProbability * factor.log2Win + (1 - winProbability) * factor.log2Loss) + log2(epsilon))
                / factor.power,
            standardDeviation: (n * winProbability * (1 - winProbability)).squareRoot()
                * (factor.log2Win - factor.log2Loss) / factor.power)
        return forecast.bits > 0 ? forecast : nil
    }

    /// The fewest trials that give more than `bits` on average, not rounded; nil when no number does.
    ///
    /// For `bits` = 0 it is log2(1/ε)/D(w‖1 − m) with the binary relative entropy D: below it nothing can be had.
    /// Otherwise exact to 1e-6.
    /// - Parameter bits: 0...1e12.
    public static func leastTrials(
        bits: Double, winProbability w: Double, model: LocalModel, epsilon: Double
    ) -> Double? {
        guard bits >= 0, bits <= 1e12, w > model.winBound, w <= 1, isErrorProbability(epsilon) else { return nil }
        let lossTerm = w < 1 ? (1 - w) * log2((1 - w) / model.leastPair) : 0
        let least = -log2(epsilon) / (w * log2(w / model.winBound) + lossTerm)
        guard least.isFinite, least <= Double(WinCount.mostTrials) else { return nil }
        if bits == 0 { return least }
        var (low, high) = (log(least), log(Double(WinCount.mostTrials)))
        func enough(_ x: Double) -> Bool {
            bestPower(trials: exp(x), winProbability: w, model: model, epsilon: epsilon).bits >= bits
        }
        guard enough(high) else { return nil }
        while high - low > 1e-6 {
            let middle = (low + high) / 2
            if enough(middle) { high = middle } else { low = middle }
        }
        return exp(high)
    }

    /// Searches log β; the constant factor's −log2(1/ε)/β is what F = 1 gives.
    private static func bestPower(
        trials n: Double, winProbability w: Double, model: LocalModel, epsilon: Double
    ) -> (power: Double, bits: Double) {
        let bits = { (u: Double) -> Double in
            let power = exp(u)
            guard let (win, loss) = factors(model: model, power: power) else { return log2(epsilon) / power }
            return (n * (w * log2(win) + (1 - w) * log2(loss)) + log2(epsilon)) / power
        }
        let found = greatest(of: bits, in: log(powers.lowerBound), log(powers.upperBound), cells: 96, steps: 40)
        return (min(max(exp(found.argument), powers.lowerBound), powers.upperBound), found.value)
    }
}
