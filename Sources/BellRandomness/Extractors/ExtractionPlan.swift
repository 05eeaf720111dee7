public import BellModel

/// What one extractor can give from two sources.
public struct ExtractorOffer: Equatable, Sendable {
    public let kind: ExtractorKind
    /// The most bits it can give; 0 when none.
    public let largest: Int
    /// The function to use, nil when it cannot give what is asked for.
    public let shape: ExtractorShape?
    /// What the output's error rests on: lengths and entropies after cutting the inputs to the shape.
    public let demand: ExtractorDemand?
    /// A rough estimate of the time on one core, seconds.
    public let seconds: Double
    /// Why it gives nothing, or less than asked for.
    public let reason: String?
}

/// Chooses an extractor for two sources, and says what each of them could do.
///
/// The first source is cut to the length that an extractor has, and the bits cut off are taken from k1 whole; so is the second
/// one, unless it is a Santha–Vazirani source, which has its rate in each part.
public struct ExtractionPlan: Equatable, Sendable {
    /// n1 and k1 of the whole first source.
    public let sourceBits: Int
    public let sourceEntropy: Double
    public let second: SecondSource
    /// log2 ε.
    public let errorExponent: Double
    public let security: ExtractorSecurity
    /// Output bits asked for; nil for as many as there are.
    public let bits: Int?

    /// One offer for each proven extractor, in the order of ``ExtractorKind``.
    public private(set) var offers: [ExtractorOffer] = []

    /// - Throws: `extractor.parameters` for what no source has and what no error is.
    public init(
        sourceBits: Int, sourceEntropy: Double, second: SecondSource, errorExponent: Double,
        security: ExtractorSecurity, bits: Int? = nil
    ) throws(BellError) {
        self.sourceBits = sourceBits
        self.sourceEntropy = sourceEntropy
        self.second = second
        self.errorExponent = errorExponent
        self.security = security
        self.bits = bits
        try second.check()
        try ExtractorDemand(
            sourceBits: sourceBits, sourceEntropy: sourceEntropy, secondBits: second.bits,
            secondEntropy: {
                if case .block(_, let entropy) = second { entropy } else { second.entropy(ofFirst: second.bits) }
            }(), errorExponent: errorExponent, security: security
        ).check(at: "extraction")
        if let bits, bits < 1 {
            throw BellError(
                .extractorParameters, "\(bits) output bits cannot be asked for.", at: "extraction",
                fix: "ask for 1 bit at least, or leave it off for as many as there are")
        }
        offers = ExtractorKind.proven.map(offer)
    }

    /// The offer to take: of those that give all bits asked for the one that needs least of the second source; when no number
    /// is asked for, the one that gives most. Of equal ones the quickest.
    public var chosen: ExtractorOffer? {
        let able = offers.filter { $0.shape != nil }
        guard bits == nil else {
            return able.min { a, b in
                let (x, y) = (a.shape?.secondBits ?? 0, b.shape?.secondBits ?? 0)
                return (x, a.seconds) < (y, b.seconds)
            }
        }
        return able.min { a, b in (-a.largest, a.seconds) < (-b.largest, b.seconds) }
    }

    /// Why ``chosen`` is.
    public var why: String {
        bits == nil
            ? "it gives the most bits" : "of those that give \(bits ?? 0) bits it needs least of source two"
    }

    /// The offer of one extractor, or of the chosen one.
    ///
    /// - Throws: `extractor.demand` when it cannot give what is asked for, with the most that it can and what would help.
    public func offer(of kind: ExtractorKind? = nil) throws(BellError) -> ExtractorOffer {
        let found = kind.map { kind in offers.first { $0.kind == kind } } ?? chosen
        if let found, found.shape != nil { return found }
        let candidates = kind == nil ? offers : found.map { [$0] } ?? []
        let best = candidates.max { $0.largest < $1.largest }
        let largest = best?.largest ?? 0
        let who = kind.map { "the \($0.rawValue) extractor" } ?? "any extractor"
        throw BellError(
            .extractorDemand,
            largest == 0
                ? "Not one bit can be extracted by \(who) here."
                : "\(bits ?? 1) bits are asked for, and \(who) gives at most \(largest).",
            at:
                "n1 = \(sourceBits), k1 = \(sourceEntropy), n2 = \(second.bits), log2 epsilon = \(errorExponent), \(security.rawValue)",
            cause: best?.reason,
            fix: largest == 0
                ? "give more or better bits of source one, a longer or less biased source two, or a larger epsilon"
                : "ask for \(largest) bits or fewer, give a longer or less biased source two, or allow a larger epsilon"
        )
    }
}
