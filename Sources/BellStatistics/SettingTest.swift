public import BellModel
import Glibc

/// A one-sided test that setting bits keep to the declared bias, |P − ½| ≤ μ.
///
/// The bound μ is a declared assumption that no test can establish; a test can only refute it. The null hypothesis is
/// bias, not exact uniformity: an honest generator with a small bias must pass at any n. Valid trials only.
public struct SettingTest: Equatable, Sendable {
    /// `x`, `y` or `x⊕y`.
    public let name: String
    /// How often the bit was 1, and in how many valid trials.
    public let ones: UInt64
    public let trials: UInt64
    /// log10 of 2 · P[Bin(n, ½ + μ) ≥ max(ones, zeroes)], at most 0, and the same after Holm's adjustment.
    public let log10P: Double
    public let log10PAdjusted: Double

    /// Tests x, y and their parity, whose bias is bounded by μ as well, since y is bounded given x.
    public static func all(_ tally: TrialTally, model: LocalModel) -> [SettingTest] {
        let pairs = [tally.count(x: 0, y: 1), tally.count(x: 1, y: 0), tally.count(x: 1, y: 1)]
        let n = tally.valid
        let bits = [("x", pairs[1] + pairs[2]), ("y", pairs[0] + pairs[2]), ("x⊕y", pairs[0] + pairs[1])]
        let mu = model.settingBias
        let p = bits.map { bit in
            let more = max(bit.1, n - bit.1)
            let tail = Binomial.logUpperTail(successes: more, trials: n, p: 0.5 + mu, q: 0.5 - mu)
            return min(0, (tail + log(2.0)) * log10OfE)
        }
        let adjusted = holmAdjusted(log10P: p)
        return bits.indices.map { i in
            SettingTest(name: bits[i].0, ones: bits[i].1, trials: n, log10P: p[i], log10PAdjusted: adjusted[i])
        }
    }

    /// ones/n, or nil without trials.
    public var frequency: Double? { trials == 0 ? nil : Double(ones) / Double(trials) }
}
