import BellModel

/// The extractor of Dodis, Elbaz, Oliveira and Raz with cyclic shifts: two sources of one length.
///
/// z_i = ⊕_j x_j y_{(i+j) mod n} for 0 ≤ i < m: output bit i is the inner product of x with y turned by i. n is a prime with
/// primitive root 2, so that every non-empty sum of the shift matrices has rank n − 1 at least.
///
/// - SeeAlso: Dodis, Elbaz, Oliveira, Raz, RANDOM 2004, LNCS 3122, 334.
enum DEORExtractor {
    static func extract(
        _ source: Bits, second: Bits, outputBits: Int, block: Int = ToeplitzExtractor.block,
        progress: (Double) throws(BellError) -> Void
    ) throws(BellError) -> Bits {
        try CirculantExtractor.correlate(source, second, outputBits, block, progress)
    }
}
