import BellModel
import BellRandomness
import Glibc

extension BellError.Code {
    /// An input of an extraction fails a health test.
    static let extractHealth = BellError.Code("extract.health", exit: .usage)
    /// An extraction's output or recipe would be written over a file.
    static let extractExists = BellError.Code("extract.exists", exit: .usage)
    /// A repeated extraction differs from its recipe.
    static let extractMismatch = BellError.Code("extract.mismatch", exit: .dataIntegrity)
    /// Ended by Ctrl-C or SIGTERM.
    static let extractInterrupted = BellError.Code("extract.interrupted", exit: .interrupted)
}

/// What the commands of `bellctl extract` read from their options.
enum ExtractOptions {
    /// The plan for sources of these lengths; entropies, error, security and bits are options.
    static func plan(_ invocation: Invocation, n1: Int, n2: Int) throws(BellError) -> ExtractionPlan {
        let k1 = try entropy("k1", invocation, of: n1)
        let second: SecondSource
        switch (invocation.text("k2"), invocation.text("bias")) {
        case (nil, .some):
            second = .santhaVazirani(bits: n2, bias: try invocation.number("bias", in: 0..<0.5))
        case (.some, nil): second = .block(bits: n2, entropy: try entropy("k2", invocation, of: n2))
        default:
            throw BellError(
                .toolArgument, "What is known about source two is not given in one way.", at: "--k2, --bias",
                fix: "give --k2 BITS, its min-entropy, or --bias MU, and not both")
        }
        let word = invocation.text("security") ?? ""
        guard let security = ExtractorSecurity(rawValue: word) else {
            throw BellError(.toolArgument, "\"\(word)\" is no security.", at: "--security")
        }
        return try ExtractionPlan(
            sourceBits: n1, sourceEntropy: k1, second: second, errorExponent: try errorExponent(invocation),
            security: security,
            bits: invocation.text("bits") == nil ? nil : Int(try invocation.count("bits", in: 1...(1 << 30))))
    }

    /// A length of 1 … 2^30 bits.
    static func length(_ name: String, _ invocation: Invocation) throws(BellError) -> Int {
        Int(try invocation.count(name, in: 1...(1 << 30)))
    }

    private static func entropy(_ name: String, _ invocation: Invocation, of bits: Int) throws(BellError) -> Double {
        let text = invocation.text(name) ?? ""
        guard let value = Double(text), value >= 0, value <= Double(bits) else {
            throw BellError(
                .toolArgument, "--\(name) takes a min-entropy in bits, found \"\(text)\".", at: "--\(name)",
                fix: "give 0 to \(bits), the length of the source")
        }
        return value
    }

    /// log2 of --epsilon: `2^-64`, or a decimal number, also one that is too small for a double.
    static func errorExponent(_ invocation: Invocation) throws(BellError) -> Double {
        let text = invocation.text("epsilon") ?? ""
        if let value = exponent(text), value.isFinite, value < -1 { return value }
        throw BellError(
            .toolArgument, "--epsilon takes an error above 0 and below 1/2, found \"\(text)\".", at: "--epsilon",
            fix: "give for example 1e-12 or 2^-64")
    }

    static func exponent(_ text: String) -> Double? {
        if text.hasPrefix("2^") { return Double(text.dropFirst(2)) }
        let parts = text.lowercased().split(separator: "e", maxSplits: 1)
        guard let first = parts.first, let mantissa = Double(first), mantissa > 0 else { return nil }
        guard parts.count == 2 else { return log2(mantissa) }
        return Int(parts[1]).map { log2(mantissa) + Double($0) * log2(10) }
    }
}
