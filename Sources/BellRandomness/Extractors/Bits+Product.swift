import BellModel

/// Bit strings as polynomials over GF(2): bit i is the coefficient of x^i.
extension Bits {
    /// The product; `count + other.count` bits, of which the last is zero.
    func product(with other: Bits) throws(BellError) -> Bits {
        Bits(words: try CarrylessProduct.multiply(words, other.words), count: count + other.count)
    }

    /// Coefficients `start ..< start + length` of the product; zeros beyond it.
    ///
    /// - Throws: `product.refused` when memory is short.
    func product(with other: Bits, from start: Int, length: Int) throws(BellError) -> Bits {
        let window = start..<start + length
        return Bits(words: try CarrylessProduct.multiply(words, other.words, bits: window), count: length)
    }
}
