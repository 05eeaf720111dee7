import BellRandomness
import TestSupport

/// The ways of this CPU; at least the portable one.
let availableWays = CarrylessProduct.Way.allCases.filter(\.isAvailable)

extension SplitMix {
    mutating func words(_ count: Int) -> [UInt64] { (0..<count).map { _ in next() } }
}

/// Whether x^i is in the polynomial; 0 beyond its end.
func coefficient(_ words: [UInt64], _ i: Int) -> Bool {
    i < 64 * words.count && words[i / 64] >> UInt64(i % 64) & 1 == 1
}

/// The product by definition: b x^i for each term x^i of a.
func schoolbook(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
    var product = [UInt64](repeating: 0, count: a.count + b.count)
    for i in 0..<64 * a.count where coefficient(a, i) {
        let shift = UInt64(i % 64)
        for (j, word) in b.enumerated() {
            product[i / 64 + j] ^= word << shift
            // A shift by 64 gives 0 in Swift.
            product[i / 64 + j + 1] ^= word >> (64 - shift)
        }
    }
    return product
}

/// Some of its coefficients, from bit 0 on.
func part(_ words: [UInt64], _ bits: Range<Int>) -> [UInt64] {
    var out = [UInt64](repeating: 0, count: (bits.count + 63) / 64)
    for i in 0..<bits.count where coefficient(words, bits.lowerBound + i) { out[i / 64] |= 1 << UInt64(i % 64) }
    return out
}

/// Polynomials modulo x^63 + low: a product's remainder is that of the remainders' product, which a wrong product of any
/// length has with a chance of about 2^-58 only when low is random.
struct Modulus {
    var low: UInt64

    init(_ random: UInt64) { low = random & (1 << 62 - 1) | 1 }

    /// r x.
    private func shifted(_ r: UInt64) -> UInt64 { r >> 62 == 1 ? (r << 1 ^ low) & (1 << 63 - 1) : r << 1 }

    /// Horner's rule, from the highest coefficient on.
    func remainder(_ words: [UInt64]) -> UInt64 {
        var r: UInt64 = 0
        for word in words.reversed() {
            for i in (0..<64).reversed() { r = shifted(r) ^ (word >> UInt64(i) & 1) }
        }
        return r
    }

    func product(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var r: UInt64 = 0
        for i in (0..<63).reversed() { r = shifted(r) ^ (b >> UInt64(i) & 1 == 1 ? a : 0) }
        return r
    }
}
