import Glibc

/// The longest repeated substring test of SP 800-90B, section 5.2.5: whether a repetition is longer than independent samples
/// would let one expect.
public struct LongestRepeatTest: Equatable, Sendable {
    /// Length of the longest substring that occurs twice.
    public let longest: Int
    /// The probability that two samples are equal.
    public let collision: Double
    /// The probability of at least one pair as long, the pairs being taken as independent.
    public let probability: Double

    public static let level = 0.001
    public var passed: Bool { probability >= LongestRepeatTest.level }

    init?(_ samples: NoiseSamples) {
        guard let tuples = RepeatedTuples(samples.symbols, bits: samples.bitsPerSymbol) else { return nil }
        var counts = [Int](repeating: 0, count: 256)
        for x in samples.symbols { counts[Int(x)] += 1 }
        let length = Double(samples.symbols.count)
        collision = counts.reduce(0) { $0 + (Double($1) / length) * (Double($1) / length) }
        longest = tuples.longest
        let places = length - Double(longest) + 1
        let pairs = places * (places - 1) / 2
        // 1 − (1 − pᵂ)ᴺ; samples that are all equal collide with certainty.
        let chance = pow(collision, Double(longest))
        probability = chance >= 1 ? 1 : -expm1(pairs * log1p(-chance))
    }
}
