import Glibc

/// Section 2.9: the block length L and the number Q of initial blocks, by the stream's length.
struct UniversalParameters: Equatable, Sendable {
    let width: Int
    let first: Int
    /// Of log₂ of a distance, for true random bits.
    private let expected: Double
    private let variance: Double

    /// Least length, expected value and variance for L = 7 … 12 (section 2.9.4; Maurer, J. Cryptology 5, 89 (1992)).
    private static let table: [(least: Int, expected: Double, variance: Double)] = [
        (904_960, 6.1962507, 3.125), (2_068_480, 7.1836656, 3.238), (4_654_080, 8.1764248, 3.311),
        (10_342_400, 9.1723243, 3.356), (22_753_280, 10.170032, 3.384), (49_643_520, 11.168765, 3.401),
    ]

    init(streamBits: Int) {
        let row = max(1, UniversalParameters.table.count { $0.least <= streamBits }) - 1
        width = 7 + row
        first = 10 << width
        (expected, variance) = (UniversalParameters.table[row].expected, UniversalParameters.table[row].variance)
    }

    /// - Parameter sum: Σ log₂ of the distances of all blocks after the first ``first``.
    func pValue(sum: Double, streamBits: Int) -> Double {
        let (l, k) = (Double(width), Double(streamBits / width - first))
        let c = 0.7 - 0.8 / l + (4 + 32 / l) * pow(k, -3 / l) / 15
        return erfc(abs(sum / k - expected) / (2.0.squareRoot() * c * (variance / k).squareRoot()))
    }
}
