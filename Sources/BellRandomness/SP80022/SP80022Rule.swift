import Glibc

/// When the battery says defect: fixed before bits are seen, and printed with every report.
public struct SP80022Rule: Equatable, Sendable {
    /// The probability that perfect bits are called defective by any of all tests, at most.
    public var level: Double
    /// A stream fails a test below it.
    public let significance = 0.01
    /// Fewer streams decide nothing (section 4.2.2).
    public let leastStreams = 55

    /// - Parameter level: 1e-3 unless a plan registers another: good bits fail one report in a thousand, and a test that a
    ///   fifth of 55 streams fails is found in nine cases of ten.
    public init(level: Double = 1e-3) { self.level = level }

    public var words: String {
        "At least \(leastStreams) streams. For each of 188 p-values a stream: the number of streams with p < "
            + "\(significance) against the binomial distribution, two-sided, and the uniformity of the p-values in ten bins; "
            + "all 376 by Holm at a joint level of \(level). Too few streams decide nothing and are not counted as passed. "
            + "A rule for bits drawn once: bits drawn again until they pass prove nothing."
    }

    /// Streams after which a test that wants 500 cycles will have its own `leastStreams` but for one case in a thousand.
    ///
    /// The share of walks with 500 cycles is P(|Z| > 500/√n) (section 3.14); 3.1 deviations of the count are added.
    func streamsForExcursions(_ length: SP80022Length) -> Int {
        let share = erfc(500 / (2 * Double(length.bits)).squareRoot())
        let wanted = Double(leastStreams)
        return Int(((wanted + 3.1 * wanted.squareRoot()) / share).rounded(.up))
    }
}
