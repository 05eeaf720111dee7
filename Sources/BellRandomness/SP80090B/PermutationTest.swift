/// The permutation tests of SP 800-90B, section 5.1: whether the samples' order matters.
///
/// The samples are shuffled up to 10 000 times; a statistic whose value is among the few smallest or largest says that the
/// samples are not independent and identically distributed. A statistic has passed, whatever comes, as soon as more than
/// five shuffles are not above it and more than five not below it, and is then not computed any more.
public struct PermutationTest: Equatable, Sendable {
    /// Where a statistic stands among those of the shuffled samples.
    public struct Rank: Equatable, Sendable {
        public let name: String
        /// Of the samples as they came.
        public let value: Double
        /// How many shuffles gave more, the same, and less.
        public internal(set) var above = 0
        public internal(set) var equal = 0
        public internal(set) var below = 0

        public var passed: Bool { above + equal > PermutationTest.margin && below + equal > PermutationTest.margin }
    }

    public static let shuffles = 10_000
    static let margin = 5

    public internal(set) var ranks: [Rank]
    /// How many shuffles it took.
    public internal(set) var shuffled = 0

    public var passed: Bool { ranks.allSatisfy(\.passed) }

    /// Shuffles with Fisher and Yates's method.
    ///
    /// - Parameters:
    ///   - seed: Of the shuffles; the same seed gives the same result.
    ///   - progress: Told after each shuffle, with the share of the most there can be; false ends the work.
    /// - Returns: nil when `progress` has ended it.
    public static func run(
        _ samples: NoiseSamples, seed: UInt64, shuffles: Int = PermutationTest.shuffles,
        progress: (_ done: Double, _ doing: String) -> Bool
    ) -> PermutationTest? {
        var statistics = PermutationStatistics(samples)
        var values = [Double](repeating: 0, count: PermutationStatistics.names.count)
        var open = [Bool](repeating: true, count: values.count)
        statistics.compute(samples.symbols, into: &values, where: open)
        var test = PermutationTest(
            ranks: zip(PermutationStatistics.names, values).map { Rank(name: $0, value: $1) })
        var generator = ShuffleGenerator(seed: seed)
        var symbols = samples.symbols
        while open.contains(true), test.shuffled < shuffles {
            let left = open.count { $0 }
            guard progress(Double(test.shuffled) / Double(shuffles), "shuffles; \(left) statistics are open")
            else { return nil }
            symbols.shuffle(using: &generator)
            test.shuffled += 1
            statistics.compute(symbols, into: &values, where: open)
            for i in test.ranks.indices where open[i] {
                let first = test.ranks[i].value
                if values[i] > first {
                    test.ranks[i].above += 1
                } else if values[i] == first {
                    test.ranks[i].equal += 1
                } else {
                    test.ranks[i].below += 1
                }
                if test.ranks[i].passed { open[i] = false }
            }
        }
        return test
    }
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): shuffles that anyone can repeat need no secrets.
struct ShuffleGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
