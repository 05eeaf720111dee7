public import BellModel

/// Says how to repeat an extraction bit for bit, and what it was meant to give.
///
/// Its JSON is canonical (RFC 8785): equal recipes are equal bytes. Whoever has the inputs computes the output anew and
/// compares hashes. A campaign's recipe has more members; it takes ``members`` and ``init(reading:at:)`` from here.
///
/// | member | meaning |
/// | --- | --- |
/// | `format` | `belld-extraction-1` |
/// | `extractor` | `toeplitz`, `circulant`, `deor`, `raz`, `trevisan`, `von-neumann` |
/// | `n1`, `n2`, `m` | bits of source one, of source two or seed, and of the output |
/// | `parameter` | Raz: log2 of the number of terms; Trevisan: bits of a symbol; else 0 |
/// | `k1`, `k2` | min-entropy of the sources, bits |
/// | `log2_epsilon` | log2 of the error of the extraction alone |
/// | `security` | `classical`, `quantum-product`, `quantum-markov` |
/// | `test_vector` | true: the inputs were taken without asking for health tests |
/// | `source_one`, `source_two`, `output` | BLAKE2b-256 of the packed bits |
public struct Recipe: Equatable, Sendable {
    public static let format = "belld-extraction-1"

    public var shape: ExtractorShape
    public var demand: ExtractorDemand
    public var isTestVector: Bool
    /// BLAKE2b-256 of the packed bits of the first source.
    public var sourceOne: Digest
    /// The same of the second source or seed; nil when the extractor has none.
    public var sourceTwo: Digest?
    /// The same of the output.
    public var output: Digest

    public init(
        shape: ExtractorShape, demand: ExtractorDemand, isTestVector: Bool = false, sourceOne: Digest,
        sourceTwo: Digest?, output: Digest
    ) {
        self.shape = shape
        self.demand = demand
        self.isTestVector = isTestVector
        self.sourceOne = sourceOne
        self.sourceTwo = sourceTwo
        self.output = output
    }

    /// The members of the JSON object.
    public var members: [String: JSON] {
        [
            "format": .string(Recipe.format), "extractor": .string(shape.kind.rawValue),
            "n1": .int(Int64(shape.sourceBits)), "n2": .int(Int64(shape.secondBits)),
            "m": .int(Int64(shape.outputBits)), "parameter": .int(Int64(shape.parameter)),
            "k1": .double(demand.sourceEntropy), "k2": .double(demand.secondEntropy),
            "log2_epsilon": .double(demand.errorExponent), "security": .string(demand.security.rawValue),
            "test_vector": .bool(isTestVector), "source_one": .string(sourceOne.description),
            "source_two": JSON(sourceTwo?.description), "output": .string(output.description),
        ]
    }

    public var json: JSON { .object(members) }

    /// Reads a recipe and nothing else.
    ///
    /// - Parameter place: Names the file in errors.
    /// - Throws: `json.shape` for a missing, unknown or wrongly typed member; `extractor.parameters` for lengths, entropies
    ///   or an error that no extraction has.
    public init(json: JSON, at place: String = "recipe") throws(BellError) {
        var reader = try JSONReader(json, path: place)
        try self.init(reading: &reader, at: place)
        try reader.finish()
    }

    /// Reads the members of a recipe and leaves others to the caller.
    public init(reading reader: inout JSONReader, at place: String) throws(BellError) {
        _ = try Recipe.word(&reader, "format", at: place) { $0 == Recipe.format ? $0 : nil }
        let kind = try Recipe.word(&reader, "extractor", at: place, ExtractorKind.init(rawValue:))
        shape = ExtractorShape(
            kind: kind, sourceBits: try Recipe.length(&reader, "n1", at: place),
            secondBits: try Recipe.length(&reader, "n2", at: place),
            outputBits: try Recipe.length(&reader, "m", at: place),
            parameter: try Recipe.length(&reader, "parameter", at: place))
        demand = ExtractorDemand(
            sourceBits: shape.sourceBits, sourceEntropy: try reader.double("k1"), secondBits: shape.secondBits,
            secondEntropy: try reader.double("k2"), errorExponent: try reader.double("log2_epsilon"),
            security: try Recipe.word(&reader, "security", at: place, ExtractorSecurity.init(rawValue:)))
        isTestVector = try reader.bool("test_vector")
        sourceOne = try reader.digest("source_one")
        sourceTwo = reader.optional("source_two") == nil ? nil : try reader.digest("source_two")
        output = try reader.digest("output")
        guard (sourceTwo == nil) == (kind == .vonNeumann) else {
            throw BellError(
                .jsonShape, "A recipe of \(kind.rawValue) \(sourceTwo == nil ? "needs" : "has no") second source.",
                at: "\(place).source_two")
        }
        if kind != .vonNeumann { try demand.check(at: place) }
    }

    private static func word<T>(
        _ reader: inout JSONReader, _ key: String, at place: String, _ read: (String) -> T?
    ) throws(BellError) -> T {
        let text = try reader.string(key)
        guard let value = read(text) else {
            throw BellError(
                .jsonShape, "\"\(text.prefix(80))\" is not known here.", at: "\(place).\(key)",
                fix: "use the version of bellctl that wrote the recipe, or a newer one")
        }
        return value
    }

    private static func length(
        _ reader: inout JSONReader, _ key: String, at place: String
    ) throws(BellError) -> Int {
        let value = try reader.int(key)
        guard value >= 0, value <= Bits.longest else {
            throw BellError(
                .extractorParameters, "\(value) bits are not provided for.", at: "\(place).\(key)",
                fix: "0 to 2^30 bits are allowed")
        }
        return value
    }
}
