import BellAudit
import BellModel

/// What the audit of all blocks says of locality.
struct LocalityFinding: Equatable, Sendable {
    enum Status: String, Sendable {
        /// Every valid trial's both margins exceeded k·u.
        case audited
        /// Input bits came from the host, so that no margin exists; locality is an assumption.
        case assumed
        /// The static clock offset was never surveyed; nothing may be said.
        case unknown
        /// There is no valid trial.
        case none
    }

    let status: Status
    let margins: MarginSummary
    /// The largest k·u of a block, ps; nil without a block.
    let required: Double?
    /// The largest u of a block, ps; nil without a block.
    let uncertainty: Double?
    /// Where blocks call trials valid whose least margin does not exceed their own k·u; empty when none does.
    let contradictions: [String]

    init(_ evidence: CampaignEvidence) {
        margins = evidence.blocks.reduce(into: MarginSummary()) { $0 += $1.margins }
        required = evidence.blocks.map(\.requiredMargin).max()
        uncertainty = evidence.blocks.map(\.uncertainty).max()
        let wrong = evidence.blocks.filter { block in
            guard let least = block.margins.least else { return false }
            return Double(least.count) <= block.requiredMargin.rounded(.down)
        }
        let shown = wrong.prefix(10).map { String($0.number) } + (wrong.count > 10 ? ["…"] : [])
        contradictions =
            wrong.isEmpty
            ? []
            : [
                (wrong.count == 1 ? "block \(shown[0]) calls" : "blocks \(shown.joined(separator: ", ")) call")
                    + " trials valid whose margins do "
                    + "not exceed k·u"
            ]
        if margins.known == 0, margins.unknown == 0 {
            status = .none
        } else if evidence.sealed.plan.inputBits == .host {
            status = .assumed
        } else {
            status = margins.unknown > 0 ? .unknown : .audited
        }
    }

    /// What stands against every claim; empty where locality is audited, or assumed.
    var objections: [String] {
        switch status {
        case .audited, .assumed: []
        case .unknown: ["locality is \(words)"]
        case .none: ["no trial is valid"]
        }
    }

    /// The sentence of the certificate.
    var words: String {
        switch status {
        case .audited: "audited: both margins of every valid trial exceed k·u"
        case .assumed: "assumed (no setting leakage): the input bits came from the host"
        case .unknown: "unknown: the static clock offset was not surveyed, so locality is not claimed"
        case .none: "nothing to audit: no trial is valid"
        }
    }

    var json: JSON {
        [
            "status": .string(status.rawValue), "words": .string(words), "margins": margins.json,
            "required_ps": JSON(required), "uncertainty_ps": JSON(uncertainty),
        ]
    }
}
