/// Von Neumann's procedure: of each pair of bits, 01 gives 0, 10 gives 1, and equal bits give nothing.
///
/// Its output is uniform only when the bits are independent and all have the same bias, which nobody certifies; it is here
/// for comparison. How many bits come out depends on the input: about n p (1 − p).
///
/// - SeeAlso: von Neumann, NBS Applied Mathematics Series 12, 36 (1951).
public enum VonNeumannExtractor {
    /// At most half as many bits; a last bit without a partner is dropped.
    public static func extract(_ source: Bits) -> Bits {
        var words: [UInt64] = []
        words.reserveCapacity(source.words.count / 4 + 1)
        var (word, filled, total): (UInt64, UInt64, Int) = (0, 0, 0)
        for (index, bits) in source.words.enumerated() {
            var unequal = (bits ^ bits >> 1) & 0x5555_5555_5555_5555
            let pairs = min(32, source.count / 2 - index * 32)
            if pairs < 32 { unequal &= (1 << UInt64(2 * max(0, pairs))) - 1 }
            while unequal != 0 {
                let place = UInt64(unequal.trailingZeroBitCount)
                word |= (bits >> place & 1) << filled
                filled += 1
                total += 1
                if filled == 64 {
                    words.append(word)
                    (word, filled) = (0, 0)
                }
                unequal &= unequal - 1
            }
        }
        if filled > 0 { words.append(word) }
        return Bits(words: words, count: total)
    }
}
