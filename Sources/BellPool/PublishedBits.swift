public import BellModel

/// How many bits a certificate publishes about the outcomes of its campaign, term by term.
///
/// Who learns a string of L bits learns at most L bits of min-entropy (the chain rule). The string here is the certificate's
/// evidence in a prefix-free code of which every length can be counted by hand; all other members follow from the evidence,
/// so that they say nothing more. Members that were fixed before the outcomes cost nothing. docs/pools.md has the code.
/// - SeeAlso: Renner, arXiv:quant-ph/0512258, section 3.1: H_min(A|EC) ≥ H_min(A|E) − log2|C| for classical C.
public struct PublishedBits: Equatable, Sendable {
    /// One member of the certificate, over all blocks.
    public struct Term: Equatable, Sendable {
        /// For example `blocks.tally`.
        public let member: String
        public let bits: UInt64
    }

    public let terms: [Term]

    public var total: UInt64 { terms.reduce(0) { $0 + $1.bits } }

    /// Nothing: of a public pool everything is published, and its bits are no secret.
    public static let none = PublishedBits(terms: [])

    /// Members of the evidence that were there before the first trial, or follow from others.
    ///
    /// A block's calibration and audit were measured before it, by routines that never see a trial's record.
    static let fixedInBlock: Set<String> = ["number", "calibration_hash", "audit"]
    /// Members of the evidence that the outcomes have a part in; what is not here is fixed before or follows from these.
    static let told = ["e_process", "prediction_ratio", "training", "rng_health", "end"]

    /// The length of the string itself is published too: 64 bits say which it is.
    static let length = Term(member: "length of all", bits: 64)
    /// Ed25519, so that it follows from the rest for the holder of the key; counted for whoever does not rely on that.
    static let signature = Term(member: "signature", bits: 512)

    /// Counts what a certificate publishes.
    ///
    /// - Parameter certificate: The whole object, as ``Certificate/json``.
    public init(certificate: JSON) {
        var blocks: [String: UInt64] = [:]
        let list = certificate["blocks"]?.arrayValue ?? []
        for block in list {
            for (member, value) in block.objectValue ?? [:] where !Self.fixedInBlock.contains(member) {
                blocks["blocks.\(member)", default: 0] += Self.bits(value)
            }
        }
        terms =
            [Term(member: "number of blocks", bits: Self.gamma(UInt64(list.count)))]
            + blocks.sorted { $0.key < $1.key }.map { Term(member: $0.key, bits: $0.value) }
            + Self.told.map { Term(member: $0, bits: Self.bits(certificate[$0] ?? .null)) }
            + [Self.length, Self.signature]
    }

    init(terms: [Term]) { self.terms = terms }

    /// The length of a value's code word: 3 bits for its kind, and its content; the names in objects are the format's.
    static func bits(_ value: JSON) -> UInt64 {
        switch value {
        case .null: 3
        case .bool: 3 + 1
        case .int(let number): 3 + 1 + gamma(number.magnitude)
        case .double: 3 + 64
        case .string(let text): 3 + 1 + (Digest(hex: text) == nil ? bits(ofText: text) : 256)
        case .array(let items): items.reduce(3 + gamma(UInt64(items.count))) { $0 + bits($1) }
        case .object(let members): members.values.reduce(3) { $0 + bits($1) }
        }
    }

    private static func bits(ofText text: String) -> UInt64 {
        gamma(UInt64(text.utf8.count)) + 8 * UInt64(text.utf8.count)
    }

    /// Elias's γ code of a number from 0: 2 ⌊log2(v + 1)⌋ + 1.
    /// - SeeAlso: Elias, IEEE Trans. Inf. Theory 21, 194 (1975).
    static func gamma(_ value: UInt64) -> UInt64 {
        let (next, overflow) = value.addingReportingOverflow(1)
        return overflow ? 129 : 2 * UInt64(63 - next.leadingZeroBitCount) + 1
    }

    /// The list in a recipe.
    public var json: JSON {
        [
            "bits": JSON(count: total),
            "terms": .array(terms.map { ["member": .string($0.member), "bits": JSON(count: $0.bits)] }),
        ]
    }
}
