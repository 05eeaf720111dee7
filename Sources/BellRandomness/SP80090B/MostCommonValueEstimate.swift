import Glibc

extension EntropyEstimate {
    /// The most common value estimate, section 6.3.1; nil for no samples.
    static func mostCommonValue(_ symbols: [UInt8]) -> EntropyEstimate? {
        guard !symbols.isEmpty else { return nil }
        var counts = [Int](repeating: 0, count: 256)
        for x in symbols { counts[Int(x)] += 1 }
        let most = counts.max() ?? 0
        let p = Double(most) / Double(symbols.count)
        let bound = upperBound(p, symbols.count)
        return EntropyEstimate(.mostCommonValue, -log2(bound), [("count", Double(most)), ("p", p), ("p_u", bound)])
    }
}
