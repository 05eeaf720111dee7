import BellModel

/// The Toeplitz extractor: the first source times a matrix with constant diagonals, which the second source fills.
///
/// z_i = ⊕_j T(i − j) x_j for 0 ≤ i < m, 0 ≤ j < n1, with T(d) = s_d for d ≥ 0 and T(d) = s_{n1+m−1+d} for d < 0: the first m
/// bits of s are the first column, the others the first row from its end. With t = s rotated by m that is the window of the
/// product x t that begins at n1 − 1. The source is taken in blocks, so that besides inputs and output memory is that of one
/// product of a block with the block + m − 1 bits of t that it meets: a short output costs what it needs.
///
/// - SeeAlso: Krawczyk, CRYPTO '94 (the family); Foreman et al., arXiv:2402.09481 (this order of the seed).
enum ToeplitzExtractor {
    /// Bits of the source in a block where the output is shorter: 512 KiB.
    static let block = 1 << 22

    static func seedBits(sourceBits: Int, outputBits: Int) -> Int { sourceBits + outputBits - 1 }

    static func extract(
        _ source: Bits, seed: Bits, outputBits: Int, block: Int = block,
        progress: (Double) throws(BellError) -> Void
    ) throws(BellError) -> Bits {
        let diagonals = seed.slice(from: outputBits, length: seed.count - outputBits)
            .joined(with: seed.slice(from: 0, length: outputBits))
        return try window(of: source, diagonals, length: outputBits, block: block, progress: progress)
    }

    /// z_i = ⊕_j x_j t_{n1 − 1 + i − j}, 0 ≤ i < length, for n1 bits x and n1 + length − 1 bits t, block by block.
    static func window(
        of source: Bits, _ diagonals: Bits, length: Int, block: Int,
        progress: (Double) throws(BellError) -> Void
    ) throws(BellError) -> Bits {
        var output = Bits(zeros: length)
        let step = max(block, length)
        for start in stride(from: 0, to: source.count, by: step) {
            let size = min(step, source.count - start)
            if size == source.count {
                return try source.product(with: diagonals, from: source.count - 1, length: length)
            }
            // x_j of this block meets t from n1 − 1 − (start + size − 1) on.
            let part = source.slice(from: start, length: size)
            let met = diagonals.slice(from: source.count - start - size, length: size + length - 1)
            output.add(try part.product(with: met, from: size - 1, length: length))
            try progress(Double(start + size) / Double(source.count))
        }
        return output
    }
}
