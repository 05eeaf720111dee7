import BellModel
import BellRandomness
import Testing
import TestSupport

@Suite struct CarrylessProductTests {
    /// Around every threshold of every way (Karatsuba at 8 and 24 words, transforms at 48, 240 and 640), the blocks of basis
    /// conversion (128 words) and the powers of two where a transform of the product becomes larger.
    private static let lengths = [
        1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 23, 24, 25, 47, 48, 49, 63, 64, 65, 95, 127, 128, 129, 191, 239, 240, 241, 255,
        256, 257, 383, 384, 385, 511, 512, 513, 639, 640, 641, 767, 768, 769,
    ]

    @Test("products of equal lengths are the schoolbook's", arguments: lengths)
    func equalLengths(length: Int) throws {
        var random = SplitMix(seed: UInt64(length))
        let (a, b) = (random.words(length), random.words(length))
        let expected = schoolbook(a, b)
        for way in availableWays { #expect(try CarrylessProduct.multiply(a, b, by: way) == expected, "\(way)") }
    }

    @Test("products of any lengths are the schoolbook's, in either order", arguments: 1...60 as ClosedRange<UInt64>)
    func anyLengths(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let longest = seed % 3 == 0 ? 900 : 150
        let (m, n) = (Int.random(in: 0...longest, using: &random), Int.random(in: 0...longest, using: &random))
        let (a, b) = (random.words(m), random.words(n))
        let expected = schoolbook(a, b)
        for way in availableWays {
            #expect(try CarrylessProduct.multiply(a, b, by: way) == expected, "\(way), \(m) × \(n) words")
            #expect(try CarrylessProduct.multiply(b, a, by: way) == expected, "\(way), \(n) × \(m) words")
        }
    }

    @Test(
        "long by short is taken in pieces, and none is lost",
        arguments: [(1, 3000), (9, 2000), (50, 1500), (250, 2600), (650, 5300)])
    func unbalanced(lengths: (Int, Int)) throws {
        var random = SplitMix(seed: 5)
        let (a, b) = (random.words(lengths.0), random.words(lengths.1))
        let expected = schoolbook(a, b)
        for way in availableWays { #expect(try CarrylessProduct.multiply(a, b, by: way) == expected, "\(way)") }
    }

    @Test("all ones, zeros, and single bits at the ends", arguments: [1, 8, 24, 48, 240, 512, 640])
    func adversarial(length: Int) throws {
        var random = SplitMix(seed: 1)
        let ones = [UInt64](repeating: .max, count: length)
        let zeros = [UInt64](repeating: 0, count: length)
        var (lowest, highest) = (zeros, zeros)
        lowest[0] = 1
        highest[length - 1] = 1 << 63
        let others = [ones, zeros, lowest, highest, random.words(length)]
        for a in [ones, zeros, lowest, highest] {
            for b in others {
                let expected = schoolbook(a, b)
                for way in availableWays { #expect(try CarrylessProduct.multiply(a, b, by: way) == expected, "\(way)") }
            }
        }
        // (1 + x + … + x^(n-1))^2 has every even power.
        let square = try CarrylessProduct.multiply(ones, ones)
        #expect(square.allSatisfy { $0 == 0x5555_5555_5555_5555 })
    }

    @Test("x^a x^b = x^(a+b)", arguments: 1...40 as ClosedRange<UInt64>)
    func monomials(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let bits = 1 << Int.random(in: 7...18, using: &random)
        let (i, j) = (Int.random(in: 0..<bits, using: &random), Int.random(in: 0..<bits, using: &random))
        var (a, b) = ([UInt64](repeating: 0, count: bits / 64), [UInt64](repeating: 0, count: bits / 64))
        a[i / 64] = 1 << UInt64(i % 64)
        b[j / 64] = 1 << UInt64(j % 64)
        var expected = [UInt64](repeating: 0, count: bits / 32)
        expected[(i + j) / 64] = 1 << UInt64((i + j) % 64)
        for way in availableWays { #expect(try CarrylessProduct.multiply(a, b, by: way) == expected, "\(way)") }
    }

    @Test("a (b + c) = a b + a c, whatever the thresholds", arguments: [20, 100, 700, 2500])
    func distributive(length: Int) throws {
        var random = SplitMix(seed: 3)
        let (a, b, c) = (random.words(length), random.words(length), random.words(length))
        let sum = zip(b, c).map { $0 ^ $1 }
        for way in availableWays {
            let (ab, ac) = (
                try CarrylessProduct.multiply(a, b, by: way), try CarrylessProduct.multiply(a, c, by: way)
            )
            let expected = zip(ab, ac).map { $0 ^ $1 }
            #expect(try CarrylessProduct.multiply(a, sum, by: way) == expected, "\(way)")
        }
    }

    @Test(
        "long products have the right remainders modulo random polynomials",
        arguments: [
            // 2^20 bits; the same and a word; between powers of two; few words beyond one; long by short.
            (1 << 14, 1 << 14), (1 << 14, (1 << 14) + 1), (12_000, 9_001), (8192, 8193), (20_000, 20_000),
            (70_000, 600),
        ])
    func remainders(lengths: (Int, Int)) throws {
        var random = SplitMix(seed: 11)
        let (a, b) = (random.words(lengths.0), random.words(lengths.1))
        let products = try availableWays.map { way throws(BellError) in try CarrylessProduct.multiply(a, b, by: way) }
        for modulus in [Modulus(random.next()), Modulus(random.next())] {
            let expected = modulus.product(modulus.remainder(a), modulus.remainder(b))
            #expect(modulus.remainder(products[0]) == expected)
        }
        for (way, product) in zip(availableWays, products) { #expect(product == products[0], "\(way)") }
    }

    @Test("a way that the CPU lacks is refused with its name")
    func refused() throws {
        for way in CarrylessProduct.Way.allCases where !way.isAvailable {
            let error = #expect(throws: BellError.self) { try CarrylessProduct.multiply([1], [1], by: way) }
            #expect(error?.cause?.contains("\(way)") == true)
        }
        #expect(CarrylessProduct.Way.portable.isAvailable)
        #expect(CarrylessProduct.Way.fastest.isAvailable)
    }
}
