import BellModel
import Glibc
import Testing

@testable import BellRandomness

@Suite struct OutputLengthTests {
    private func demand(
        _ n1: Int, _ k1: Double, _ n2: Int, _ k2: Double, _ exponent: Double, _ security: ExtractorSecurity = .classical
    ) -> ExtractorDemand {
        ExtractorDemand(
            sourceBits: n1, sourceEntropy: k1, secondBits: n2, secondEntropy: k2, errorExponent: exponent,
            security: security)
    }

    @Test("DEOR and circulant lengths of an independent program")
    func known() {
        #expect(
            OutputLength.whole(OutputLength.deor(demand(1_000_003, 8e5, 1_000_003, 9.9e5, -64)), limit: 1 << 30)
                == 789_870)
        for security in [ExtractorSecurity.quantumMarkov, .quantumProduct] {
            let length = OutputLength.deor(demand(1_000_003, 8e5, 1_000_003, 9.9e5, -64, security))
            #expect(OutputLength.whole(length, limit: 1 << 30) == 157_897)
        }
        #expect(OutputLength.twoUniversal(demand(1_000_002, 8e5, 1_000_003, 9.9e5, -64)) == 789_869)
    }

    @Test("the quantum length of DEOR is the classical one under the Markov penalty")
    func markov() {
        let asked = demand(1019, 900, 1019, 1000, -20, .quantumMarkov)
        let m = OutputLength.deor(asked)
        // The classical extractor with both entropies less by log 1/ε₀, ε₀ = ε² / (3 · 2^(m−2)), gives as many bits.
        let error = -40 - 1.584962500721156 - m + 2
        let classical = OutputLength.deor(demand(1019, 900 + error, 1019, 1000 + error, error))
        #expect(abs(classical - m) < 1e-9)
    }

    @Test("no bit below the boundary, one bit on it, and not more bits than the input")
    func boundary() {
        #expect(OutputLength.whole(0.999, limit: 10) == 0)
        #expect(OutputLength.whole(1, limit: 10) == 1)
        #expect(OutputLength.whole(-.infinity, limit: 10) == 0)
        #expect(OutputLength.whole(11.5, limit: 10) == 10)
        #expect(OutputLength.largest(upTo: 7) { $0 <= 5 } == 5)
        #expect(OutputLength.largest(upTo: 7) { _ in true } == 7)
        #expect(OutputLength.largest(upTo: 7) { _ in false } == 0)
        #expect(OutputLength.largest(upTo: -1) { _ in true } == 0)
    }

    @Test(
        "Trevisan's length, symbols and seed are those of an independent program",
        arguments: [
            (100, 60.0, 0.01, 12, 30, 64, 8192), (1000, 800, 0.001, 716, 51, 128, 163_840),
            (10_000, 8000, 1e-6, 7862, 82, 256, 1_179_648), (100_000, 80_000, 1e-9, 79_809, 112, 256, 1_966_080),
        ])
    func trevisan(n: Int, k: Double, error: Double, m: Int, symbol: Int, field: Int, seed: Int) {
        let exponent = log2(error)
        let length = OutputLength.trevisan(demand(n, k, seed, Double(seed), exponent))
        #expect(length == m)
        #expect(OutputLength.symbolBits(sourceBits: n, outputBits: m, errorExponent: exponent) == symbol)
        let design = TrevisanExtractor.design(symbolBits: symbol, outputBits: m)
        #expect(design.field == field)
        #expect(design.seedBits == seed)
        // Five bits less in the seed are 20 bits less in the output, and 4 log2 of what the shorter length saves.
        #expect(OutputLength.trevisan(demand(n, k, seed, Double(seed) - 5, exponent)) == (n == 100 ? 2 : m - 20))
        #expect(OutputLength.trevisan(demand(n, k, seed, Double(seed) - 5, exponent, .quantumMarkov)) == 0)
    }

    @Test(
        "Raz's choice of terms and moments is the best of all", arguments: [(200, 190.0, 60.0, 5), (300, 260, 80, 1)])
    func razBest(n1: Int, k1: Double, k2: Double, m: Int) throws {
        let found = try #require(
            RazParameters.best(sourceBits: n1, sourceEntropy: k1, secondEntropy: k2, outputBits: m))
        var best = Double.infinity
        for l in 1...16 {
            for p in stride(from: 2, through: 1 << l / m, by: 2) {
                let bias = (Double(l) - Double(n1) / 2 + 1) / Double(p)
                let bound = Double(m) / 2 + 1 + (Double(n1) - k1) / Double(p) + max(bias, log2(Double(p)) - k2 / 2)
                best = min(best, bound)
            }
        }
        #expect(abs(found.errorExponent - best) < 1e-9)
        #expect(found.moments % 2 == 0 && found.moments * m <= 1 << found.logTerms)
    }

    @Test("Raz takes a second source of few bits, and nothing below half of the first")
    func raz() throws {
        let classical = try #require(RazParameters.longest(demand(1_513_678, 1_400_000, 2000, 1500, -64)))
        #expect(classical.outputBits > 1000)
        let quantum = try #require(RazParameters.longest(demand(1_513_678, 1_400_000, 2000, 1500, -64, .quantumMarkov)))
        #expect(quantum.outputBits > 0 && quantum.outputBits < classical.outputBits)
        #expect(RazParameters.longest(demand(1_513_678, 700_000, 2000, 1500, -64)) == nil)
    }

    @Test("trinomials and pentanomials are the lowest irreducible ones")
    func irreducible() {
        #expect(Irreducible.lowest(degree: 2) == [1, 0])
        #expect(Irreducible.lowest(degree: 8) == [4, 3, 1, 0])
        #expect(Irreducible.lowest(degree: 36) == [9, 0])
        #expect(Irreducible.lowest(degree: 127) == [1, 0])
        #expect(Irreducible.lowest(degree: 128) == [7, 2, 1, 0])
        #expect(Irreducible.lowest(degree: 1) == nil)
        // x^8 + x^5 + x^4 + x^3 + 1 is irreducible; x^8 + x^4 + x^3 + x + 1 times nothing; x^6 + x^3 + 1 is, x^6 + x^4 + 1 not.
        #expect(Irreducible.isIrreducible([3, 0], degree: 6))
        #expect(!Irreducible.isIrreducible([4, 0], degree: 6))
        for (degree, middle) in Irreducible.trinomials where degree < 3000 {
            #expect(Irreducible.isIrreducible([middle, 0], degree: degree), "\(degree)")
        }
    }

    @Test("primes with primitive root 2")
    func primes() {
        let known = [1019, 10_037, 100_003, 1_000_003, 1_048_589, 10_000_139]
        #expect(known.allSatisfy(Primes.hasPrimitiveRootTwo))
        #expect((2...60).filter(Primes.hasPrimitiveRootTwo) == [3, 5, 11, 13, 19, 29, 37, 53, 59])
        #expect(Primes.largest(upTo: 1 << 30, where: Primes.isPrime) == 1_073_741_789)
        #expect(Primes.factors(of: 360) == [2, 3, 5])
    }
}
