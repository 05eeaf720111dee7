public import BellModel
import Glibc

extension BellError.Code {
    /// Health tests cannot be made for such a source.
    public static let randomnessParameters = BellError.Code("randomness.parameters", exit: .usage)
}

/// When the two health tests fail, computed from the min-entropy that is claimed for a sample.
///
/// A source that has at least that min-entropy, sample by sample, fails one of the tests at a given place with a
/// probability of about α at most. O(window); no table.
///
/// - SeeAlso: NIST SP 800-90B (January 2018), sections 4.4.1 and 4.4.2.
public struct HealthCutoffs: Equatable, Sendable {
    /// What one sample is.
    public enum Samples: Sendable {
        /// A bit; packed eight a byte, most significant first.
        case bits
        /// A byte.
        case bytes

        /// Samples of an adaptive proportion window: 1024 for a binary source, 512 for any other (section 4.4.2).
        public var window: Int { self == .bits ? 1024 : 512 }

        /// Bits of a sample: the most min-entropy that it can have.
        var width: Double { self == .bits ? 1 : 8 }
    }

    public let samples: Samples
    /// H, the min-entropy that is claimed for one sample, in bits.
    public let minEntropy: Double
    /// −log2 α.
    public let falseAlarmExponent: Double
    /// The repetition count test fails at this many equal samples in a row.
    public let repetition: Int
    /// The adaptive proportion test fails when a window's first value comes this often in it; beyond ``window`` for an H so
    /// small that this test cannot fail.
    public let proportion: Int

    /// Samples of an adaptive proportion window.
    public var window: Int { samples.window }

    /// Computes C = 1 + ⌈−log2 α / H⌉ and 1 + critbinom(W, 2^−H, 1 − α).
    ///
    /// - Parameters:
    ///   - minEntropy: H in bits a sample, 0.001 … 1 for bits and … 8 for bytes.
    ///   - falseAlarmExponent: −log2 α, 10 … 100; the standard advises 20 … 40.
    /// - Throws: `randomness.parameters` for anything else.
    public init(
        _ samples: Samples, minEntropy: Double, falseAlarmExponent: Double = 30
    ) throws(BellError) {
        guard minEntropy >= 0.001, minEntropy <= samples.width else {
            throw BellError(
                .randomnessParameters, "A sample cannot have \(minEntropy) bits of min-entropy.", at: "health tests",
                fix: "give 0.001 to \(Int(samples.width)) bits a sample")
        }
        guard falseAlarmExponent >= 10, falseAlarmExponent <= 100 else {
            throw BellError(
                .randomnessParameters, "A false alarm probability of 2^-\(falseAlarmExponent) is not provided for.",
                at: "health tests", fix: "give an exponent of 10 to 100")
        }
        self.samples = samples
        self.minEntropy = minEntropy
        self.falseAlarmExponent = falseAlarmExponent
        repetition = 1 + Int((falseAlarmExponent / minEntropy).rounded(.up))
        proportion = HealthCutoffs.proportion(
            window: samples.window, minEntropy: minEntropy, logAlpha: -falseAlarmExponent * M_LN2)
    }

    /// 1 + critbinom(W, p, 1 − α): the least j with P[Bin(W, p) ≥ j] ≤ α.
    ///
    /// critbinom is the least k with P[X ≤ k] ≥ 1 − α, that is with P[X ≥ k + 1] ≤ α. The upper tail is summed from its
    /// far end in the log domain, where neither 1 − α nor the terms are rounded away.
    private static func proportion(window: Int, minEntropy: Double, logAlpha: Double) -> Int {
        let logP = -minEntropy * M_LN2
        // 1 − 2^−H without cancellation for a small H.
        let logOdds = logP - log(-expm1(logP))
        var logTerm = Double(window) * logP
        var logTail = logTerm
        var least = window + 1
        while logTail <= logAlpha, least > 1 {
            least -= 1
            // P[X = k − 1] / P[X = k] = k / (W − k + 1) · (1 − p) / p, with k = least.
            logTerm += log(Double(least) / Double(window - least + 1)) - logOdds
            logTail = max(logTail, logTerm) + log1p(exp(-abs(logTail - logTerm)))
        }
        return least
    }
}
