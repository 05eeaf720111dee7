import BellCertification
import BellCrypto
public import BellModel
public import BellRandomness

/// One campaign's extraction: what goes in, what comes out, and the recipe that lets others repeat it.
///
/// A pure function of the evidence, the order and source two; equal ones give equal bits and equal recipes.
public struct CampaignExtraction: Sendable {
    public let evidence: PoolEvidence
    public let order: ExtractionOrder
    public let shape: ExtractorShape
    public let demand: ExtractorDemand
    /// Every term of the error, the extractor's included.
    public let budget: ErrorBudget

    /// Chooses the lengths.
    ///
    /// - Throws: `extractor.demand` with the largest possible output, `extractor.parameters`.
    public init(_ evidence: PoolEvidence, order: ExtractionOrder) throws(BellError) {
        self.evidence = evidence
        self.order = order
        let security = evidence.certificate.evidence.sealed.plan.security
        guard order.isSealed == (security != nil), security.map({ $0.extractor == order.extractor }) ?? true else {
            throw BellError(
                .poolMismatch,
                security == nil
                    ? "The plan has sealed no extractor."
                    : "The plan has sealed another extractor: \(security?.extractor.kind.rawValue ?? "").",
                at: "campaign \(evidence.certificate.evidence.campaign)", state: "nothing was extracted",
                fix: "a recipe that says otherwise is not of this campaign; `bellctl campaign show` shows the plan")
        }
        guard let budget = evidence.entropy.claim.errorBudget(extractor: order.extractor.epsilon),
            evidence.outcomes.count <= UInt64(Bits.longest)
        else {
            throw BellError(
                .poolUncertified, "Outcomes of \(evidence.outcomes.trials) trials are more than an extractor takes.",
                at: "campaign \(evidence.certificate.evidence.campaign)", state: "nothing was extracted",
                fix: "at most 2^29 trials can be extracted")
        }
        self.budget = budget
        (shape, demand) = try ExtractionLengths.choose(
            order, sourceBits: Int(evidence.outcomes.count), sourceEntropy: evidence.sourceEntropy)
    }

    /// Bytes of source two.
    public var secondBytes: Int { (shape.secondBits + 7) / 8 }

    /// Extracts.
    ///
    /// - Parameters:
    ///   - second: Source two, packed, the last byte padded with zeros; its health has been tested.
    ///   - progress: Called with the share that is done.
    /// - Returns: The certified bits, packed, and the pool's recipe.
    public func run(
        second packed: [UInt8], progress: @escaping (Double) -> Void = { _ in }
    ) throws(BellError) -> (bits: [UInt8], recipe: JSON) {
        let outcomes = try Bits(
            packed: evidence.outcomes.packed, count: Int(evidence.outcomes.count), at: "outcomes")
        // An extractor may have no such length: then it takes the first bits, and the plan has counted the others out of k1.
        let one =
            shape.sourceBits < outcomes.count ? outcomes.slice(from: 0, length: shape.sourceBits) : outcomes
        let two = try Bits(packed: packed, count: shape.secondBits, at: "source two")
        let output = try Extractor(shape).extract(one, two) { (done) throws(BellError) in progress(done) }.packed
        let recipe = Recipe(
            shape: shape, demand: demand, sourceOne: Blake2b.hash(one.packed), sourceTwo: Blake2b.hash(packed),
            output: Blake2b.hash(output))
        return (output, .object(recipe.members.merging(members) { _, own in own }))
    }

    /// What a campaign's recipe has besides the extraction's.
    private var members: [String: JSON] {
        let (certificate, entropy) = (evidence.certificate, evidence.entropy)
        let plan = certificate.evidence.sealed.plan
        var own: [String: JSON] = [
            "campaign": .string(certificate.evidence.campaign.description),
            "plan_hash": .string(certificate.evidence.planHash.description),
            "certificate_hash": .string(certificate.hash.description),
            "pool": .string(plan.pool.rawValue), "simulated": .bool(certificate.isSimulated),
            "claim": entropy.claim.json, "certified_bits": JSON(count: entropy.bits),
            "published": entropy.published.json, "trials": JSON(count: evidence.outcomes.trials),
            "lost_trials": JSON(count: evidence.outcomes.lost), "lost_bits": JSON(count: evidence.outcomes.erased),
            "errors": budget.json, "side_information": .string(sideInformation.rawValue),
            "assumptions": .object(assumptions),
        ]
        for (key, value) in order.json { own[key] = value }
        return own
    }

    /// The weaker of the claim's and the extractor's.
    public var sideInformation: Plan.Security.SideInformation {
        order.extractor.sideInformation == .classical
            ? .classical : evidence.entropy.claim.sideInformation ?? .classical
    }

    /// All that no data can show, by name: the claim's, source two's, and the pool's.
    public var assumptions: [String: JSON] {
        var all = order.second.assumptions
        let words = evidence.certificate.json["assumptions"]
        for name in evidence.entropy.assumes { all[name] = words?[name] ?? .null }
        switch evidence.certificate.evidence.sealed.plan.pool {
        case .private:
            all["outcomes-stayed-here"] =
                .string(
                    "Nothing of the outcomes has left this machine but the certificate, whose size in bits is subtracted from "
                        + "the min-entropy; neither has source two.")
        case .public:
            all["bits-are-no-secret"] =
                .string(
                    "The pool is public: once outcomes and source two are known, everybody can make its bits. They were "
                        + "unpredictable before the outcomes were made, and are no secret now: for beacons and pictures, never keys."
                )
        }
        return all
    }
}
