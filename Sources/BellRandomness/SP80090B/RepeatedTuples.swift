import CKernels
import Glibc

/// How often tuples of symbols are repeated, by their length.
struct RepeatedTuples: Equatable {
    /// Symbols in the sequence.
    let symbols: Int
    /// Length of the longest tuple that occurs twice; 0 when no symbol does.
    let longest: Int
    /// [t]: how often the most frequent tuple of t symbols occurs, 1 ≤ t ≤ longest.
    let most: [UInt32]
    /// [t]: in how many ways two equal tuples of t symbols can be chosen.
    let pairs: [UInt64]

    /// O(n) time; about 16 bytes a symbol. nil for less than 2 symbols, and without memory.
    init?(_ symbols: [UInt8], bits: Int) {
        var repeats = bell_repeats()
        guard bell_repeats_open(&repeats, symbols, symbols.count, UInt32(bits)) == 1 else { return nil }
        defer { bell_repeats_close(&repeats) }
        self.symbols = symbols.count
        longest = repeats.longest
        most = Array(UnsafeBufferPointer(start: repeats.most, count: longest + 1))
        pairs = Array(UnsafeBufferPointer(start: repeats.pairs, count: longest + 1))
    }

    /// The first length whose tuples all occur less than `often` times.
    private func firstRare(_ often: Int) -> Int {
        var u = 1
        while u <= longest, most[u] >= often { u += 1 }
        return u
    }

    /// The t-tuple estimate, section 6.3.5; nil when no symbol occurs 35 times.
    func tTuple(often: Int = 35) -> EntropyEstimate? {
        let t = firstRare(often) - 1
        guard t >= 1 else { return nil }
        var p = 0.0
        for i in 1...t {
            let share = Double(most[i]) / Double(symbols - i + 1)
            p = max(p, pow(share, 1 / Double(i)))
        }
        let bound = EntropyEstimate.upperBound(p, symbols)
        return EntropyEstimate(.tTuple, -log2(bound), [("t", Double(t)), ("p", p), ("p_u", bound)])
    }

    /// The longest repeated substring estimate, section 6.3.6; nil when nothing longer than the t-tuples is repeated.
    func longestRepeat(often: Int = 35) -> EntropyEstimate? {
        let u = firstRare(often)
        guard longest >= u else { return nil }
        var p = 0.0
        for i in u...longest {
            let places = Double(symbols - i + 1)
            let share = Double(pairs[i]) / (places * (places - 1) / 2)
            p = max(p, pow(share, 1 / Double(i)))
        }
        let bound = EntropyEstimate.upperBound(p, symbols)
        return EntropyEstimate(
            .longestRepeat, -log2(bound), [("u", Double(u)), ("v", Double(longest)), ("p", p), ("p_u", bound)])
    }
}
