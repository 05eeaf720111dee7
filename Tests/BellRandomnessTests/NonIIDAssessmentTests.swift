import BellModel
import TestSupport
import Testing

@testable import BellRandomness

@Suite struct NonIIDAssessmentTests {
    private func assess(_ samples: NoiseSamples) throws -> NonIIDAssessment {
        try #require(NonIIDAssessment.run(samples) { _, _ in true })
    }

    @Test("A constant source has no entropy", arguments: [1, 2, 8], [0, 1])
    func constant(bits: Int, value: UInt8) throws {
        let samples = NoiseSamples(symbols: [UInt8](repeating: value, count: 20_000), bitsPerSymbol: bits)
        let found = try assess(samples)
        for estimate in found.symbols + found.bits where value == 0 || bits == 1 {
            #expect(estimate.minEntropy < 1e-3, "\(estimate)")
        }
        #expect(try #require(found.minEntropy) < 1e-3)
        #expect(found.symbols.count == (bits == 1 ? 10 : 7))
        #expect(found.bits.count == (bits == 1 ? 0 : 10))
    }

    @Test("Bits of a good generator come near one bit a bit by every estimator")
    func good() throws {
        var dice = SplitMix(seed: 1)
        let samples = NoiseSamples(
            symbols: (0..<1_000_000).map { _ in UInt8(dice.next() >> 63) }, bitsPerSymbol: 1)
        let found = try assess(samples)
        #expect(found.symbols.map(\.estimator) == EntropyEstimator.allCases)
        for estimate in found.symbols { #expect(estimate.minEntropy > 0.8, "\(estimate)") }
        #expect(try #require(found.minEntropy) <= 1)
    }

    @Test("A bias is found by the most common value")
    func biased() throws {
        var dice = SplitMix(seed: 2)
        let samples = NoiseSamples(
            symbols: (0..<200_000).map { _ in dice.next() % 10 < 8 ? 1 : 0 }, bitsPerSymbol: 1)
        let found = try assess(samples)
        let plain = try #require(found.symbols.first { $0.estimator == .mostCommonValue }).minEntropy
        #expect(abs(plain - 0.3219) < 0.01)
        #expect(try #require(found.minEntropy) <= plain)
    }

    @Test("Bits that stick to the last one look fair and are found by the Markov and prediction estimates")
    func sticky() throws {
        var dice = SplitMix(seed: 3)
        var symbols: [UInt8] = [0]
        while symbols.count < 200_000 {
            symbols.append(dice.next() % 10 < 7 ? symbols[symbols.count - 1] : 1 - symbols[symbols.count - 1])
        }
        let found = try assess(NoiseSamples(symbols: symbols, bitsPerSymbol: 1))
        func of(_ estimator: EntropyEstimator) throws -> Double {
            try #require(found.symbols.first { $0.estimator == estimator }).minEntropy
        }
        #expect(try of(.mostCommonValue) > 0.97)
        #expect(abs(try of(.markov) - 0.5146) < 0.02)
        #expect(abs(try of(.lag) - 0.5146) < 0.02)
        #expect(abs(try of(.multiMMC) - 0.5146) < 0.02)
    }

    @Test("A period is found by the lag and the longest repetition")
    func periodic() throws {
        var dice = SplitMix(seed: 4)
        let base = (0..<101).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        let found = try assess(NoiseSamples(symbols: (0..<20_000).map { base[$0 % 101] }, bitsPerSymbol: 8))
        for estimator in [EntropyEstimator.lag, .longestRepeat, .multiMMC] {
            let one = try #require(found.symbols.first { $0.estimator == estimator })
            #expect(one.minEntropy < 0.2, "\(one)")
        }
    }

    @Test("Too few samples leave estimators out, and none are an entropy")
    func few() throws {
        for count in 0..<70 {
            let samples = NoiseSamples(symbols: (0..<count).map { UInt8($0 % 2) }, bitsPerSymbol: 1)
            let found = try assess(samples)
            #expect(!found.symbols.contains { $0.estimator == .compression })
            #expect(found.symbols.allSatisfy { $0.minEntropy.isFinite && (0...1).contains($0.minEntropy) })
            if count == 0 { #expect(found.minEntropy == nil) }
        }
    }

    @Test("Work ends when the caller says so")
    func ended() {
        let samples = NoiseSamples(symbols: [UInt8](repeating: 1, count: 100), bitsPerSymbol: 1)
        var asked = 0
        let found = NonIIDAssessment.run(samples) { done, _ in
            asked += 1
            return done < 0.5
        }
        #expect(found == nil && asked == 6)
    }

    @Test("Packed bits are cut into symbols, the most significant first", arguments: 1...8)
    func packed(bits: Int) throws {
        var dice = SplitMix(seed: 5)
        let bytes = (0..<40).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        let string = bytes.flatMap { byte in (0..<8).map { byte >> UInt8(7 - $0) & 1 } }
        let samples = try NoiseSamples(packed: bytes, bits: 313, bitsPerSymbol: bits)
        #expect(samples.symbols.count == 313 / bits)
        #expect(samples.asBits.symbols == Array(string[..<(313 / bits * bits)]))
        #expect(samples.alphabet == Set(samples.symbols).count)
        #expect(Set(samples.ranks) == Set((0..<samples.alphabet).map(UInt8.init)))
    }

    @Test(
        "Widths, lengths and sizes that cannot be are refused",
        arguments: [(8, 0), (8, 9), (17, 1), (-1, 1), (1 << 27, 1)])
    func refused(bits: Int, width: Int) {
        let count = bits == 1 << 27 ? 1 << 24 : 2
        #expect(throws: BellError.self) {
            try NoiseSamples(packed: [UInt8](repeating: 0, count: count), bits: bits, bitsPerSymbol: width)
        }
    }
}
