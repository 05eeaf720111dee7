import BellCrypto
public import BellModel
public import BellStatistics

/// What a campaign has shown, in a form that another machine can recompute: evidence, findings, verdict and a hash.
///
/// The evidence decides everything else: ``issue(_:)`` twice gives the same bytes.
public struct Certificate: Sendable {
    /// What it was made of.
    public let evidence: CampaignEvidence
    /// The whole object, ``hash`` included.
    public let json: JSON
    /// BLAKE2b-256 of the canonical text of ``json`` without its member `hash`.
    public let hash: Digest
    let findings: Findings

    /// The version of the format that this belld writes.
    ///
    /// Version 1 had hash chains instead of signed evidence; version 2 had no verdict `invalid`, no summary, and told
    /// nothing of other plans and anchors.
    public static let version = 3

    /// Computes all findings and makes the certificate; ``signed(by:)`` signs it.
    ///
    /// A campaign whose claim fails gets one as well: it says not certified, and why.
    public static func issue(_ evidence: CampaignEvidence) throws(BellError) -> Certificate {
        let findings = Findings(evidence)
        var members = Certificate.members(evidence, findings)
        members["signed_by"] = .null
        let hash = Certificate.hash(members)
        members["hash"] = .string(hash.description)
        return Certificate(evidence: evidence, json: .object(members), hash: hash, findings: findings)
    }

    init(evidence: CampaignEvidence, json: JSON, hash: Digest, findings: Findings) {
        self.evidence = evidence
        self.json = json
        self.hash = hash
        self.findings = findings
    }

    static func hash(_ members: [String: JSON]) -> Digest {
        var rest = members
        rest["hash"] = nil
        return Blake2b.hash(text: JSON.object(rest).text)
    }

    /// Of the headline claim; for simulated data it says nothing about nature.
    public var verdict: Verdict { findings.verdict }
    /// Whether the headline claim is certified.
    public var isCertified: Bool { verdict == .certified }
    /// Why it is not; empty when it is.
    public var reasons: [String] { findings.reasons }
    /// Whether the data come from a simulation.
    public var isSimulated: Bool { evidence.simulated }
    /// The plan's place among the laboratory's plans, what each outside anchor shows, and whether the chunks' signatures
    /// bind the plan; each a sentence.
    public var planWords: [String] { findings.plan.lines }
    /// The counts with all losses.
    public var tally: TrialTally { findings.tally }
    /// The numbers of the campaign as a whole.
    public var statistics: LiveStatistics { findings.numbers }
    /// The file's bytes: the canonical text and a newline.
    public var fileBytes: [UInt8] { Array((json.text + "\n").utf8) }
    /// How a program that made or checked it ends.
    public var exitCode: ExitCode { verdict.exitCode }
}
