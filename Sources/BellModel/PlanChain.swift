/// A laboratory's other plans, as they stood when a campaign was begun: nobody can show the best of twenty unnoticed.
///
/// Which plans there are and how they ended is the laboratory's own word; that they follow one another is in their hashes.
public struct PlanChain: Equatable, Sendable {
    /// How a plan ended, so far.
    public enum Fate: String, CaseIterable, Sendable {
        /// A certificate was issued, with this verdict.
        case certified
        case notCertified = "not certified"
        case invalid
        /// Its campaign ended and there is no certificate.
        case withoutCertificate = "no certificate"
        /// Begun, and neither ended nor abandoned.
        case unfinished
        /// Given up by a person.
        case abandoned
        /// Sealed and never begun.
        case sealed
        /// Its journal cannot be read.
        case damaged
        /// No plan of this number is known.
        case missing
    }

    /// One of the plans.
    public struct Entry: Equatable, Sendable {
        public var number: UInt64
        /// BLAKE2b-256 of the plan's canonical text; nil when that cannot be read.
        public var hash: Digest?
        /// The hash that it names as that of the plan before.
        public var previous: Digest?
        public var name: String
        /// The laboratory's own word.
        public var sealedAt: String
        public var fate: Fate

        public init(
            number: UInt64, hash: Digest?, previous: Digest?, name: String, sealedAt: String, fate: Fate
        ) {
            self.number = number
            self.hash = hash
            self.previous = previous
            self.name = name
            self.sealedAt = sealedAt
            self.fate = fate
        }
    }

    /// The greatest number that was known, the campaign's own included.
    public let head: UInt64
    /// How many of all other plans ended so; fates of none are left out.
    public let counts: [Fate: UInt64]
    /// The newest of them, newest first; gaps between numbers are listed as missing.
    public let listed: [Entry]

    /// The most plans that are listed.
    public static let mostListed = 64

    /// Puts plans in order.
    ///
    /// - Parameters:
    ///   - number: Of the campaign's own plan, which is not among `others`.
    ///   - others: In any order; two may have one number, which ``breaks(of:hash:)`` then tells.
    ///   - unnumbered: Campaigns that cannot be read at all; counted as damaged.
    public init(of number: UInt64, others: [Entry], unnumbered: UInt64 = 0) {
        let byNumber = Dictionary(grouping: others.filter { $0.number > 0 }, by: \.number)
        let head = max(number, byNumber.keys.max() ?? 0)
        var counts: [Fate: UInt64] = [:]
        for entry in others where entry.number > 0 { counts[entry.fate, default: 0] += 1 }
        counts[.damaged, default: 0] += unnumbered
        let known = UInt64(Set(byNumber.keys).union([number]).count)
        counts[.missing] = head - min(head, known)
        var listed: [Entry] = []
        var next = head
        while next > 0, listed.count < Self.mostListed {
            if let entries = byNumber[next] {
                listed += entries
            } else if next != number {
                listed.append(
                    Entry(number: next, hash: nil, previous: nil, name: "", sealedAt: "", fate: .missing))
            }
            next -= 1
        }
        self.head = head
        self.counts = counts.filter { $0.value > 0 }
        self.listed = Array(listed.prefix(Self.mostListed))
    }

    /// All other plans.
    public var others: UInt64 { counts.values.reduce(0) { $0 &+ $1 } }

    /// Numbers whose plan is not the one that the next plan was sealed after, or that two plans have; greatest first.
    ///
    /// What is missing or cannot be read breaks nothing: it is listed as such.
    public func breaks(of sealed: SealedPlan, hash: Digest) -> [UInt64] {
        var hashes: [UInt64: Digest] = [sealed.number: hash]
        var links = [(number: sealed.number, previous: sealed.previous)]
        var broken: Set<UInt64> = []
        for entry in listed {
            if let hash = entry.hash, let old = hashes.updateValue(hash, forKey: entry.number), old != hash {
                broken.insert(entry.number)
            }
            if let previous = entry.previous { links.append((entry.number, previous)) }
        }
        for link in links where link.number > 0 {
            let before = link.number == 1 ? Digest.zero : hashes[link.number - 1]
            if let before, before != link.previous { broken.insert(link.number - 1) }
        }
        return broken.sorted(by: >)
    }
}

extension PlanChain {
    /// The member `plan_chain` of BEGIN and of a certificate.
    public var json: JSON {
        [
            "head": JSON(count: head), "others": JSON(count: others),
            "counts": .object(
                Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, JSON(count: $0.value)) })),
            "listed": .array(
                listed.map {
                    [
                        "number": JSON(count: $0.number), "hash": JSON($0.hash?.description),
                        "previous": JSON($0.previous?.description), "name": .string($0.name),
                        "sealed_at": .string($0.sealedAt), "state": .string($0.fate.rawValue),
                    ]
                }),
        ]
    }

    /// Reads what ``json`` wrote.
    ///
    /// - Throws: `json.shape`, also for more entries than are ever listed, an unknown state, or numbers out of order.
    public init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        func wrong(_ what: String, _ key: String) -> BellError { BellError(.jsonShape, what, at: "\(path).\(key)") }
        head = try reader.count("head")
        let others = try reader.count("others")
        var counts: [Fate: UInt64] = [:]
        var sum: UInt64 = 0
        for (name, count) in try reader.value("counts").objectValue ?? [:] {
            guard let fate = Fate(rawValue: name), let count = count.countValue, count > 0 else {
                throw wrong("No plans are counted so: \(name.prefix(80)).", "counts")
            }
            let (total, overflow) = sum.addingReportingOverflow(count)
            guard !overflow else { throw wrong("Too many plans.", "counts") }
            (sum, counts[fate]) = (total, count)
        }
        let rows = try reader.array("listed")
        try reader.finish()
        guard sum == others else { throw wrong("The counts add up to \(sum), not \(others).", "others") }
        guard rows.count <= Self.mostListed, UInt64(rows.count) <= sum else {
            throw wrong("\(rows.count) plans are listed.", "listed")
        }
        var listed: [Entry] = []
        for (i, row) in rows.enumerated() {
            let entry = try Entry(json: row, path: "\(path).listed[\(i)]")
            guard entry.number > 0, entry.number <= (listed.last?.number ?? head) else {
                throw wrong("Plan \(entry.number) is listed out of order.", "listed[\(i)].number")
            }
            listed.append(entry)
        }
        self.counts = counts
        self.listed = listed
    }
}

extension PlanChain.Entry {
    fileprivate init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        func digest(_ key: String) throws(BellError) -> Digest? {
            guard let value = reader.optional(key) else { return nil }
            guard let digest = value.stringValue.flatMap({ Digest(hex: $0) }) else {
                throw BellError(.jsonShape, "Expected 64 hexadecimal digits or null.", at: "\(path).\(key)")
            }
            return digest
        }
        number = try reader.count("number")
        hash = try digest("hash")
        previous = try digest("previous")
        name = try reader.string("name")
        sealedAt = try reader.string("sealed_at")
        guard let fate = PlanChain.Fate(rawValue: try reader.string("state")) else {
            throw BellError(.jsonShape, "No plan can end so.", at: "\(path).state")
        }
        self.fate = fate
        try reader.finish()
    }
}
