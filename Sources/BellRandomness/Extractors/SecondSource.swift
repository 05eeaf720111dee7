public import BellModel

/// What is known about the second source, before it is known how much of it is used.
public enum SecondSource: Equatable, Sendable {
    /// So many bits with so much min-entropy in all; of a part of it only what the rest cannot hold is certain.
    case block(bits: Int, entropy: Double)
    /// A Santha–Vazirani source of bias μ: each bit has either value with ½ + μ at most. `bits` are there.
    case santhaVazirani(bits: Int, bias: Double)

    /// Bits that are there.
    public var bits: Int {
        switch self {
        case .block(let bits, _), .santhaVazirani(let bits, _): bits
        }
    }

    /// Min-entropy of the first `count` bits.
    public func entropy(ofFirst count: Int) -> Double {
        switch self {
        case .block(let bits, let entropy): max(0, min(Double(count), entropy - Double(bits - count)))
        case .santhaVazirani(_, let bias): ExtractorDemand.santhaVazirani(bits: count, bias: bias)
        }
    }

    /// Refuses a bias that no source has.
    public func check() throws(BellError) {
        guard case .santhaVazirani(_, let bias) = self, !(bias >= 0 && bias < 0.5) else { return }
        throw BellError(
            .extractorParameters, "A source cannot have a bias of \(bias).", at: "source two",
            fix: "give 0 to less than 0.5; 0 is a uniform source")
    }
}
