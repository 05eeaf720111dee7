import BellModel

/// Raz's extractor in its efficient form: a second source of little entropy, even half as long as a half of the first.
///
/// In GF(2^(n1/2)): β is the first half of source one, ν its second half, α source two with zeros behind it, and the output
/// is the first m bits of ν · Σ_{i < 2^l} (α β)^i. In characteristic 2 the sum is Π_{j < l} (1 + (α β)^(2^j)), l squarings
/// and l products. The family {ν · S(α β)}_α is 2^(l+1−n1/2)-biased for linear tests of up to 2^l bits: such a test is, over
/// uniform ν, zero only at a root in β of a polynomial of degree below 2^l, which is not zero because Vandermonde's matrix is
/// regular.
///
/// Memory: some six elements of the field besides the kernel's.
///
/// - SeeAlso: Raz, STOC 2005, section 3; Foreman, Wooltorton, Milner, Curchod, arXiv:2506.15547 (this generator, by Meka and
///   others, in place of Raz's).
enum RazExtractor {
    static func extract(
        _ source: Bits, second: Bits, outputBits: Int, logTerms: Int, middle: Int,
        progress: (Double) throws(BellError) -> Void
    ) throws(BellError) -> Bits {
        let half = source.count / 2
        let field = BinaryField(bits: half, exponents: [middle, 0])
        let beta = source.slice(from: 0, length: half)
        var output = source.slice(from: half, length: half)
        var power = try field.multiply(beta, second.slice(from: 0, length: half))
        for step in 0..<logTerms {
            var factor = power
            factor[0].toggle()
            output = try field.multiply(output, factor)
            if step + 1 < logTerms { power = field.square(power) }
            try progress(Double(step + 1) / Double(logTerms))
        }
        return output.slice(from: 0, length: outputBits)
    }
}
