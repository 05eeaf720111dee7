import BellModel
import TestSupport
import Testing

@testable import BellRandomness

@Suite struct IIDAssessmentTests {
    private func statistics(_ symbols: [UInt8], bits: Int) -> [Double] {
        var computer = PermutationStatistics(NoiseSamples(symbols: symbols, bitsPerSymbol: bits))
        var values = [Double](repeating: -1, count: 19)
        computer.compute(symbols, into: &values, where: [Bool](repeating: true, count: 19))
        return values
    }

    @Test("The standard's small examples of the permutation statistics come out as printed")
    func examples() {
        #expect(statistics([2, 15, 4, 10, 9], bits: 4)[0] == 6)
        #expect(Array(statistics([2, 2, 2, 5, 7, 7, 9, 3, 1, 4, 4], bits: 4)[1...3]) == [3, 6, 8])
        #expect(Array(statistics([5, 15, 12, 1, 13, 9, 4], bits: 4)[4...5]) == [5, 2])
        #expect(Array(statistics([2, 1, 1, 2, 0, 1, 0, 1, 1, 2], bits: 2)[6...7]) == [3, 4])
        #expect(statistics([2, 1, 2, 1, 0, 1, 0, 1, 1, 2], bits: 2)[9] == 5)
        #expect(statistics([5, 2, 6, 10, 12, 3, 1], bits: 4)[14] == 164)
    }

    @Test("All nineteen numbers are those of another implementation", arguments: SP80090BReference.all)
    func reference(one: SP80090BReference) throws {
        let wanted = try #require(one.json["statistics"]?.arrayValue).compactMap(\.doubleValue)
        let found = statistics(one.samples.symbols, bits: one.samples.bitsPerSymbol)
        #expect(found.count == wanted.count)
        for (name, (a, b)) in zip(PermutationStatistics.names, zip(found, wanted)) {
            #expect(abs(a - b) <= 1e-9 * max(1, abs(b)), "\(name)")
        }
    }

    @Test("What is not asked for is not computed")
    func asked() {
        var dice = SplitMix(seed: 6)
        let symbols = (0..<200).map { _ in UInt8(dice.next() >> 60) }
        for bits in [1, 4] {
            let values = bits == 1 ? symbols.map { $0 & 1 } : symbols
            let all = statistics(values, bits: bits)
            for i in 0..<19 {
                var computer = PermutationStatistics(NoiseSamples(symbols: values, bitsPerSymbol: bits))
                var found = [Double](repeating: -7, count: 19)
                computer.compute(values, into: &found, where: (0..<19).map { $0 == i })
                #expect(found[i] == all[i], "\(PermutationStatistics.names[i])")
            }
        }
    }

    /// Of the example in section 5.2.1, as its published answer has it: T = 3.46 with 3 degrees of freedom.
    static let published: [UInt8] = [
        2, 2, 3, 1, 3, 2, 3, 2, 1, 3, 1, 1, 2, 3, 1, 1, 2, 2, 2, 3, 3, 2, 3, 2, 3, 1, 2, 2, 3, 3, 2, 2, 2, 1, 3, 3, 3,
        2, 3,
        2, 1, 3, 2, 3, 1, 2, 2, 3, 1, 1, 3, 2, 3, 2, 3, 1, 2, 2, 3, 3, 2, 2, 2, 1, 3, 3, 3, 2, 3, 2, 1, 2, 2, 3, 3, 3,
        2, 3,
        2, 1, 2, 2, 2, 1, 3, 3, 3, 2, 3, 2, 1, 3, 2, 3, 1, 2, 2, 3, 1, 1,
    ]

    @Test("The example of the independence test comes out as printed")
    func independence() throws {
        let samples = NoiseSamples(symbols: Self.published, bitsPerSymbol: 2)
        let test = try #require(ChiSquareTest.independence(samples))
        #expect(abs(test.statistic - 3.46) < 0.005)
        #expect(test.degrees == 3)
        #expect(test.passed)
    }

    @Test("Independent samples pass in few shuffles", arguments: [1, 3, 8])
    func passes(bits: Int) throws {
        var dice = SplitMix(seed: UInt64(bits))
        let symbols = (0..<20_000).map { _ in UInt8(dice.next() >> UInt64(64 - bits)) }
        let found = try #require(
            IIDAssessment.run(NoiseSamples(symbols: symbols, bitsPerSymbol: bits), seed: 7) { _, _ in true })
        #expect(found.permutations.passed && found.permutations.shuffled < 5_000)
        #expect(found.chiSquares.count == 2 && found.chiSquares.allSatisfy(\.passed))
        #expect(try #require(found.longestRepeat).passed)
        #expect(try #require(found.minEntropy) > 0.9 * Double(bits) - 0.6)
    }

    @Test("Neighbours that depend on each other are found, after all shuffles")
    func dependent() throws {
        var dice = SplitMix(seed: 8)
        var symbols: [UInt8] = [0]
        while symbols.count < 2_000 {
            symbols.append(dice.next() % 10 < 6 ? symbols[symbols.count - 1] : UInt8(dice.next() >> 60))
        }
        let samples = NoiseSamples(symbols: symbols, bitsPerSymbol: 4)
        let found = try #require(PermutationTest.run(samples, seed: 1, shuffles: 500) { _, _ in true })
        #expect(!found.passed && found.shuffled == 500)
        let failed = found.ranks.filter { !$0.passed }.map(\.name)
        #expect(failed.contains("periodicity 1") && failed.contains("covariance 1"))
        #expect(try #require(ChiSquareTest.independence(samples)).passed == false)
    }

    @Test("A source that drifts is found by the goodness of fit", arguments: [1, 2])
    func drift(bits: Int) throws {
        var dice = SplitMix(seed: 9)
        let symbols = (0..<20_000).map { i in dice.next() % 20_000 < UInt64(5_000 + i / 2) ? UInt8(1) : 0 }
        let tests = ChiSquareTest.all(NoiseSamples(symbols: symbols, bitsPerSymbol: bits))
        #expect(try #require(tests.last).passed == false)
    }

    @Test("A long repetition is found, a usual one not")
    func longest() throws {
        var dice = SplitMix(seed: 10)
        var symbols = (0..<20_000).map { _ in UInt8(dice.next() >> 56) }
        #expect(try #require(LongestRepeatTest(NoiseSamples(symbols: symbols, bitsPerSymbol: 8))).passed)
        symbols.replaceSubrange(15_000..<15_040, with: symbols[100..<140])
        let found = try #require(LongestRepeatTest(NoiseSamples(symbols: symbols, bitsPerSymbol: 8)))
        #expect(found.longest >= 40 && !found.passed)
        let constant = LongestRepeatTest(NoiseSamples(symbols: [UInt8](repeating: 3, count: 99), bitsPerSymbol: 8))
        #expect(try #require(constant).probability == 1)
    }

    @Test("The same seed shuffles alike, and the caller can end the work")
    func repeats() {
        let samples = NoiseSamples(symbols: Self.published, bitsPerSymbol: 2)
        let first = PermutationTest.run(samples, seed: 3) { _, _ in true }
        #expect(first == PermutationTest.run(samples, seed: 3) { _, _ in true })
        #expect(PermutationTest.run(samples, seed: 3) { _, _ in false } == nil)
    }
}
