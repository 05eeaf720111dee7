public import BellModel

extension BellError.Code {
    /// An extractor cannot have these lengths, entropies or errors.
    public static let extractorParameters = BellError.Code("extractor.parameters", exit: .usage)
    /// An extraction asks for more than its sources can give.
    public static let extractorDemand = BellError.Code("extractor.demand", exit: .usage)
}

/// Which function an extractor computes: everything but the inputs.
public struct ExtractorShape: Equatable, Sendable {
    public var kind: ExtractorKind
    /// n1, bits of the first source.
    public var sourceBits: Int
    /// n2, bits of the second source or seed; 0 for von Neumann.
    public var secondBits: Int
    /// m, bits of the output.
    public var outputBits: Int
    /// What else the function depends on: for Raz log2 of the number of terms, for Trevisan the bits of a symbol; 0 for the
    /// others.
    public var parameter: Int

    /// Takes lengths as they are; ``Extractor/init(_:)`` checks them.
    public init(kind: ExtractorKind, sourceBits: Int, secondBits: Int, outputBits: Int, parameter: Int = 0) {
        self.kind = kind
        self.sourceBits = sourceBits
        self.secondBits = secondBits
        self.outputBits = outputBits
        self.parameter = parameter
    }
}
