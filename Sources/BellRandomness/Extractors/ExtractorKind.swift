/// An extractor, by the name that plans, recipes and the command line use.
public enum ExtractorKind: String, CaseIterable, Sendable {
    case toeplitz, circulant, deor, raz, trevisan
    /// Not an extractor in the sense of the others: it needs independent bits of one and the same bias, and nothing
    /// certifies that.
    case vonNeumann = "von-neumann"

    /// The kinds that have a bound on their error.
    public static let proven = allCases.filter { $0 != .vonNeumann }
}

/// Against which side information the error of an extraction holds.
public enum ExtractorSecurity: String, CaseIterable, Sendable {
    /// The adversary holds classical data, and given them the sources are independent.
    case classical
    /// The adversary holds quantum systems, one about each source, and the sources with them are in a product state.
    case quantumProduct = "quantum-product"
    /// The adversary holds one quantum system, and given it the sources are independent: I(X₁ : X₂ | E) = 0.
    /// - SeeAlso: Arnon-Friedman, Portmann, Scholz, arXiv:1510.06743.
    case quantumMarkov = "quantum-markov"
}
