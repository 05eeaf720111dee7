public import BellModel

/// What came of recomputing a campaign from its halves.
public struct VerificationReport: Equatable, Sendable {
    public let campaign: CampaignID
    /// Arms and trials that were audited anew.
    public let arms: UInt64
    public let trials: UInt64
    /// Roots of the trees of evidence as recomputed from records, clock records and places.
    public let evidenceRoots: PerNode<Digest>
    /// Hash of the certificate that was compared, or nil when there was none.
    public let certificateHash: Digest?
    /// That of the recomputed certificate, invalid when anything differs; nil while the campaign is under way.
    public let verdict: Certificate.Verdict?
    /// Whether the data come from a simulation.
    public let simulated: Bool
    /// Every difference, as `place: what`; at most ``listLimit`` of them.
    public let differences: [String]
    /// How many there are.
    public let differenceCount: Int

    /// The most differences that a report lists.
    public static let listLimit = 1000

    /// Whether everything agrees.
    public var matches: Bool { differenceCount == 0 }
    /// Whether the recomputed certificate is certified; nil when anything differs, and while the campaign is under way.
    public var isCertified: Bool? { matches ? verdict.map { $0 == .certified } : nil }
    /// Data integrity when anything differs or the evidence contradicts itself, else ok; whether the campaign is certified is
    /// another question.
    public var exitCode: ExitCode { matches && verdict != .invalid ? .ok : .dataIntegrity }

    /// The report for programs.
    public var json: JSON {
        [
            "campaign": .string(campaign.description), "match": .bool(matches), "arms": JSON(count: arms),
            "trials": JSON(count: trials), "certificate_hash": JSON(certificateHash?.description),
            "verdict": JSON(verdict?.rawValue), "certified": isCertified.map { .bool($0) } ?? .null,
            "simulated": .bool(simulated),
            "evidence_roots": evidenceRoots.json,
            "differences": .array(differences.map { .string($0) }), "difference_count": .int(Int64(differenceCount)),
        ]
    }

    /// The report for people.
    public var text: String {
        var page = TextPage()
        page.row("campaign", campaign.description + (simulated ? "   SIMULATED" : ""))
        page.row(
            "evidence",
            "\(NumberText.count(trials)) trials in \(NumberText.count(arms)) arms, audited anew from both halves")
        page.row("root alice", evidenceRoots.alice.description)
        page.row("root bob", evidenceRoots.bob.description)
        if let certificateHash { page.row("certificate", certificateHash.description) }
        if matches {
            page.row(
                "result",
                certificateHash == nil
                    ? "MATCH: the evidence agrees with itself; there is no certificate to compare"
                    : "MATCH: hashes, signatures, statuses, margins, counts and every number agree")
            if let verdict { page.row("verdict", verdict.words) }
        } else {
            page.row("result", "MISMATCH: \(differenceCount) differences")
            page.row("verdict", "invalid: what is stored contradicts what follows from the halves")
            for difference in differences { page.item(difference) }
            if differences.count < differenceCount {
                page.line("… and \(differenceCount - differences.count) more")
            }
        }
        return page.text
    }
}
