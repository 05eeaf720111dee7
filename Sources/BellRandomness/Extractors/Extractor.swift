public import BellModel

/// An extractor that is ready to be used: its lengths are those that the definition asks for.
///
/// All of them are functions of their inputs: equal inputs give equal outputs on every machine and in every version.
public struct Extractor: Sendable {
    public let shape: ExtractorShape
    /// The exponents of the polynomial that Raz's and Trevisan's fields are built with.
    private let exponents: [Int]

    /// Checks lengths; nothing is said about entropy here.
    ///
    /// - Throws: `extractor.parameters` for lengths that the extractor does not have.
    public init(_ shape: ExtractorShape) throws(BellError) {
        self.shape = shape
        exponents = try Extractor.check(shape)
    }

    /// Computes the output.
    ///
    /// Inputs are held in memory, and a product takes about 64 bytes for each word of its result besides; Toeplitz, and
    /// circulant and DEOR with short outputs, take the source in blocks of 512 KiB.
    ///
    /// - Parameter progress: Told the part that is done, 0 … 1, now and then; what it throws ends the extraction.
    /// - Throws: `bits.length` when an input is not as long as the shape says; `product.refused` when memory is short; what
    ///   `progress` throws.
    public func extract(
        _ source: Bits, _ second: Bits, progress: (Double) throws(BellError) -> Void = { (_) throws(BellError) in }
    ) throws(BellError) -> Bits {
        try Extractor.compare(source.count, shape.sourceBits, "source one")
        try Extractor.compare(second.count, shape.secondBits, "source two")
        let m = shape.outputBits
        guard shape.kind == .vonNeumann || m > 0 else { return Bits(zeros: 0) }
        switch shape.kind {
        case .toeplitz: return try ToeplitzExtractor.extract(source, seed: second, outputBits: m, progress: progress)
        case .circulant:
            return try CirculantExtractor.extract(source, second: second, outputBits: m, progress: progress)
        case .deor: return try DEORExtractor.extract(source, second: second, outputBits: m, progress: progress)
        case .raz:
            return try RazExtractor.extract(
                source, second: second, outputBits: m, logTerms: shape.parameter, middle: exponents.first ?? 0,
                progress: progress)
        case .trevisan:
            return try TrevisanExtractor.extract(
                source, seed: second, outputBits: m, symbolBits: shape.parameter, exponents: exponents,
                progress: progress)
        case .vonNeumann: return VonNeumannExtractor.extract(source)
        }
    }

    private static func compare(_ count: Int, _ expected: Int, _ place: String) throws(BellError) {
        guard count != expected else { return }
        throw BellError(
            .bitsLength, "The extractor takes \(expected) bits, and \(count) are there.", at: place,
            fix: "give exactly \(expected) bits")
    }

    /// The exponents of the field's polynomial, empty where there is none.
    private static func check(_ shape: ExtractorShape) throws(BellError) -> [Int] {
        let (n1, n2, m) = (shape.sourceBits, shape.secondBits, shape.outputBits)
        func refuse(_ what: String, _ fix: String) -> BellError {
            BellError(.extractorParameters, what, at: "\(shape.kind.rawValue) extractor", fix: fix)
        }
        guard n1 >= 1, n1 <= Bits.longest, n2 >= 0, n2 <= Bits.longest, m >= 0, m <= n1 else {
            throw refuse(
                "n1 = \(n1), n2 = \(n2), m = \(m) are no lengths of an extractor.",
                "n1 is 1 to 2^30, n2 up to 2^30, and m at most n1")
        }
        switch shape.kind {
        case .toeplitz:
            guard n2 == n1 + m - 1 else {
                throw refuse(
                    "A Toeplitz matrix of \(m) × \(n1) bits takes \(n1 + m - 1) bits of seed, not \(n2).",
                    "give n2 = n1 + m - 1")
            }
        case .circulant:
            guard n2 == n1 + 1, Primes.isPrime(n2) else {
                throw refuse(
                    "n1 = \(n1) and n2 = \(n2) are not those of a circulant extractor.", "n2 = n1 + 1 is a prime")
            }
        case .deor:
            guard n2 == n1, Primes.hasPrimitiveRootTwo(n1) else {
                throw refuse(
                    "n1 = \(n1) and n2 = \(n2) are not those of a DEOR extractor.",
                    "n1 = n2 is a prime with primitive root 2, for example 1019 or 1048589")
            }
        case .raz:
            guard n1 % 2 == 0, let middle = Irreducible.trinomial(degree: n1 / 2) else {
                throw refuse(
                    "No trinomial is known for Raz's extractor of n1 = \(n1) bits.",
                    "take twice one of \(Irreducible.trinomials.keys.sorted().map(String.init).joined(separator: ", "))"
                )
            }
            guard n2 <= n1 / 2, m <= n1 / 2, shape.parameter >= 1, shape.parameter <= min(62, n1 / 2) else {
                throw refuse(
                    "Raz's extractor of n1 = \(n1) bits does not have n2 = \(n2), m = \(m), 2^\(shape.parameter) terms.",
                    "n2 and m are at most n1/2, and log2 of the terms 1 to 62 and at most n1/2")
            }
            return [middle, 0]
        case .trevisan:
            guard shape.parameter >= 2, let exponents = Irreducible.lowest(degree: shape.parameter) else {
                throw refuse(
                    "Symbols of \(shape.parameter) bits are not provided for.",
                    "symbols have 2 to \(Irreducible.searched) bits")
            }
            let needed = TrevisanExtractor.design(symbolBits: shape.parameter, outputBits: max(1, m)).seedBits
            guard n2 == needed else {
                throw refuse(
                    "Trevisan's extractor takes \(needed) bits of seed here, not \(n2).", "give n2 = \(needed)")
            }
            return exponents
        case .vonNeumann:
            guard n2 == 0 else { throw refuse("Von Neumann's procedure has no second source.", "give n2 = 0") }
        }
        return []
    }
}
