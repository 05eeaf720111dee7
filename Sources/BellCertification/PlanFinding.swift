import BellCrypto
import BellModel

/// What is known of the plan itself: its place among the laboratory's plans, and what dates it from outside.
struct PlanFinding: Equatable, Sendable {
    /// What stands against every claim: a chain whose hashes disagree.
    let objections: [String]
    /// The place in the chain, each anchor, and whether the chunks' signatures bind the plan; for people.
    let lines: [String]
    /// The sentence on the plan's date that an assumption holds.
    let dating: String

    init(_ evidence: CampaignEvidence) {
        let (sealed, record) = (evidence.sealed, evidence.record)
        let breaks = record.chain?.breaks(of: sealed, hash: evidence.planHash) ?? []
        objections =
            breaks.isEmpty
            ? []
            : [
                "the chain of plans is broken at plan \(Self.numbers(breaks)): the next one was sealed after another"
            ]
        lines =
            [record.chain.map { Self.place(sealed.number, $0) } ?? "the chain of plans was not recorded"]
            + (record.anchors.isEmpty
                ? ["no outside anchor: when the plan was sealed is the laboratory's own word"]
                : record.anchors.map(Self.words))
            + (sealed.beacon.map { [Self.words($0)] } ?? []) + [Self.binding(evidence)]
        dating =
            Self.dating(record)
            + (sealed.beacon.map { " It was sealed after \($0.time), if the quoted pulse is genuine." } ?? "")
    }

    /// Which plan it is, and how the others ended.
    static func place(_ number: UInt64, _ chain: PlanChain) -> String {
        let own = "this is plan \(number)"
        guard chain.others > 0 else { return "\(own), the only one that was known when it was begun" }
        let parts = PlanChain.Fate.allCases.compactMap { fate -> String? in
            guard let count = chain.counts[fate] else { return nil }
            let listed = chain.listed.filter { $0.fate == fate }.map(\.number)
            // Those that ended with a certificate are many, and can be asked for.
            guard fate != .certified, !listed.isEmpty else { return "\(NumberText.count(count)) \(words(fate))" }
            return "\(NumberText.count(count)) \(words(fate)) (\(numbers(listed.sorted())))"
        }
        let others = chain.others == 1 ? "1 other was" : "\(NumberText.count(chain.others)) others were"
        return "\(own); \(others) known when it was begun: " + parts.joined(separator: ", ")
    }

    private static func words(_ fate: PlanChain.Fate) -> String {
        switch fate {
        case .certified, .notCertified, .invalid, .unfinished, .abandoned, .damaged, .missing: fate.rawValue
        case .withoutCertificate: "ended without a certificate"
        case .sealed: "sealed and never begun"
        }
    }

    private static func numbers(_ list: [UInt64]) -> String {
        list.prefix(12).map(String.init).joined(separator: ", ") + (list.count > 12 ? ", …" : "")
    }

    /// What one anchor shows.
    static func words(_ anchor: PlanAnchor) -> String {
        switch anchor {
        case .timeStamp(let stamp):
            "time stamp (RFC 3161) of \(stamp.time), serial \(stamp.serial): the plan existed then, if the authority's "
                + "signature is good, which `bellctl certificate anchors --tsa-ca FILE` asks openssl"
        case .signature(_, let key, let by):
            "signed by \(by) (the laboratory's name for the key \(key)): the plan existed when that party signed, which "
                + "only they can tell"
        }
    }

    /// What a quoted pulse shows: a time before which nothing can have been sealed.
    private static func words(_ pulse: BeaconPulse) -> String {
        "quotes pulse \(NumberText.count(pulse.index)) of \(pulse.time) (\(pulse.uri)): the plan was sealed after it, if that is "
            + "what the beacon published; that it was sealed before the data, no pulse can show"
    }

    /// Whether the nodes' signatures are bound to this plan.
    private static func binding(_ evidence: CampaignEvidence) -> String {
        evidence.campaign == CampaignID(planHash: evidence.planHash)
            ? "the campaign's id follows from the plan's hash: whoever signed a chunk signed it for this plan"
            : "the campaign's id does not follow from the plan's hash: that the trials belong to the plan is belld's word"
    }

    private static func dating(_ record: PlanRecord) -> String {
        guard !record.anchors.isEmpty else {
            return "The plan's time of sealing is the laboratory's own word: nobody outside holds anything of it."
        }
        return record.anchors.map { anchor in
            switch anchor {
            case .timeStamp(let stamp):
                "The plan existed at \(stamp.time), if the time-stamp authority's signature and clock are good; openssl checks "
                    + "the one."
            case .signature(_, _, let by):
                "The plan existed when \(by) signed it, if the key is theirs; the time is that party's word."
            }
        }.joined(separator: " ") + " That it was sealed earlier than that is the laboratory's own word."
    }
}
