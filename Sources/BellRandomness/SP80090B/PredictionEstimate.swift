import CKernels
import Glibc

extension EntropyEstimate {
    /// The entropy that a predictor leaves, from how often and how long on end it was right (6.3.7 to 6.3.10, last steps).
    ///
    /// - Parameter alphabet: How many symbols there are: guessing alone is right once in so many.
    /// - Returns: nil without predictions.
    static func prediction(_ estimator: EntropyEstimator, _ played: bell_prediction, alphabet: Int) -> EntropyEstimate?
    {
        let count = Int(played.predictions)
        guard count > 1 else { return nil }
        let share = Double(played.correct) / Double(count)
        let global = played.correct == 0 ? 1 - pow(0.01, 1 / Double(count)) : upperBound(share, count)
        // The standard's r is one more than the longest run.
        let run = Int(played.longest) + 1
        let local = global < 1 ? localProbability(run: run, predictions: count) : 1
        let p = max(global, local, 1 / Double(max(1, alphabet)))
        return EntropyEstimate(
            estimator, -log2(p),
            [
                ("C", Double(played.correct)), ("N", Double(count)), ("r", Double(run)), ("P_global", share),
                ("P_global'", global), ("P_local", local),
            ])
    }

    /// The probability of a right guess at which N guesses have no run of r right ones with probability 0.99.
    ///
    /// - SeeAlso: Feller, An Introduction to Probability Theory I, XIII.7, as 6.3.7 step 6 has it.
    static func localProbability(run: Int, predictions: Int) -> Double {
        let r = Double(run)
        /// ln of the probability of no such run.
        func logWithout(_ p: Double) -> Double {
            let q = 1 - p
            // The root x = 1 + δ of 1 − x + q pʳ xʳ⁺¹, from 1 upwards.
            let scale = q * pow(p, r)
            var delta = scale
            for _ in 0..<100 {
                let next = scale * exp((r + 1) * log1p(delta))
                if !(next.isFinite) { return -.infinity }
                if abs(next - delta) <= 1e-16 * next { break }
                delta = next
            }
            let value = log(q - p * delta) - log((1 - r * delta) * q) - Double(predictions + 1) * log1p(delta)
            return value.isNaN ? -.infinity : value
        }
        var (low, high) = (0.0, 1.0)
        let goal = log(0.99)
        for _ in 0..<100 {
            let middle = (low + high) / 2
            if middle <= low || middle >= high { break }
            if logWithout(middle) > goal { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
