import BellModel
import BellStatistics

/// How much a claim would shrink if the settings were more predictable than declared: its value over μ.
struct BiasShrinkage: Equatable, Sendable {
    /// The bound that was evaluated: the claim's own. Learnt bets need every arm in its order, so that the bets on the win
    /// count stand in for them.
    let method: BoundMethod
    /// 0, μ, 2μ, 5μ, 1e-3 and 1e-2, those below ½, increasing.
    let biases: [Double]
    /// Bits or log10 p at each bias; nil where the claim fails.
    let values: [Double?]
    /// The greatest bias at which the claim still holds, of bits at which any are left; nil for a claim that fails
    /// already, and for bets that learn where those on the win count fall short.
    let greatestBias: Double?

    /// Evaluates a claim; an entropy claim by the fewest wins that meet it, as what is claimed does not depend on more.
    ///
    /// - Parameter eProcess: The bets on the win count: a test that holds at any time is evaluated at their best moment, at
    ///   which each other bias gives a valid bound, too.
    init(_ claim: ClaimFinding, _ numbers: LiveStatistics, _ eProcess: EProcessResult, _ model: LocalModel) {
        if case .predictionRatio(let significance) = claim.method {
            method = .winCount(significance: significance)
        } else {
            method = claim.method
        }
        var count = claim.event ?? claim.counted
        // Of several thresholds the one that the data reached is claimed.
        if case .pironio(let thresholds, _, _) = claim.claim,
            let reached = thresholds.last(where: { $0 <= numbers.estimate }),
            let event = WinCount(trials: count.trials, reaching: reached, model)
        {
            count = event
        }
        if case .winCount = method, let best = WinCount(trials: eProcess.trialsAtMax, wins: eProcess.winsAtMax) {
            count = best
        }
        let mu = model.settingBias
        biases = Set([0, mu, 2 * mu, 5 * mu, 0.001, 0.01]).filter { $0 < 0.5 }.sorted()
        guard claim.holds, let greatest = method.greatestBias(count) else {
            values = biases.map { _ in nil }
            greatestBias = nil
            return
        }
        greatestBias = greatest
        values = biases.map { [method, count] bias in
            guard let model = LocalModel(settingBias: bias) else { return nil }
            let value = method.value(count, model)
            return method.succeeds(value) ? value : nil
        }
    }

    /// `p = 1e-12 at μ = 0, 3e-11 at 0.001, nothing at 0.01`.
    var words: String {
        zip(biases, values).enumerated().map { i, pair in
            let place = "at \(i == 0 ? "μ = " : "")\(NumberText.plain(pair.0))"
            guard let value = pair.1 else { return "nothing \(place)" }
            if method.givesBits { return "\(bits(value)) \(i == 0 ? "bits " : "")\(place)" }
            return "\(i == 0 ? "p = " : "")\(NumberText.probability(log10: value)) \(place)"
        }.joined(separator: ", ")
    }

    private func bits(_ value: Double) -> String { NumberText.lowerBound(value, value < 100 ? 1 : 0) }

    var json: [String: JSON] {
        [
            "by": .string(method.name), "mu": .array(biases.map { .double($0) }),
            method.givesBits ? "bits" : "log10_p": .array(values.map { JSON($0) }), "mu_max": JSON(greatestBias),
        ]
    }
}
