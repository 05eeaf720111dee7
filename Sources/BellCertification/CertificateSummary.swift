import BellAudit
import BellCrypto
import BellModel
import BellStatistics

/// What the claim relies on and no data can refute, for the first page: few words each, with how much the claim would shrink.
struct CertificateSummary: Equatable, Sendable {
    /// One assumption.
    struct Item: Equatable, Sendable {
        /// Its name among the certificate's assumptions.
        let assumption: String
        /// At most three sentences.
        let words: String
        /// For programs.
        let numbers: [String: JSON]
    }

    let items: [Item]

    init(_ evidence: CampaignEvidence, _ findings: Findings) {
        items = [
            CertificateSummary.freedom(findings, evidence.eProcess), CertificateSummary.reports(findings),
            CertificateSummary.sealing(evidence, findings.plan),
        ].compactMap(\.self)
    }

    /// Settings that are more predictable than declared.
    private static func freedom(_ findings: Findings, _ eProcess: EProcessResult) -> Item? {
        guard let headline = findings.claims.first else { return nil }
        let shrinkage = BiasShrinkage(headline, findings.numbers, eProcess, findings.model)
        let mu = NumberText.plain(findings.model.settingBias)
        let left =
            shrinkage.greatestBias.map {
                "The headline is \(shrinkage.words), had that been the bias; it holds up to μ = "
                    + "\(NumberText.lowerBound($0, 5))."
            }
            ?? (headline.holds
                ? "How much it would shrink, the number of wins cannot tell: the claim rests on bets that learn."
                : "The headline fails with that already.")
        return Item(
            assumption: "freedom-of-choice",
            words: "that nobody could predict a setting bit better than ½ + \(mu), as declared. \(left)",
            numbers: shrinkage.json.merging(["declared_mu": .double(findings.model.settingBias)]) { $1 })
    }

    /// Time tags that lie, or with the host's bits a leak of them.
    private static func reports(_ findings: Findings) -> Item {
        let lost = "then nothing is left of the claim."
        guard findings.locality.status != .assumed else {
            return Item(
                assumption: "locality",
                words: "that no setting leaked: the input bits lay at the host before their trials, and no margin was "
                    + "measured. If they reached the other node, \(lost)",
                numbers: ["least_margin_ps": .null])
        }
        guard let margin = findings.locality.margins.least?.count else {
            return Item(
                assumption: "boards-report-truly",
                words:
                    "that the boards tell what they decided and when. No margin is known that a lie would have to hide.",
                numbers: ["least_margin_ps": .null])
        }
        return Item(
            assumption: "boards-report-truly",
            words: "that the boards tell what they decided and when. Time tags that lie by the least margin, "
                + "\(NumberText.nanoseconds(margin)) ns, can hide a signal between the nodes, and \(lost)",
            numbers: ["least_margin_ps": .int(margin)])
    }

    /// When the plan was sealed, and what other plans there were.
    private static func sealing(_ evidence: CampaignEvidence, _ plan: PlanFinding) -> Item {
        Item(
            assumption: "date-of-sealing",
            words: "that the plan was sealed before the first trial, and this campaign not chosen out of several. "
                + "\(plan.dating) Of the laboratory's plans: \(plan.lines.first ?? "nothing is known").",
            numbers: [
                "sealed_at": .string(evidence.sealed.sealedAt), "plan_number": JSON(count: evidence.sealed.number),
                "is_anchored": .bool(!evidence.record.anchors.isEmpty),
            ])
    }

    /// The member `summary`.
    var json: JSON {
        .array(
            items.map { item in
                .object(
                    item.numbers.merging(["assumption": .string(item.assumption), "words": .string(item.words)]) { $1 })
            })
    }
}
