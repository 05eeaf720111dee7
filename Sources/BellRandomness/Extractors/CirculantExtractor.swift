import BellModel

/// The circulant extractor: the first source times a matrix whose rows are the second source, each turned by one more.
///
/// z_i = ⊕_j x_j y_{(i+j) mod n2} for 0 ≤ i < m, 0 ≤ j < n1, n2 = n1 + 1 prime (for its length to be what ``OutputLength`` says, one with
/// primitive root 2). With x turned around it is a product of
/// polynomials modulo x^n2 − 1 and a window of it. A long output takes the whole product and folds it; a short one takes y as
/// the diagonals of a Toeplitz matrix and costs what it needs.
///
/// - SeeAlso: Foreman et al., arXiv:2402.09481, section on the circulant extractor.
enum CirculantExtractor {
    static func extract(
        _ source: Bits, second: Bits, outputBits: Int, block: Int = ToeplitzExtractor.block,
        progress: (Double) throws(BellError) -> Void
    ) throws(BellError) -> Bits {
        try correlate(source, second, outputBits, block, progress)
    }

    /// The sum above for any n1 ≤ n2; the extractor of Dodis and others has n1 = n2.
    static func correlate(
        _ source: Bits, _ second: Bits, _ length: Int, _ block: Int, _ progress: (Double) throws(BellError) -> Void
    ) throws(BellError) -> Bits {
        let turned = source.reversed()
        // One product of n by n bits costs about four windows of n by n + m bits in blocks, in time; short ones are cheap.
        if length > source.count / 4 || source.count <= block {
            let product = try turned.product(with: second)
            var output = product.slice(from: source.count - 1, length: length)
            // From z_wrap on, i + j comes past the end of y, and those terms stand at the beginning of the product.
            let wrap = second.count - source.count + 1
            if length > wrap { output.add(product.slice(from: 0, length: length - wrap), at: wrap) }
            return output
        }
        let needed = source.count + length - 1
        let diagonals = second.joined(with: second.slice(from: 0, length: max(0, needed - second.count)))
        return try ToeplitzExtractor.window(
            of: turned, diagonals.slice(from: 0, length: needed), length: length, block: block, progress: progress)
    }
}
