import BellModel
import BellStatistics

/// Whether a registered claim holds, and by which numbers.
struct ClaimFinding: Equatable, Sendable {
    let claim: Plan.Claim
    let isHeadline: Bool
    /// Whether the numbers bear the claim; the verdict looks at more than that.
    let holds: Bool
    /// The claim in words, with its numbers.
    let words: String
    /// Numbers for programs.
    let numbers: [String: JSON]
    /// What the bound gave, bits or log10 p; nil when an event that it needs did not happen.
    let value: Double?
    /// The bound, with its adversary and assumptions.
    let method: BoundMethod
    /// The trials that it counts: all but those of a training.
    let counted: WinCount
    /// The fewest wins of these that meet an entropy claim; nil for other claims, and where no number of wins would do.
    let event: WinCount?
    /// What the plan promises of the headline; nil for further claims.
    let security: Plan.Security?

    /// What a claim's own rule finds.
    struct Outcome {
        var holds: Bool
        var words: String
        var numbers: [String: JSON]
        var value: Double?
    }

    /// Looks at one claim.
    ///
    /// - Parameters:
    ///   - statistics: Of the campaign's counts.
    ///   - eProcess: Evaluated at the end of every arm, as is `predictionRatio`.
    ///   - training: Of the plan's claims, this one among them.
    init(
        _ claim: Plan.Claim, isHeadline: Bool, numbers statistics: LiveStatistics, eProcess: EProcessResult,
        predictionRatio: EProcessResult, training: Training, model: LocalModel, security: Plan.Security?
    ) {
        self.claim = claim
        self.isHeadline = isHeadline
        self.security = isHeadline ? security : nil
        let found: Outcome
        var counted = statistics.wins
        switch claim {
        case .localRealism(let significance, let test, _):
            method = BoundMethod(significance: significance, test)
            event = nil
            found = ClaimFinding.rejection(significance, test, statistics, eProcess, predictionRatio)
        case .pironio(let thresholds, let delta, let epsilon):
            method = .pironio(delta: delta, epsilon: epsilon, .azuma)
            // Of several thresholds the lowest one's event.
            event = thresholds.first.flatMap { WinCount(trials: counted.trials, reaching: $0, model) }
            found = ClaimFinding.pironio(thresholds, delta: delta, epsilon: epsilon, statistics, model)
        case .probabilityEstimation(let bits, let power, let epsilon, let kappa):
            let estimation = training.estimation(power, statistics.wins, model, epsilon: epsilon, kappa: kappa)
            method = .probabilityEstimation(power: estimation.factor?.power, epsilon: epsilon, kappa: kappa)
            counted = estimation.tested
            event = estimation.event(bits: bits, epsilon: epsilon, kappa: kappa)
            found = ClaimFinding.probabilityEstimation(bits: bits, estimation, epsilon: epsilon, kappa: kappa)
        case .entropyAccumulation(let threshold, let smoothing, let error):
            method = .entropyAccumulation(smoothing: smoothing, event: error)
            event = WinCount(trials: counted.trials, reaching: threshold, model)
            found = ClaimFinding.entropyAccumulation(threshold, smoothing: smoothing, event: error, statistics, model)
        }
        self.counted = counted
        words = found.words
        holds = found.holds
        numbers = found.numbers
        value = found.value
    }

    /// Every term of the claim's error, the extractor's included where one was promised.
    var budget: ErrorBudget? { claim.errorBudget(extractor: security?.extractor.epsilon ?? 0) }

    /// Against whose side information the claim holds: the weaker of the bound's and the extractor's.
    var sideInformation: Plan.Security.SideInformation? {
        guard let own = claim.sideInformation else { return nil }
        return security?.extractor.sideInformation == .classical ? .classical : own
    }

    /// Keys of the assumptions that it needs.
    var assumes: [String] { method.assumes }

    /// - Parameter isCertified: Whether it holds and nothing stands against any claim of the campaign.
    func json(isCertified: Bool) -> JSON {
        var object = numbers
        object["registered"] = claim.json
        object["headline"] = .bool(isHeadline)
        object["holds"] = .bool(holds)
        object["certified"] = .bool(isCertified)
        object["words"] = .string(words)
        object["assumes"] = .array(assumes.map { .string($0) })
        object["adversary"] = .string(method.adversary)
        object["validity"] = .string(method.validity)
        object["source"] = .string(method.source)
        object["side_information"] = JSON(sideInformation?.rawValue)
        object["error_budget"] = budget?.json ?? .null
        return .object(object)
    }
}
