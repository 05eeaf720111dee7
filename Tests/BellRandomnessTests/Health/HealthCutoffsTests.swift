import BellModel
import BellRandomness
import Testing

@Suite struct HealthCutoffsTests {
    struct Known: Sendable {
        var h: Double
        var repetition: Int
        var proportion: Int
    }

    // How the numbers were made: the sum Σ C(W, k) p^k (1 − p)^(W − k) from k = W downwards with 80 decimal digits and
    // p = 2^−H (Python's decimal module), and scipy.stats.binom.ppf(1 − α, W, 2^−H) + 1 (scipy 1.17.1); both agree. Of the values for
    // 2^-20 and 2^-30, 410 (H = 0.5) also stands in the documentation of Go's crypto/internal/entropy, 13 (H = 8) in Nordic's
    // nRF54LS05B datasheet, 62 (H = 4) in several products' notes, 325 (H = 1, α = 2^-30) in jitterentropy-library's issue 45.
    static let bits20 = [
        Known(h: 0.05, repetition: 401, proportion: 1014), Known(h: 0.2, repetition: 101, proportion: 941),
        Known(h: 0.4, repetition: 51, proportion: 840), Known(h: 0.5, repetition: 41, proportion: 793),
        Known(h: 0.6, repetition: 35, proportion: 748), Known(h: 0.8, repetition: 26, proportion: 664),
        Known(h: 0.9, repetition: 24, proportion: 625), Known(h: 0.99, repetition: 22, proportion: 593),
        Known(h: 0.999, repetition: 22, proportion: 589), Known(h: 1, repetition: 21, proportion: 589),
    ]
    static let bits30 = [
        Known(h: 0.05, repetition: 601, proportion: 1019), Known(h: 0.2, repetition: 151, proportion: 952),
        Known(h: 0.5, repetition: 61, proportion: 810), Known(h: 0.8, repetition: 39, proportion: 683),
        Known(h: 0.9, repetition: 35, proportion: 645), Known(h: 0.99, repetition: 32, proportion: 612),
        Known(h: 1, repetition: 31, proportion: 609),
    ]
    static let bits40 = [
        Known(h: 0.05, repetition: 801, proportion: 1022), Known(h: 0.5, repetition: 81, proportion: 824),
        Known(h: 0.9, repetition: 46, proportion: 661), Known(h: 0.99, repetition: 42, proportion: 629),
        Known(h: 1, repetition: 41, proportion: 625),
    ]
    static let bytes20 = [
        Known(h: 0.5, repetition: 41, proportion: 410), Known(h: 1, repetition: 21, proportion: 311),
        Known(h: 2, repetition: 11, proportion: 177), Known(h: 4, repetition: 6, proportion: 62),
        Known(h: 7.3, repetition: 4, proportion: 16), Known(h: 8, repetition: 4, proportion: 13),
    ]
    static let bytes30 = [
        Known(h: 0.5, repetition: 61, proportion: 422), Known(h: 1, repetition: 31, proportion: 325),
        Known(h: 2, repetition: 16, proportion: 190), Known(h: 4, repetition: 9, proportion: 71),
        Known(h: 7.3, repetition: 6, proportion: 20), Known(h: 8, repetition: 5, proportion: 16),
    ]

    @Test("the cutoffs of a binary source for α = 2^-20", arguments: bits20)
    func binary20(known: Known) throws { try compare(known, .bits, 20) }

    @Test("the cutoffs of a binary source for α = 2^-30", arguments: bits30)
    func binary30(known: Known) throws { try compare(known, .bits, 30) }

    @Test("the cutoffs of a binary source for α = 2^-40", arguments: bits40)
    func binary40(known: Known) throws { try compare(known, .bits, 40) }

    @Test("the cutoffs of a source of bytes for α = 2^-20", arguments: bytes20)
    func nonBinary20(known: Known) throws { try compare(known, .bytes, 20) }

    @Test("the cutoffs of a source of bytes for α = 2^-30", arguments: bytes30)
    func nonBinary30(known: Known) throws { try compare(known, .bytes, 30) }

    private func compare(_ known: Known, _ samples: HealthCutoffs.Samples, _ exponent: Double) throws {
        let cutoffs = try HealthCutoffs(samples, minEntropy: known.h, falseAlarmExponent: exponent)
        #expect(cutoffs.repetition == known.repetition)
        #expect(cutoffs.proportion == known.proportion)
        #expect(cutoffs.window == (samples == .bits ? 1024 : 512))
    }

    @Test("α is 2^-30 unless another is asked for")
    func usualAlpha() throws {
        #expect(try HealthCutoffs(.bits, minEntropy: 1) == HealthCutoffs(.bits, minEntropy: 1, falseAlarmExponent: 30))
    }

    @Test("less min-entropy never makes a test stricter, and rarer false alarms never do")
    func monotone() throws {
        for samples in [HealthCutoffs.Samples.bits, .bytes] {
            var before: HealthCutoffs?
            for step in 1...200 {
                let h = (samples == .bits ? 1.0 : 8.0) * Double(step) / 200
                let cutoffs = try HealthCutoffs(samples, minEntropy: h)
                let rarer = try HealthCutoffs(samples, minEntropy: h, falseAlarmExponent: 31)
                #expect(rarer.repetition >= cutoffs.repetition && rarer.proportion >= cutoffs.proportion)
                if let before {
                    #expect(cutoffs.repetition <= before.repetition && cutoffs.proportion <= before.proportion)
                }
                before = cutoffs
            }
        }
    }

    @Test("with next to no min-entropy the adaptive proportion test cannot fail, and nothing is out of bounds")
    func leastEntropy() throws {
        let cutoffs = try HealthCutoffs(.bits, minEntropy: 0.001, falseAlarmExponent: 100)
        #expect(cutoffs.proportion == 1025)
        #expect(cutoffs.repetition == 100_001)
    }

    @Test(
        "a min-entropy that no sample can have is refused",
        arguments: [0, -1, 0.0009, 1.0001, .nan, .infinity, -.infinity] as [Double])
    func wrongEntropy(h: Double) throws {
        let error = try #require(throws: BellError.self) { try HealthCutoffs(.bits, minEntropy: h) }
        #expect(error.code == .randomnessParameters)
        #expect(error.fix == "give 0.001 to 1 bits a sample")
    }

    @Test("a false alarm probability beyond all use is refused", arguments: [9.9, 100.1, -20, .nan] as [Double])
    func wrongAlpha(exponent: Double) throws {
        let error = try #require(throws: BellError.self) {
            try HealthCutoffs(.bytes, minEntropy: 4, falseAlarmExponent: exponent)
        }
        #expect(error.fix == "give an exponent of 10 to 100")
    }
}
