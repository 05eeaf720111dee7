import BellModel
import Glibc
import TestSupport
import Testing

@testable import BellRandomness

extension Bits {
    /// The lowest `count` bits of a number, bit i of the string being bit i of it.
    init(_ number: Int, count: Int) { self.init(words: [UInt64(number)], count: count) }

    var number: Int { Int(words.first ?? 0) }

    static func random(_ count: Int, _ dice: inout SplitMix) -> Bits {
        Bits(words: (0..<(count + 63) / 64).map { _ in dice.next() }, count: count)
    }
}

@Suite struct ExtractorPropertyTests {
    private static let linear = [
        ExtractorShape(kind: .toeplitz, sourceBits: 700, secondBits: 899, outputBits: 200),
        ExtractorShape(kind: .circulant, sourceBits: 1018, secondBits: 1019, outputBits: 600),
        ExtractorShape(kind: .circulant, sourceBits: 1018, secondBits: 1019, outputBits: 90),
        ExtractorShape(kind: .deor, sourceBits: 1019, secondBits: 1019, outputBits: 1000),
    ]

    @Test("a linear extractor is linear in each of its inputs", arguments: linear)
    func linearity(shape: ExtractorShape) throws {
        var dice = SplitMix(seed: 11)
        let extractor = try Extractor(shape)
        let (x, x2) = (Bits.random(shape.sourceBits, &dice), Bits.random(shape.sourceBits, &dice))
        let (y, y2) = (Bits.random(shape.secondBits, &dice), Bits.random(shape.secondBits, &dice))
        var (sum, sumX, sumY) = (try extractor.extract(x, y), x, y)
        sumX.add(x2)
        sumY.add(y2)
        sum.add(try extractor.extract(x2, y))
        #expect(try extractor.extract(sumX, y) == sum)
        var other = try extractor.extract(x, y)
        other.add(try extractor.extract(x, y2))
        #expect(try extractor.extract(x, sumY) == other)
    }

    @Test(
        "over all seeds every output of two sources' difference is equally frequent: the family is two-universal",
        arguments: [
            ExtractorShape(kind: .toeplitz, sourceBits: 5, secondBits: 7, outputBits: 3),
            ExtractorShape(kind: .toeplitz, sourceBits: 6, secondBits: 6, outputBits: 1),
            ExtractorShape(kind: .circulant, sourceBits: 4, secondBits: 5, outputBits: 3),
            ExtractorShape(kind: .circulant, sourceBits: 10, secondBits: 11, outputBits: 10),
        ])
    func twoUniversal(shape: ExtractorShape) throws {
        let extractor = try Extractor(shape)
        for x in 1..<(1 << shape.sourceBits) where shape.sourceBits < 10 || x % 37 == 1 {
            var counts = [Int](repeating: 0, count: 1 << shape.outputBits)
            let source = Bits(x, count: shape.sourceBits)
            for y in 0..<(1 << shape.secondBits) {
                counts[try extractor.extract(source, Bits(y, count: shape.secondBits)).number] += 1
            }
            #expect(Set(counts) == [1 << (shape.secondBits - shape.outputBits)], "x = \(x)")
        }
    }

    @Test(
        "a circulant matrix of another prime is not two-universal, and a plan never takes one", arguments: [7, 17, 31])
    func badPrimes(prime: Int) throws {
        // Rows that depend on each other show in a sum of some of them that is 0 whatever the seed is.
        let unsound = (1..<min(1 << (prime - 1), 1 << 12)).filter { x in
            var basis: [Int] = []
            return (0..<(prime - 2)).contains { turn in
                var row = 0
                for j in 0..<prime where j < prime - 1 && x >> j & 1 == 1 { row |= 1 << ((turn + j) % prime) }
                for one in basis { row = min(row, row ^ one) }
                basis.append(row)
                return row == 0
            }
        }
        #expect(!unsound.isEmpty)
        let plan = try ExtractionPlan(
            sourceBits: 524_288, sourceEntropy: 500_000, second: .santhaVazirani(bits: 1 << 20, bias: 0),
            errorExponent: -64, security: .quantumMarkov)
        let shape = try #require(try plan.offer(of: .circulant).shape)
        // 524287 = 2^19 − 1 is the nearest prime and the worst: 2 has the order 19 there.
        #expect(Primes.hasPrimitiveRootTwo(shape.secondBits) && shape.secondBits < 524_287)
        #expect(524_287 - shape.secondBits < 200)
    }

    @Test("blocks of any size give the bits of the whole", arguments: [64, 100, 1000, 4095, 4096, 1 << 22])
    func blocks(size: Int) throws {
        var dice = SplitMix(seed: 3)
        let nothing = { (_: Double) throws(BellError) in }
        for length in [1, 64, 90, 700] {
            let source = Bits.random(5002, &dice)
            let seed = Bits.random(5002 + length - 1, &dice)
            let whole = try ToeplitzExtractor.extract(source, seed: seed, outputBits: length, progress: nothing)
            let parts = try ToeplitzExtractor.extract(
                source, seed: seed, outputBits: length, block: size, progress: nothing)
            #expect(parts == whole)
            let second = Bits.random(5003, &dice)
            let turned = try CirculantExtractor.extract(source, second: second, outputBits: length, progress: nothing)
            #expect(
                try CirculantExtractor.extract(
                    source, second: second, outputBits: length, block: size, progress: nothing) == turned)
        }
    }

    @Test("what progress throws ends an extraction")
    func cancel() throws {
        var dice = SplitMix(seed: 3)
        let source = Bits.random(5002, &dice)
        let seed = Bits.random(5101, &dice)
        #expect(throws: BellError.self) {
            try ToeplitzExtractor.extract(
                source, seed: seed, outputBits: 100, block: 500,
                progress: { (_) throws(BellError) in throw BellError(.extractorDemand, "ended") })
        }
    }

    /// The distance of (Z, Y) from (U, Y) for sources that are flat on sets.
    private func distance(_ extractor: Extractor, _ xs: [Int], _ ys: [Int]) throws -> Double {
        let (n, m) = (extractor.shape.sourceBits, extractor.shape.outputBits)
        var total = 0.0
        for y in ys {
            var counts = [Int](repeating: 0, count: 1 << m)
            for x in xs { counts[try extractor.extract(Bits(x, count: n), Bits(y, count: n)).number] += 1 }
            total += counts.reduce(0) { $0 + abs(Double($1) / Double(xs.count) - 1 / Double(1 << m)) } / 2
        }
        return total / Double(ys.count)
    }

    @Test("DEOR at n = 5 is nearer to uniform than its bound, also given source two", arguments: [1, 2, 3])
    func deorDistance(outputBits: Int) throws {
        let extractor = try Extractor(
            ExtractorShape(kind: .deor, sourceBits: 5, secondBits: 5, outputBits: outputBits))
        var dice = SplitMix(seed: 5)
        for k1 in 2...5 {
            for k2 in 2...5 {
                // m = k1 + k2 − n + 1 + 2 log2 ε, solved for ε.
                let exponent = Double(outputBits - k1 - k2 + 5 - 1) / 2
                let bound = exp2(exponent)
                for _ in 0..<12 {
                    let xs = Array((0..<32).shuffled(using: &dice).prefix(1 << k1))
                    let ys = Array((0..<32).shuffled(using: &dice).prefix(1 << k2))
                    #expect(try distance(extractor, xs, ys) <= bound + 1e-12)
                }
            }
        }
    }

    @Test("sums of up to 2^l bits of Raz's family are unbiased but for 2^(l - n1/2)", arguments: [1, 2, 3])
    func razBias(logTerms: Int) throws {
        let extractor = try Extractor(
            ExtractorShape(kind: .raz, sourceBits: 10, secondBits: 5, outputBits: 5, parameter: logTerms))
        var dice = SplitMix(seed: 8)
        let table = try (0..<1024).map { x in
            try (0..<32).map { y in try extractor.extract(Bits(x, count: 10), Bits(y, count: 5)).number }
        }
        for _ in 0..<60 {
            let test = (0..<32).shuffled(using: &dice).prefix(1 << logTerms).map { ($0, Int(dice.next() % 31) + 1) }
            let sum = table.reduce(0) { sum, outputs in
                let parity = test.reduce(0) { $0 + (outputs[$1.0] & $1.1).nonzeroBitCount } & 1
                return sum + (parity == 0 ? 1 : -1)
            }
            #expect(abs(sum) <= 1024 << logTerms / 32)
        }
    }

    @Test("the overlaps of a block weak design add up to less than its outputs", arguments: [3, 40, 200, 700])
    func weakDesign(outputBits: Int) {
        let design = WeakDesign(reads: 16, outputBits: outputBits)
        #expect(design.outputs.reduce(0, +) == outputBits)
        for count in design.outputs {
            let sets = (0..<count).map { Set(design.places($0, count: 16)) }
            #expect(sets.allSatisfy { $0.count == 16 && $0.allSatisfy { $0 < 256 } })
            for i in sets.indices {
                let overlap = sets[..<i].reduce(0) { $0 + 1 << sets[i].intersection($1).count }
                #expect(overlap < outputBits)
            }
        }
    }

    @Test("von Neumann keeps the first of each unequal pair", arguments: [0, 1, 2, 63, 64, 65, 1000, 1001])
    func vonNeumann(count: Int) throws {
        var dice = SplitMix(seed: 4)
        let source = Bits.random(count, &dice)
        var expected: [Bool] = []
        for pair in stride(from: 0, to: count - 1, by: 2) where source[pair] != source[pair + 1] {
            expected.append(source[pair])
        }
        #expect(VonNeumannExtractor.extract(source) == Bits(expected))
    }

    @Test("no output bits are an empty output")
    func nothing() throws {
        let extractor = try Extractor(
            ExtractorShape(kind: .circulant, sourceBits: 10, secondBits: 11, outputBits: 0))
        #expect(try extractor.extract(Bits(zeros: 10), Bits(zeros: 11)).count == 0)
    }

    @Test("inputs of another length are refused, and lengths that an extractor does not have")
    func lengths() throws {
        let extractor = try Extractor(ExtractorShape(kind: .deor, sourceBits: 11, secondBits: 11, outputBits: 3))
        #expect(throws: BellError.self) { try extractor.extract(Bits(zeros: 10), Bits(zeros: 11)) }
        #expect(throws: BellError.self) { try extractor.extract(Bits(zeros: 11), Bits(zeros: 12)) }
        for (kind, n1, n2, m, parameter) in [
            (ExtractorKind.toeplitz, 10, 10, 2, 0), (.toeplitz, 10, 20, 11, 0), (.circulant, 11, 12, 3, 0),
            (.circulant, 10, 10, 3, 0), (.deor, 7, 7, 2, 0), (.deor, 11, 12, 2, 0), (.raz, 15, 5, 2, 2),
            (.raz, 14, 8, 2, 2), (.raz, 14, 7, 8, 2), (.raz, 14, 7, 2, 0), (.raz, 4002, 7, 2, 3),
            (.trevisan, 100, 8192, 20, 1), (.trevisan, 100, 8191, 20, 24), (.trevisan, 100, 8192, 20, 3000),
            (.vonNeumann, 10, 1, 0, 0), (.toeplitz, 0, 0, 0, 0), (.toeplitz, 10, 8, -1, 0),
        ] {
            #expect(throws: BellError.self, "\(kind) \(n1) \(n2) \(m)") {
                try Extractor(
                    ExtractorShape(kind: kind, sourceBits: n1, secondBits: n2, outputBits: m, parameter: parameter))
            }
        }
    }
}
