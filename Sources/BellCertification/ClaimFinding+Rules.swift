import BellModel
import BellStatistics

/// When each kind of claim holds, in numbers and words.
extension ClaimFinding {
    static func rejection(
        _ significance: Double, _ test: Plan.RejectionTest, _ statistics: LiveStatistics, _ eProcess: EProcessResult,
        _ predictionRatio: EProcessResult
    ) -> Outcome {
        let (p, how) =
            switch test {
            case .binomial: (statistics.log10PValue, "binomial bound, n sealed, losses lose")
            case .winCount:
                (
                    eProcess.log10PValue,
                    "1/max M of the bets on the win count, evaluated after every arm, valid whenever one stops"
                )
            case .predictionRatio:
                (
                    predictionRatio.log10PValue,
                    "1/max M of the prediction-based ratio, evaluated after every arm, valid whenever one stops"
                )
            }
        let limit = log10(significance)
        let holds = significance > 0 && significance < 1 && p <= limit
        return Outcome(
            holds: holds,
            words: "local realism is \(holds ? "" : "not ")rejected: p = \(NumberText.probability(log10: p)) "
                + "\(holds ? "≤" : ">") \(NumberText.plain(significance)) (\(how))",
            numbers: ["log10_p": .double(p), "log10_significance": .double(limit)], value: p)
    }

    static func pironio(
        _ thresholds: [Double], delta: Double, epsilon: Double, _ statistics: LiveStatistics, _ model: LocalModel
    ) -> Outcome {
        let bound = PironioBound(statistics.wins, model: model, delta: delta)
        let reached = thresholds.last { $0 <= statistics.estimate }
        let bits = (reached ?? thresholds.first).flatMap {
            bound?.soundBits(threshold: $0, epsilonPrime: epsilon, .exact)
        }
        let isSmooth = delta < epsilon
        let holds = reached != nil && isSmooth && (bits ?? 0) > 0
        let smoothing = NumberText.plain(delta / epsilon)
        let estimate = "Î = \(NumberText.fixed(statistics.estimate, 6))"
        let words =
            if holds {
                "min-entropy of the outcomes ≥ \(NumberText.lowerBound(bits, 2)) bits, smoothing \(smoothing), unless "
                    + "\(thresholds.count == 1 ? "an event" : "one of \(thresholds.count) events, each") of probability "
                    + "≤ \(NumberText.plain(epsilon)) happened; \(estimate) ≥ J = \(NumberText.plain(reached ?? 0))"
            } else if reached == nil {
                "no min-entropy: \(estimate) did not reach the sealed threshold J = "
                    + NumberText.plain(thresholds.first ?? .nan)
            } else if !isSmooth {
                "no min-entropy: δ/ε′ = \(smoothing) is no smoothing, it must be below 1"
            } else {
                "no min-entropy: n f(J − ε) − log2(1/ε′) = \(NumberText.lowerBound(bits, 2)) bits at ε = "
                    + NumberText.fixed(bound?.epsilon(), 6)
            }
        return Outcome(
            holds: holds, words: words,
            numbers: [
                "i_hat": .double(statistics.estimate), "statistical_epsilon": JSON(bound?.epsilon()),
                "threshold_reached": JSON(reached), "bits": JSON(bits),
                "smoothing": JSON(epsilon > 0 ? delta / epsilon : nil),
            ], value: reached == nil ? nil : bits)
    }

    static func probabilityEstimation(
        bits: Double, _ estimation: Training.Estimation, epsilon: Double, kappa: Double?
    ) -> Outcome {
        let (factor, wins) = (estimation.factor, estimation.tested)
        let reached = estimation.bits(epsilon: epsilon, kappa: kappa)
        let holds = bits > 0 && (reached ?? 0) >= bits
        let data = "the data give \(NumberText.lowerBound(reached, 2))"
        let training = estimation.block.map { "the first \(NumberText.count($0.trials)) trials" }
        let words =
            if holds {
                "min-entropy of the outcomes\(training.map { " after \($0)" } ?? "") ≥ "
                    + "\(NumberText.lowerBound(bits, 2)) bits, smoothing \(NumberText.plain(epsilon)), "
                    + (kappa.map { "unless passing had a probability below \(NumberText.plain($0))" }
                        ?? "weighted by the probability to pass")
                    + "; \(data)"
                    + (training.map { ", with β = \(NumberText.plain(factor?.power ?? .nan)) from \($0)" } ?? "")
            } else if let training, factor == nil {
                estimation.block?.isOver == true
                    ? "no min-entropy: no power gives any bits at the win frequency of \(training)"
                    : "no min-entropy: the training was not over"
            } else {
                "no min-entropy: \(data) bits, fewer than the sealed \(NumberText.plain(bits))"
                    + (training.map { ", with β = \(NumberText.plain(factor?.power ?? .nan)) from \($0)" } ?? "")
            }
        return Outcome(
            holds: holds, words: words,
            numbers: [
                "bits": .double(bits), "bits_reached": JSON(reached), "log2_factor": JSON(factor?.log2Factor(wins)),
                "log2_win": JSON(factor?.log2Win), "log2_loss": JSON(factor?.log2Loss), "power": JSON(factor?.power),
                "tested_trials": JSON(count: wins.trials),
            ], value: holds ? bits : nil)
    }

    static func entropyAccumulation(
        _ threshold: Double, smoothing: Double, event: Double, _ statistics: LiveStatistics, _ model: LocalModel
    ) -> Outcome {
        let winThreshold = Plan.Claim.winThreshold(threshold, model)
        let bound = EntropyAccumulation(
            trials: statistics.wins.trials, winThreshold: winThreshold, epsilonSmooth: smoothing, epsilonEvent: event,
            model: model, everyTrialPlayed: false)
        // Both, so that rounding can only cost.
        let reached = statistics.estimate >= threshold && statistics.wins.probability >= winThreshold
        let holds = reached && (bound?.bits ?? 0) > 0
        let estimate = "Î = \(NumberText.fixed(statistics.estimate, 6))"
        let words =
            if holds {
                "min-entropy of the outcomes ≥ \(NumberText.lowerBound(bound?.bits, 2)) bits against quantum side "
                    + "information, smoothing \(NumberText.plain(smoothing)), unless an event of probability ≤ "
                    + "\(NumberText.plain(event)) happened; \(estimate) ≥ J = \(NumberText.plain(threshold))"
            } else if !reached {
                "no min-entropy: \(estimate) did not reach the sealed threshold J = \(NumberText.plain(threshold))"
            } else {
                "no min-entropy: entropy accumulation gives \(NumberText.lowerBound(bound?.bits, 2)) bits for "
                    + "\(NumberText.count(statistics.wins.trials)) trials at J = \(NumberText.plain(threshold))"
            }
        return Outcome(
            holds: holds, words: words,
            numbers: [
                "i_hat": .double(statistics.estimate), "win_threshold": .double(winThreshold),
                "bits": JSON(bound?.bits), "smoothing": .double(smoothing),
            ], value: reached ? bound?.bits : nil)
    }
}
