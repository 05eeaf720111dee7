import BellStatistics
import Glibc

/// Sections 2.11 and 2.12: the patterns of m bits at every place of the cyclic stream.
struct PatternTests {
    /// Counts of the patterns of 16, 15, …, 10 bits.
    private var counts: [Int: [UInt32]] = [:]
    private let bits: Double

    /// - Parameter circle: 65536 counts of the 16-bit patterns; those of fewer bits are sums of neighbours.
    init(circle: [UInt32], streamBits: Int) {
        bits = Double(streamBits)
        counts[16] = circle
        for width in (10...15).reversed() {
            let longer = counts[width + 1] ?? []
            counts[width] = (0..<1 << width).map { longer[2 * $0] + longer[2 * $0 + 1] }
        }
    }

    /// Section 2.11 with m = 16: ∇ψ² and ∇²ψ², whose numerators are whole numbers.
    var serial: [Double] {
        func squares(_ width: Int) -> Int { (counts[width] ?? []).reduce(0) { $0 + Int($1) * Int($1) } }
        let (whole, one, two) = (squares(16), squares(15), squares(14))
        let quarter = Double(1 << 14) / bits
        let first = Double(4 * whole - 2 * one) * quarter
        let second = Double(4 * whole - 4 * one + two) * quarter
        return [
            IncompleteGamma(a: Double(1 << 14), x: first / 2).upper,
            IncompleteGamma(a: Double(1 << 13), x: second / 2).upper,
        ]
    }

    /// Section 2.12 with m = 10: χ² = 2n [ln 2 − ApEn(m)].
    ///
    /// n (ln 2 − ApEn) is the difference of Σ c ln(c/μ) for m + 1 and m bits, with μ the mean count; as Σ (μ − c) = 0 each
    /// term may be c ln(c/μ) + μ − c, and nothing large cancels.
    var approximateEntropy: Double {
        func deviances(_ width: Int) -> Double {
            let mean = bits / Double(1 << width)
            return (counts[width] ?? []).reduce(0) { $0 + ($1 == 0 ? mean : deviance(Double($1), mean: mean)) }
        }
        return IncompleteGamma(a: Double(1 << 9), x: deviances(11) - deviances(10)).upper
    }
}
