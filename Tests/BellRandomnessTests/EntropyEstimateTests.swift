import BellModel
import CKernels
import Foundation
import TestSupport
import Testing

@testable import BellRandomness

@Suite struct EntropyEstimateTests {
    /// Of the examples in sections 6.3.2 and 6.3.3; 6.3.4's has eight more.
    static let bits: [UInt8] = [
        1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1,
        1,
        1, 0,
    ]
    static let tuples: [UInt8] = [2, 2, 0, 1, 0, 2, 0, 1, 2, 1, 2, 0, 1, 2, 1, 0, 0, 1, 0, 0, 0]

    @Test("The standard's worked examples come out as printed")
    func examples() throws {
        let values: [UInt8] = [0, 1, 1, 2, 0, 1, 2, 2, 0, 1, 0, 1, 1, 0, 2, 2, 1, 0, 2, 1]
        #expect(abs(try #require(EntropyEstimate.mostCommonValue(values)).minEntropy - 0.5363) < 1e-4)
        let collision = try #require(EntropyEstimate.collision(Self.bits))
        #expect(collision.detail("v") == 14)
        #expect(abs((collision.detail("mean") ?? 0) - 2.7143) < 1e-4)
        #expect(abs((collision.detail("sigma") ?? 0) - 0.4688) < 1e-4)
        #expect(abs((collision.detail("bound") ?? 0) - 2.3915) < 1e-4)
        #expect(abs(collision.minEntropy - 0.4483) < 1e-4)
        #expect(abs(try #require(EntropyEstimate.markov(Self.bits)).minEntropy - 0.761) < 1e-3)
        let compression = CompressionEstimate(dictionary: 4).estimate(Self.bits + [1, 1, 1, 0, 0, 0, 1, 1])
        #expect(abs(try #require(compression).minEntropy - 0.1345) < 1e-4)
        let tuples = try #require(RepeatedTuples(Self.tuples, bits: 2))
        #expect(abs(try #require(tuples.tTuple(often: 3)).minEntropy - 0.273) < 1e-3)
        #expect(abs(try #require(tuples.longestRepeat(often: 3)).minEntropy - 0.6146) < 1e-4)
    }

    static let predictions: [(EntropyEstimator, Predictors, [UInt8], Double)] = [
        (.multiMCW, Predictors(windows: [3, 5, 7, 9]), [1, 2, 1, 0, 2, 1, 1, 2, 2, 0, 0, 0], 0.3908),
        (.lag, Predictors(lags: 3), [2, 1, 3, 2, 1, 3, 1, 3, 1, 2], 0.735),
        (.multiMMC, Predictors(orders: 3), [2, 1, 3, 2, 1, 3, 1, 3, 1], 0.0755),
        (.lz78y, Predictors(phrase: 4), [2, 1, 3, 2, 1, 3, 1, 3, 1, 2, 1, 3, 2], 0.0191),
    ]

    @Test("The predictors' worked examples come out as printed", arguments: 0..<4)
    func predictorExamples(place: Int) throws {
        let (estimator, predictors, symbols, entropy) = Self.predictions[place]
        let samples = NoiseSamples(symbols: symbols, bitsPerSymbol: 2)
        let estimate = try #require(predictors.estimate(estimator, samples.ranks, alphabet: 3))
        #expect(abs(estimate.minEntropy - entropy) < 5e-4, "\(estimate)")
    }

    /// C, N, r, alphabet, and the entropy in the self-test data of NIST's program (data.pi, rand8_short, normal).
    static let selfTest: [(UInt64, UInt64, UInt64, Int, Double)] = [
        (662_387, 1_165_603, 23, 2, 0.81233323259173817), (39_756, 79_937, 15, 2, 0.99453711551450596),
        (43, 9_937, 2, 256, 7.3751922497299107), (52, 9_999, 3, 256, 6.6364412870839109),
        (44, 9_983, 2, 256, 7.3533553938353844), (5_001_029, 7_999_998, 41, 2, 0.6767576005226027),
        (3_996_310, 7_999_937, 10, 2, 1), (19_163, 999_983, 4, 179, 5.6791638971261458),
    ]

    @Test("Predictions are judged as NIST's program judges them", arguments: 0..<8)
    func selfTest(place: Int) throws {
        let (right, count, run, alphabet, entropy) = Self.selfTest[place]
        let played = bell_prediction(correct: right, longest: run - 1, predictions: count)
        let estimate = try #require(EntropyEstimate.prediction(.lag, played, alphabet: alphabet))
        #expect(abs(estimate.minEntropy - entropy) < 1e-12, "\(estimate)")
    }

    @Test("A long run of right guesses counts as NIST's program counts it")
    func localProbability() {
        #expect(abs(EntropyEstimate.localProbability(run: 3, predictions: 9_999) - 0.010051528493923144) < 1e-14)
    }

    @Test("Means of compression are taken back to probabilities as NIST's program does it")
    func compression() {
        let known: [(Double, Int, Double)] = [
            (5.1219016843117551, 1_165_666 / 6, 0.081936203422937059),
            (5.1887036615688391, 80_000 / 6, 0.047508507395589983),
            (5.2152477061344653, 4_000_000 / 6, 0.023621435424653558),
        ]
        for (mean, blocks, p) in known {
            #expect(abs(CompressionEstimate().probability(mean, blocks: blocks) - p) < 1e-10)
        }
        #expect(CompressionEstimate().probability(6, blocks: 20_000) == 1.0 / 64)
    }

    @Test("A chain's likeliest bits are those of NIST's program")
    func markov() {
        let estimate = EntropyEstimate.markov(
            p1: 0.56874953889021385, p00: 0.48045928537042415, p01: 0.51954071462957585, p10: 0.39393879973633839,
            p11: 0.60606120026366161)
        #expect(abs(estimate.minEntropy - 0.72318078199004532) < 1e-13)
    }

    @Test("Estimates are those of another implementation", arguments: SP80090BReference.all)
    func reference(one: SP80090BReference) throws {
        let bits = one.samples.bitsPerSymbol
        let (s, k) = (one.samples.ranks, one.samples.alphabet)
        func same(_ estimate: EntropyEstimate?, _ key: String) {
            #expect(estimate?.minEntropy == nil ? one.number(key) == nil : true)
            guard let estimate, let wanted = one.number(key) else { return }
            #expect(abs(estimate.minEntropy - wanted) < 1e-9, "\(key): \(estimate) instead of \(wanted)")
        }
        same(.mostCommonValue(s), "mcv")
        let tuples = try #require(RepeatedTuples(s, bits: bits))
        same(tuples.tTuple(), "tTuple")
        same(tuples.longestRepeat(), "lrs")
        if bits == 1 {
            same(.collision(s), "collision")
            same(.markov(s), "markov")
            same(CompressionEstimate().estimate(s), "compression")
        }
        let small = Predictors(
            windows: [2, 4, 10], orders: 6, markovContexts: 60, phrase: 7, phrases: 53)
        let plays: [(String, EntropyEstimator, Predictors)] = [
            ("mcw", .multiMCW, Predictors()), ("lag", .lag, Predictors()), ("mmc", .multiMMC, Predictors()),
            ("lz78y", .lz78y, Predictors()), ("mcwEven", .multiMCW, small), ("mmcSmall", .multiMMC, small),
            ("lz78ySmall", .lz78y, small),
        ]
        for (key, estimator, predictors) in plays {
            let estimate = try #require(predictors.estimate(estimator, s, alphabet: k))
            let wanted = try #require(one.json[key])
            for name in ["C", "N", "r"] {
                #expect(estimate.detail(name) == wanted[name]?.doubleValue, "\(key) \(name)")
            }
            #expect(abs(estimate.minEntropy - (wanted["entropy"]?.doubleValue ?? -1)) < 1e-9, "\(key)")
        }
    }

    @Test("The reference has sixteen sequences")
    func referenceIsThere() { #expect(SP80090BReference.all.count == 16) }

    @Test("Repeated tuples are those that counting finds", arguments: 0..<60 as Range<UInt64>)
    func tuples(seed: UInt64) throws {
        var dice = SplitMix(seed: seed)
        // Long and short ones, because they are sorted differently; some with long repetitions.
        let n = seed % 2 == 0 ? Int.random(in: 2...80, using: &dice) : Int.random(in: 1024...1300, using: &dice)
        let bits = Int.random(in: 1...8, using: &dice)
        let period = seed % 3 == 0 ? Int.random(in: 1...n, using: &dice) : n
        var s: [UInt8] = []
        for i in 0..<n {
            s.append(i < period ? UInt8.random(in: 0...UInt8((1 << bits) - 1), using: &dice) : s[i - period])
        }
        let found = try #require(RepeatedTuples(s, bits: bits))
        for t in Set(1...min(n - 1, 12)).union([found.longest, min(n - 1, found.longest + 1)]) where t > 0 {
            var counts: [ArraySlice<UInt8>: UInt64] = [:]
            for i in 0...(n - t) { counts[s[i..<i + t], default: 0] += 1 }
            let most = counts.values.max() ?? 0
            #expect(t <= found.longest ? UInt64(found.most[t]) == most : most == 1)
            guard t <= found.longest else { continue }
            #expect(found.pairs[t] == counts.values.reduce(0) { $0 + $1 * ($1 - 1) / 2 })
        }
    }

    @Test("Suffixes are sorted", arguments: 0..<40 as Range<UInt64>)
    func suffixes(seed: UInt64) {
        var dice = SplitMix(seed: seed)
        let n = Int.random(in: 1...200, using: &dice)
        let k = UInt8.random(in: 1...6, using: &dice)
        let s = (0..<n).map { _ in UInt8.random(in: 0..<k, using: &dice) }
        var found = [Int32](repeating: 0, count: n)
        #expect(bell_suffix_array(s, n, UInt32(k), &found) == 1)
        #expect(found.map(Int.init) == s.indices.sorted { s[$0...].lexicographicallyPrecedes(s[$1...]) })
    }
}
