public import BellCertification
public import BellModel

extension BellError.Code {
    /// The campaign has nothing that could be extracted: not certified, or no entropy claimed.
    public static let poolUncertified = BellError.Code("pool.not-certified", exit: .experiment)
}

/// How much min-entropy the outcomes of a certified campaign have, and what has been published of it.
public struct CertifiedEntropy: Equatable, Sendable {
    /// Bits of the headline claim, whole ones.
    public let bits: UInt64
    public let published: PublishedBits
    public let claim: Plan.Claim
    /// Keys of the assumptions that the claim needs; the certificate has their words.
    public let assumes: [String]

    /// What is left of them; 0 when more was published than was certified.
    public var left: UInt64 { bits - min(bits, published.total) }

    /// Reads the headline of a certificate.
    ///
    /// - Throws: `pool.not-certified` with the reason.
    public init(_ certificate: Certificate) throws(BellError) {
        let plan = certificate.evidence.sealed.plan
        let place = "campaign \(certificate.evidence.campaign)"
        guard certificate.isCertified else {
            throw BellError(
                .poolUncertified, "The campaign is not certified: nothing is known of its bits.", at: place,
                cause: certificate.reasons.joined(separator: "; "), state: "nothing was extracted",
                fix: "run another campaign; `bellctl campaign show --certificate` tells why this one failed")
        }
        guard plan.headline.sideInformation != nil else {
            throw BellError(
                .poolUncertified, "The campaign's headline claims no min-entropy: it is \(plan.headline.name).",
                at: place, cause: "only the headline's entropy is extracted; further claims decide nothing",
                state: "nothing was extracted",
                fix: "seal a plan whose headline is \(Plan.Claim.names.dropFirst().joined(separator: ", "))")
        }
        let found = certificate.json["claims"]?.arrayValue?.first
        guard let value = found?["bits"]?.doubleValue, value >= 1, value < 0x1p53 else {
            throw BellError(
                .poolUncertified, "The certificate's headline has no bits.", at: place, state: "nothing was extracted")
        }
        bits = UInt64(value.rounded(.down))
        published = plan.pool == .private ? PublishedBits(certificate: certificate.json) : .none
        claim = plan.headline
        assumes = found?["assumes"]?.arrayValue?.compactMap(\.stringValue) ?? []
        guard left > 0 else {
            throw BellError(
                .poolUncertified,
                "Nothing is left: \(bits) bits are certified, and the certificate publishes \(published.total).",
                at: place, cause: published.terms.map { "\($0.member) \($0.bits)" }.joined(separator: ", "),
                state: "nothing was extracted",
                fix: "a private pool needs more trials, or fewer blocks: each block publishes its counts and margins")
        }
    }
}
