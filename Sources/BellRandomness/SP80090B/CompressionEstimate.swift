import Glibc

/// The compression estimate of bits, section 6.3.4: Maurer's statistic on blocks of 6 bits, taken back to a probability.
struct CompressionEstimate {
    static let blockBits = 6

    /// Blocks that only fill the dictionary; 1000 in the standard.
    var dictionary = 1000

    /// nil when there are not at least two blocks after the dictionary's.
    func estimate(_ bits: [UInt8]) -> EntropyEstimate? {
        let blocks = bits.count / CompressionEstimate.blockBits
        guard blocks > dictionary + 1 else { return nil }
        var last = [Int](repeating: 0, count: 1 << CompressionEstimate.blockBits)
        var sum = 0.0
        var squares = 0.0
        for i in 1...blocks {
            var block = 0
            for bit in bits[(i - 1) * CompressionEstimate.blockBits..<i * CompressionEstimate.blockBits] {
                block = block << 1 | Int(bit)
            }
            if i > dictionary {
                // The distance to the last equal block, or to the beginning.
                let distance = log2(Double(i - last[block]))
                sum += distance
                squares += distance * distance
            }
            last[block] = i
        }
        let count = Double(blocks - dictionary)
        let mean = sum / count
        // 0.5907 corrects for the distances' dependence on each other.
        let deviation = 0.5907 * max(0, squares / (count - 1) - mean * mean).squareRoot()
        let bound = mean - EntropyEstimate.z * deviation / count.squareRoot()
        let p = probability(bound, blocks: blocks)
        return EntropyEstimate(
            .compression, -log2(p) / Double(CompressionEstimate.blockBits),
            [("mean", mean), ("sigma", deviation), ("bound", bound), ("p", p)])
    }

    /// The probability of the likeliest block, the others being equally likely, that lets one expect this mean; 1/64
    /// where even equally likely blocks let one expect less.
    func probability(_ mean: Double, blocks: Int) -> Double {
        let logarithms = (0...blocks).map { $0 > 0 ? log2(Double($0)) : 0 }
        let others = Double(1 << CompressionEstimate.blockBits) - 1
        func expected(_ p: Double) -> Double {
            share(p, blocks, logarithms) + others * share((1 - p) / others, blocks, logarithms)
        }
        var low = 1 / (others + 1)
        var high = 1.0
        guard expected(low) > mean else { return low }
        // Expected distances fall as p grows; 60 halvings leave nothing to search in.
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if middle <= low || middle >= high { break }
            if expected(middle) > mean { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// G(z) of the standard, its double sum in one pass: what a block of probability z adds to the expected mean.
    private func share(_ z: Double, _ blocks: Int, _ logarithms: [Double]) -> Double {
        if z <= 0 { return 0 }
        // below = Σ_{u < t} log₂(u) (1 − z)^{u−1}
        var (below, power, inner, outer) = (0.0, 1.0, 0.0, 0.0)
        for t in 1...blocks {
            // What is left has no weight; 10^-40 of even 2^26 blocks is nothing beside the sums.
            if power < 1e-40 {
                inner += below * Double(blocks - max(t - 1, dictionary))
                break
            }
            let term = logarithms[t] * power
            if t > dictionary {
                inner += below
                outer += term
            }
            below += term
            power *= 1 - z
        }
        return z * (z * inner + outer) / Double(blocks - dictionary)
    }
}
