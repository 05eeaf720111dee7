import Glibc

extension EntropyEstimate {
    /// The Markov estimate of bits, section 6.3.3: the likeliest 128 bits of a first-order chain; nil for less than 2 bits.
    static func markov(_ bits: [UInt8]) -> EntropyEstimate? {
        guard bits.count > 1 else { return nil }
        // steps[2a + b]: how often b has followed a.
        var steps = [Int](repeating: 0, count: 4)
        var last = Int(bits[0])
        for bit in bits.dropFirst() {
            steps[2 * last + Int(bit)] += 1
            last = Int(bit)
        }
        let ones = bits.reduce(0) { $0 + Int($1) }
        let p1 = Double(ones) / Double(bits.count)
        return markov(
            p1: p1, p00: share(steps[0], steps[1]), p01: share(steps[1], steps[0]), p10: share(steps[2], steps[3]),
            p11: share(steps[3], steps[2]))
    }

    /// 0 for a value that never had a follower: no likeliest sequence goes on from there.
    private static func share(_ part: Int, _ rest: Int) -> Double {
        part + rest > 0 ? Double(part) / Double(part + rest) : 0
    }

    /// From the share of ones and the probabilities p_ab that b follows a.
    static func markov(p1: Double, p00: Double, p01: Double, p10: Double, p11: Double) -> EntropyEstimate {
        let p0 = 1 - p1
        let likeliest =
            [
                log2(p0) + 127 * log2(p00),
                log2(p0) + 64 * log2(p01) + 63 * log2(p10),
                log2(p0) + log2(p01) + 126 * log2(p11),
                log2(p1) + log2(p10) + 126 * log2(p00),
                log2(p1) + 64 * log2(p10) + 63 * log2(p01),
                log2(p1) + 127 * log2(p11),
            ].max() ?? 0
        return EntropyEstimate(
            .markov, min(1, -likeliest / 128),
            [("P_1", p1), ("P_01", p01), ("P_11", p11), ("log2 p_max", likeliest)])
    }
}
