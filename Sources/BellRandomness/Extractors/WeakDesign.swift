import Glibc

/// The block weak design of Trevisan's extractor: which t places of the seed each output bit reads.
///
/// Its base is the design of Nisan and Wigderson: for a polynomial p over GF(t) the places a t + p(a), a in GF(t), so that two
/// polynomials of degree d meet in d places at most. Blocks of t² places follow each other, each with polynomials counted
/// from 0 on and with fewer outputs than the one before, so that the overlaps Σ_{j<i} 2^|S_i ∩ S_j| stay below m in all (r = 1).
///
/// - SeeAlso: Mauerer, Portmann, Scholz, arXiv:1212.0520, sections on the basic and the block weak design; Ma, Zhang, Tan,
///   arXiv:1109.6147.
struct WeakDesign: Equatable, Sendable {
    /// t, a power of two: places of a set, elements of the field.
    let field: Int
    /// Outputs of each block; their sum is m.
    let outputs: [Int]

    /// - Parameters:
    ///   - reads: Places that an output needs; t is the next power of two.
    ///   - outputBits: m ≥ 1.
    init(reads: Int, outputBits: Int) {
        var field = 4
        while field < reads { field *= 2 }
        self.field = field
        let r = 2 * M_E
        let (m, t) = (Double(outputBits), Double(field))
        // ⌈(log(m − 2e) − log(t − 2e)) / (log 2e − log(2e − 1))⌉ blocks before the last, one at least.
        var blocks = 1
        if m > r, t > r { blocks = max(1, Int(((log(m - r) - log(t - r)) / (log(r) - log(r - 1))).rounded(.up))) }
        var (outputs, total, sum, share) = ([Int](), 0, 0.0, m / r - 1)
        for _ in 0..<blocks {
            sum += share
            share *= 1 - 1 / r
            let count = max(0, Int(sum.rounded(.up)) - total)
            outputs.append(count)
            total += count
        }
        self.outputs = outputs + [outputBits - total]
    }

    /// Bits of the seed.
    var seedBits: Int { outputs.count * field * field }

    /// log2 t.
    private var degree: Int { field.trailingZeroBitCount }

    /// The first `count` places of output `index` of a block, from the block's beginning.
    func places(_ index: Int, count: Int) -> [Int] {
        // The digits of the index to the base t are the polynomial's coefficients, the constant first.
        var (coefficients, rest) = ([Int](), index)
        while rest > 0 {
            coefficients.append(rest % field)
            rest /= field
        }
        return (0..<count).map { a in
            var value = 0
            for coefficient in coefficients.reversed() {
                value = SmallField.multiply(value, a, degree: degree) ^ coefficient
            }
            return a * field + value
        }
    }
}
