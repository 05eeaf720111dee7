import BellModel
import BellRandomness
import CKernels
import Testing
import TestSupport

@Suite struct CarrylessPartsTests {
    @Test("parts of a product are the whole's", arguments: 1...80 as ClosedRange<UInt64>)
    func ranges(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let lengths = [40, 300, 1200, 3000]
        let longest = lengths[Int(seed % 4)]
        let (m, n) = (Int.random(in: 1...longest, using: &random), Int.random(in: 1...longest, using: &random))
        let (a, b) = (random.words(m), random.words(n))
        let whole = try CarrylessProduct.multiply(a, b)
        // Short and long parts, some of them partly beyond the end.
        let start = Int.random(in: 0..<64 * (m + n), using: &random)
        let length = Int.random(in: 0...64 * (m + n), using: &random) >> Int.random(in: 0...10, using: &random)
        let expected = part(whole, start..<start + length)
        for way in availableWays {
            let found = try CarrylessProduct.multiply(a, b, bits: start..<start + length, by: way)
            #expect(found == expected, "\(way), \(m) × \(n) words, \(length) bits from \(start)")
        }
    }

    @Test(
        "few words of a long product, by pieces: the middle, both ends, and beyond",
        arguments: [1, 31, 32, 33, 200, 700])
    func fewWords(count: Int) throws {
        var random = SplitMix(seed: 9)
        let (a, b) = (random.words(9000), random.words(7000))
        let whole = try CarrylessProduct.multiply(a, b)
        for start in [0, 64 * 7000 - 1, 64 * 8500 + 17, 64 * 16_000 - 40 * count, 64 * 16_000 + 5] {
            let bits = start..<start + 64 * count - 3
            let expected = part(whole, bits)
            for way in availableWays {
                #expect(try CarrylessProduct.multiply(a, b, bits: bits, by: way) == expected, "\(way), \(start)")
            }
        }
    }

    @Test("a Toeplitz matrix times a vector, by definition")
    func toeplitz() throws {
        // z_i = sum of t_(i - j + n - 1) x_j: coefficients n - 1 … n + m - 2 of t x.
        var random = SplitMix(seed: 4)
        let (m, n) = (150, 1000)
        let (t, x) = (random.words((m + n) / 64 + 1), part(random.words(16), 0..<n))
        let z = try CarrylessProduct.multiply(t, x, bits: n - 1..<n + m - 1)
        for i in 0..<m {
            let terms = (0..<n).count { coefficient(t, i - $0 + n - 1) && coefficient(x, $0) }
            #expect(coefficient(z, i) == (terms % 2 == 1))
        }
    }

    @Test(
        "folding adds coefficients whose exponents are equal mod n",
        arguments: [1, 2, 3, 63, 64, 65, 127, 128, 1000, 4099])
    func folds(n: Int) {
        for length in [0, 1, 2, 5, 64, 129] {
            var random = SplitMix(seed: UInt64(n + length))
            let words = random.words(length)
            var expected = [UInt64](repeating: 0, count: (n + 63) / 64)
            for i in 0..<64 * length where coefficient(words, i) { expected[i % n / 64] ^= 1 << UInt64(i % n % 64) }
            #expect(CarrylessProduct.fold(words, modulo: n) == expected, "\(length) words")
        }
    }

    @Test("packed bits become coefficients in order, and come back", arguments: [0, 1, 7, 8, 9, 63, 64, 65, 130, 1001])
    func packing(bits: Int) {
        var random = SplitMix(seed: UInt64(bits))
        let bytes = (0..<(bits + 7) / 8 + 3).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let words = bytes.withUnsafeBytes { CarrylessProduct.words(packed: $0, bits: bits) }
        #expect(words.count == (bits + 63) / 64)
        for i in 0..<64 * words.count {
            #expect(coefficient(words, i) == (i < bits && bytes[i / 8] << UInt8(i % 8) & 0x80 != 0))
        }
        var expected = Array(bytes.prefix((bits + 7) / 8))
        if bits % 8 != 0 { expected[bits / 8] &= 0xff << UInt8(8 - bits % 8) }
        #expect(CarrylessProduct.packed(words, bits: bits) == expected)
    }

    @Test("the basis of the transforms: v_0 = 1 and v_(i+1)^2 + v_(i+1) = v_i")
    func basis() {
        #expect(bell_gf2_basis(0) == 1)
        for way in availableWays {
            for i in 0..<31 as Range<Int32> {
                let v = bell_gf2_basis(i + 1)
                #expect(bell_gf2_field_multiply(kernel(way), v, v) ^ v == bell_gf2_basis(i))
            }
        }
    }

    @Test("GF(2^64): products are those of polynomials mod x^64 + x^4 + x^3 + x + 1")
    func field() throws {
        var random = SplitMix(seed: 8)
        let samples = [0, 1, 1 << 63, .max, 0xf << 60] + random.words(20)
        for a in samples {
            for b in samples {
                var wide = schoolbook([a], [b])
                for i in (64..<127).reversed() where coefficient(wide, i) {
                    // x^i + x^(i-64) (x^64 + x^4 + x^3 + x + 1)
                    for term in [i, i - 60, i - 61, i - 63, i - 64] { wide[term / 64] ^= 1 << UInt64(term % 64) }
                }
                for way in availableWays { #expect(bell_gf2_field_multiply(kernel(way), a, b) == wide[0], "\(way)") }
            }
        }
    }

    private func kernel(_ way: CarrylessProduct.Way) -> bell_gf2_way {
        switch way {
        case .portable: BELL_GF2_PORTABLE
        case .carryless: BELL_GF2_CLMUL
        case .wide: BELL_GF2_VCLMUL
        }
    }
}
