import BellModel
import Testing

@testable import BellRandomness

@Suite struct ExtractionPlanTests {
    private func plan(
        _ n1: Int = 20_000, _ k1: Double = 18_000, _ second: SecondSource = .block(bits: 60_000, entropy: 59_990),
        _ exponent: Double = -64, _ security: ExtractorSecurity = .classical, bits: Int? = nil
    ) throws(BellError) -> ExtractionPlan {
        try ExtractionPlan(
            sourceBits: n1, sourceEntropy: k1, second: second, errorExponent: exponent, security: security, bits: bits)
    }

    @Test("each offer's shape is one that its extractor has", arguments: ExtractorSecurity.allCases)
    func shapes(security: ExtractorSecurity) throws {
        let uniform = SecondSource.block(bits: 4 << 20, entropy: Double(4 << 20))
        let plan = try plan(20_000, 19_990, uniform, -64, security)
        #expect(plan.offers.map(\.kind) == ExtractorKind.proven)
        for offer in plan.offers {
            #expect(offer.largest > 0, "\(offer.kind)")
            let shape = try #require(offer.shape)
            _ = try Extractor(shape)
            #expect(shape.outputBits == offer.largest)
            #expect(shape.sourceBits <= 20_000 && shape.secondBits <= uniform.bits)
            let demand = try #require(offer.demand)
            try demand.check()
        }
    }

    @Test("amplification of a long run, as it was computed elsewhere")
    func amplification() throws {
        // 1.7e7 trials, S = 2.236, μ = 1e-3, two bits a trial: 2 668 087 bits, here less the bits cut to a prime.
        let n = 34_000_000
        let found = try plan(n, 2_766_221, .santhaVazirani(bits: n, bias: 1e-3), -64, .quantumMarkov)
        let circulant = try #require(found.offers.first { $0.kind == .circulant })
        #expect(abs(circulant.largest - 2_668_087) < 200)
        let deor = try #require(found.offers.first { $0.kind == .deor })
        #expect(abs(deor.largest - 533_541) < 200)
        #expect(found.chosen?.kind == .circulant)
        // n2 = n1 leaves room for one column.
        #expect(found.offers.first { $0.kind == .toeplitz }?.largest == 1)
    }

    @Test("more entropy and a larger error never give less")
    func monotone() throws {
        func lengths(_ k1: Double, _ k2: Double, _ exponent: Double) throws -> [Int] {
            try plan(4562, k1, .block(bits: 10_000, entropy: k2), exponent).offers.map(\.largest)
        }
        let base = try lengths(3400, 9900, -64)
        for more in [
            try lengths(3500, 9900, -64), try lengths(3400, 9950, -64), try lengths(3400, 9900, -60),
        ] {
            for (a, b) in zip(base, more) { #expect(a <= b) }
            #expect(base != more)
        }
    }

    @Test("an error of 1e-300 is as good as another")
    func smallError() throws {
        let found = try plan(20_000, 18_000, .block(bits: 60_000, entropy: 60_000), -996.6)
        #expect(found.offers.first { $0.kind == .toeplitz }?.largest == 18_000 - 1994)
    }

    @Test("with a number of bits, the offer that needs least of source two is taken")
    func chosen() throws {
        let all = try plan()
        #expect(all.chosen?.kind == .toeplitz)
        #expect(all.why == "it gives the most bits")
        let few = try plan(bits: 100)
        #expect(few.chosen?.shape?.outputBits == 100)
        #expect(few.chosen?.kind == .raz)
        #expect(few.offers.filter { $0.shape != nil }.allSatisfy { $0.shape?.outputBits == 100 })
    }

    @Test("an impossible demand is refused with the most that is possible")
    func impossible() throws {
        do throws(BellError) {
            _ = try plan(bits: 17_900).offer()
            Issue.record("taken")
        } catch {
            #expect(error.code == .extractorDemand)
            #expect(error.what == "17900 bits are asked for, and any extractor gives at most 17862.")
            #expect(error.fix?.contains("longer or less biased source two") == true)
            #expect(error.fix?.contains("larger epsilon") == true)
        }
        do throws(BellError) {
            _ = try plan(1000, 100, .block(bits: 1000, entropy: 900)).offer()
            Issue.record("taken")
        } catch { #expect(error.what == "Not one bit can be extracted by any extractor here.") }
        do throws(BellError) {
            _ = try plan().offer(of: .trevisan)
            Issue.record("taken")
        } catch { #expect(error.what.contains("the trevisan extractor")) }
    }

    @Test("what no source has is refused")
    func badInput() {
        #expect(throws: BellError.self) { try plan(100, 101) }
        #expect(throws: BellError.self) { try plan(100, 10, .block(bits: 10, entropy: 11)) }
        #expect(throws: BellError.self) { try plan(100, 10, .santhaVazirani(bits: 100, bias: 0.5)) }
        #expect(throws: BellError.self) { try plan(100, 10, .santhaVazirani(bits: 100, bias: .nan)) }
        #expect(throws: BellError.self) { try plan(100, 10, .block(bits: 100, entropy: 100), -1) }
        #expect(throws: BellError.self) { try plan(100, 10, .block(bits: 100, entropy: 100), -.infinity) }
        #expect(throws: BellError.self) { try plan(bits: 0) }
        #expect(throws: BellError.self) { try plan(0, 0) }
    }

    @Test("a part of a source has what is certain")
    func parts() {
        #expect(SecondSource.block(bits: 100, entropy: 90).entropy(ofFirst: 50) == 40)
        #expect(SecondSource.block(bits: 100, entropy: 90).entropy(ofFirst: 5) == 0)
        #expect(SecondSource.santhaVazirani(bits: 100, bias: 0).entropy(ofFirst: 50) == 50)
        #expect(abs(SecondSource.santhaVazirani(bits: 100, bias: 0.207106781).entropy(ofFirst: 50) - 25) < 1e-6)
    }
}
