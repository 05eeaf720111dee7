import BellModel
import Glibc

/// Draws of a parametric bootstrap, the same for the same data: a routine's report must be repeatable.
///
/// - SeeAlso: Steele, Lea and Flood, OOPSLA 2014 (SplitMix64).
struct Resampler: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A seed that the counts give.
    init(_ counts: [Int]) {
        state = counts.reduce(0x9e37_79b9_7f4a_7c15) { ($0 &* 0x100_0000_01b3) ^ UInt64(bitPattern: Int64($1)) }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    mutating func normal() -> Double {
        (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit())
    }

    /// Counts of `count` draws with the given probabilities, which need not sum to 1 exactly.
    mutating func counts(_ count: Int, _ probabilities: [Double]) -> [Int] {
        var result = [Int](repeating: 0, count: probabilities.count)
        let sums = probabilities.reduce(into: [Double]()) { $0.append(($0.last ?? 0) + max($1, 0)) }
        guard let whole = sums.last, whole > 0 else { return result }
        for _ in 0..<count {
            let draw = unit() * whole
            result[min(sums.firstIndex { draw < $0 } ?? result.count - 1, result.count - 1)] += 1
        }
        return result
    }
}
