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
    /// Keys of the assumptions that it needs.
    let assumes: [String]

    init(_ claim: Plan.Claim, isHeadline: Bool, numbers statistics: LiveStatistics, model: LocalModel) {
        self.claim = claim
        self.isHeadline = isHeadline
        switch claim {
        case .localRealism(let significance):
            let p = statistics.log10PValue
            let limit = log10(significance)
            holds = significance > 0 && significance < 1 && p <= limit
            words =
                "local realism is \(holds ? "" : "not ")rejected: p = \(NumberText.probability(log10: p)) "
                + "\(holds ? "≤" : ">") \(NumberText.plain(significance)) (binomial bound, n sealed, losses lose)"
            numbers = ["log10_p": .double(p), "log10_significance": .double(limit)]
            assumes = ["freedom-of-choice", "locality", "all-trials-counted", "boards-report-truly"]
        case .minEntropy(let threshold, let delta, let epsilon):
            let bound = PironioBound(statistics.wins, model: model, delta: delta)
            let bits = bound?.soundBits(threshold: threshold, epsilonPrime: epsilon, .exact)
            let reached = statistics.estimate >= threshold
            let isSmooth = delta < epsilon
            holds = reached && isSmooth && (bits ?? 0) > 0
            let smoothing = NumberText.plain(delta / epsilon)
            if holds {
                words =
                    "min-entropy of the outcomes ≥ \(NumberText.lowerBound(bits, 2)) bits, smoothing \(smoothing), unless an "
                    + "event of probability ≤ \(NumberText.plain(epsilon)) happened; Î = "
                    + "\(NumberText.fixed(statistics.estimate, 6)) ≥ J = \(NumberText.plain(threshold))"
            } else if !reached {
                words =
                    "no min-entropy: Î = \(NumberText.fixed(statistics.estimate, 6)) did not reach the sealed threshold "
                    + "J = \(NumberText.plain(threshold))"
            } else if !isSmooth {
                words = "no min-entropy: δ/ε′ = \(smoothing) is no smoothing, it must be below 1"
            } else {
                words =
                    "no min-entropy: n f(J − ε) − log2(1/ε′) = \(NumberText.lowerBound(bits, 2)) bits at ε = "
                    + "\(NumberText.fixed(bound?.epsilon(), 6))"
            }
            numbers = [
                "i_hat": .double(statistics.estimate), "statistical_epsilon": JSON(bound?.epsilon()),
                "bits": JSON(bits), "smoothing": JSON(epsilon > 0 ? delta / epsilon : nil),
            ]
            assumes = [
                "freedom-of-choice", "locality", "all-trials-counted", "boards-report-truly",
                "classical-side-information", "quantum-theory",
            ]
        }
    }

    /// - Parameter isCertified: Whether it holds and nothing stands against any claim of the campaign.
    func json(isCertified: Bool) -> JSON {
        var object = numbers
        object["registered"] = claim.json
        object["headline"] = .bool(isHeadline)
        object["holds"] = .bool(holds)
        object["certified"] = .bool(isCertified)
        object["words"] = .string(words)
        object["assumes"] = .array(assumes.map { .string($0) })
        return .object(object)
    }
}
