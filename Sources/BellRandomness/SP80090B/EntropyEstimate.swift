import Glibc

/// The estimators of SP 800-90B (2018), section 6.3.
public enum EntropyEstimator: String, CaseIterable, Sendable {
    case mostCommonValue = "most common value"
    case collision
    case markov
    case compression
    case tTuple = "t-tuple"
    case longestRepeat = "longest repeated substring"
    case multiMCW = "MultiMCW prediction"
    case lag = "lag prediction"
    case multiMMC = "MultiMMC prediction"
    case lz78y = "LZ78Y prediction"

    /// Where the standard defines it.
    public var section: String { "6.3.\((EntropyEstimator.allCases.firstIndex(of: self) ?? 0) + 1)" }

    /// Whether it is defined for bits alone; wider samples are then taken as a string of bits.
    public var isBinaryOnly: Bool { self == .collision || self == .markov || self == .compression }
}

/// What one estimator says of a sequence.
public struct EntropyEstimate: Equatable, Sendable {
    public let estimator: EntropyEstimator
    /// Bits a symbol; 0 for a source that is fully predictable.
    public let minEntropy: Double
    /// The numbers on the way, by the standard's names.
    public let details: [BatteryLine.Measure]

    init(_ estimator: EntropyEstimator, _ minEntropy: Double, _ details: [(String, Double)]) {
        self.estimator = estimator
        // −log₂ 1 is −0.
        self.minEntropy = max(0, minEntropy)
        self.details = details.map { BatteryLine.Measure($0.0, $0.1) }
    }

    func detail(_ name: String) -> Double? { details.first { $0.name == name }?.value }

    /// The two-sided 99 % quantile of the normal distribution; the standard prints 2.576, its reference program has this.
    static let z = 2.5758293035489008

    /// The upper end of the confidence interval of a proportion p among n.
    static func upperBound(_ p: Double, _ n: Int) -> Double {
        n > 1 ? min(1, p + z * (p * (1 - p) / Double(n - 1)).squareRoot()) : 1
    }
}
