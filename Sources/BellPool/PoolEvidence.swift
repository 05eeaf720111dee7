public import BellCertification
public import BellJournal
public import BellModel

/// What a campaign's extraction is made of: its certificate, checked against the journal, and the outcomes from the halves.
public struct PoolEvidence: Sendable {
    public let certificate: Certificate
    public let entropy: CertifiedEntropy
    /// Of all n trials, or of those that were run where a sealed stop rule ended them.
    public let outcomes: OutcomeString
    /// k1, bits: what is certified, less what the certificate tells and what lost trials may have cost.
    public let sourceEntropy: UInt64

    /// Recomputes the campaign as `campaign verify` does, and keeps the outcomes that the audit found on the way.
    ///
    /// - Parameter progress: Called after each arm with the trials done and the campaign's n.
    /// - Throws: `pool.not-certified` with the reason; `pool.evidence` when anything differs from the journal.
    public init(
        journal: Journal, certificate: Certificate, progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws(BellError) {
        let state = try journal.state().state
        guard ["completed", "stopped"].contains(state) else {
            throw BellError(
                .poolUncertified, "The campaign is not over: it is \(state).", at: journal.path,
                state: "nothing was extracted", fix: "wait for its certificate: `bellctl campaign watch`")
        }
        self.certificate = certificate
        entropy = try CertifiedEntropy(certificate)
        var outcomes = OutcomeString()
        let report = try Verification.run(journal: journal, certificate: certificate, progress: progress) {
            outcomes.append($0)
        }
        guard report.matches, report.isCertified == true else {
            throw BellError(
                .poolEvidence,
                "The certificate does not follow from the journal: \(report.differenceCount) differences.",
                at: journal.path, cause: report.differences.prefix(3).joined(separator: "; "),
                state: "nothing was extracted",
                fix: "`bellctl campaign verify \(journal.campaign)` lists them; restore what was damaged from a copy")
        }
        // Under a sealed stop rule the campaign is the trials that were run; else the others are losses.
        if certificate.evidence.end != .stoppedByRule { outcomes.fill(to: certificate.evidence.sealed.plan.trials) }
        self.outcomes = outcomes
        guard outcomes.erased < entropy.left else {
            throw BellError(
                .poolUncertified,
                "Nothing is left: \(outcomes.erased) bits are counted for \(outcomes.lost) lost trials, of \(entropy.left).",
                at: journal.path, state: "nothing was extracted",
                fix: "run a campaign with fewer losses; `bellctl campaign show --certificate` names their causes")
        }
        sourceEntropy = entropy.left - outcomes.erased
    }
}

extension BellError.Code {
    /// What is stored of the campaign contradicts itself, so that nothing is extracted from it.
    public static let poolEvidence = BellError.Code("pool.evidence", exit: .dataIntegrity)
}
