import Glibc

/// How the setting pairs of a randomness expansion are drawn, and what they cost.
public enum ExpansionSettings: Equatable, Sendable {
    /// All four pairs with probability ¼.
    case uniform
    /// Pironio's joint law: P(00) = 1 − 3q and q for each other pair, q = α n^(−½).
    ///
    /// Both nodes' settings come from one draw, so that two separated nodes cannot use it.
    case joint(alpha: Double)
    /// Each node draws on its own: 1 with probability γ, in 0...½.
    case product(gamma: Double)

    /// The least probability of a setting pair; nil where the law is impossible or has another least pair.
    ///
    /// - Parameter trials: n, in 1...2^48.
    public func leastPair(trials: UInt64) -> Double? {
        guard trials > 0, trials <= WinCount.mostTrials else { return nil }
        switch self {
        case .uniform: return 0.25
        case .joint(let alpha):
            let q = alpha / Double(trials).squareRoot()
            return q > 0 && q <= 0.25 ? q : nil
        case .product(let gamma): return gamma > 0 && gamma <= 0.5 ? gamma * gamma : nil
        }
    }

    /// Shannon entropy of one trial's setting pair, bits: what a source of uniform bits gives for it on average.
    ///
    /// - Returns: 0...2; nil where ``leastPair(trials:)`` is.
    public func entropy(trials: UInt64) -> Double? {
        guard let least = leastPair(trials: trials) else { return nil }
        switch self {
        case .uniform: return 2
        case .joint: return -3 * least * log2(least) - (1 - 3 * least) * log1p(-3 * least) / ln2
        case .product(let gamma): return -2 * (gamma * log2(gamma) + (1 - gamma) * log1p(-gamma) / ln2)
        }
    }
}

/// Randomness expansion after Pironio: how many bits n trials produce and how many their settings consume.
///
/// Against classical side information, in the form of 2010; ``bound`` has the sound form for a registered threshold.
/// - SeeAlso: Pironio et al., Nature 464, 1021 (2010), figure 3 and the text on randomness expansion. Its α and its points
/// could not be read; α is the caller's choice.
public struct Expansion: Equatable, Sendable {
    public let settings: ExpansionSettings
    /// The min-entropy bound with the settings' least pair.
    public let bound: PironioBound
    /// Bits that the settings of all trials consume.
    public let consumed: Double

    /// Makes the expansion of n trials with an observed CHSH value.
    ///
    /// - Parameters:
    ///   - estimate: Î, weighted with the settings' law (``WeightedEstimate``), in −4...4.
    ///   - delta: Probability that Î exceeds the mean CHSH value by more than the bound's ε.
    /// - Returns: Nil unless 0 < n ≤ 2^48, 0 < `delta` < 1, `estimate` is in range and the settings' law is possible.
    public init?(trials: UInt64, settings: ExpansionSettings, estimate: Double, delta: Double) {
        guard abs(estimate) <= 4, let least = settings.leastPair(trials: trials),
            let entropy = settings.entropy(trials: trials),
            let bound = PironioBound(trials: trials, estimate: estimate, leastPair: least, delta: delta)
        else { return nil }
        self.settings = settings
        self.bound = bound
        consumed = Double(trials) * entropy
    }

    /// Bits produced, n f(Î − ε).
    public func produced(
        _ curve: GuessingCurve = .exact, _ concentration: PironioBound.Concentration = .azuma
    ) -> Double {
        bound.bits2010(curve, concentration)
    }

    /// Bits produced less bits consumed; positive when randomness was expanded.
    public func net(
        _ curve: GuessingCurve = .exact, _ concentration: PironioBound.Concentration = .azuma
    ) -> Double {
        produced(curve, concentration) - consumed
    }

    /// The α of the joint law that must be exceeded, √(2 ln(1/δ))/(Î − 2): below it no number of trials gives a bit.
    ///
    /// With q = α n^(−½) the bound's ε tends to √(2 ln(1/δ))/α from above, for either concentration inequality.
    /// - Returns: Nil unless 0 < `delta` < 1 and 2 < `estimate` ≤ 4.
    public static func leastAlpha(estimate: Double, delta: Double) -> Double? {
        guard isErrorProbability(delta), estimate > 2, estimate <= 4 else { return nil }
        return (-2 * log(delta)).squareRoot() / (estimate - 2)
    }
}

extension Expansion {
    /// One abscissa of figure 3 (produced) and its inset (net).
    public struct Point: Equatable, Sendable {
        public let trials: UInt64
        public let produced: Double
        public let consumed: Double
        public var net: Double { produced - consumed }
    }

    /// A curve of figure 3, bits against trials; numbers of trials for which the law is impossible are left out.
    public static func figure3(
        trials: [UInt64], settings: ExpansionSettings, estimate: Double, delta: Double,
        curve: GuessingCurve = .exact, concentration: PironioBound.Concentration = .azuma
    ) -> [Point] {
        trials.compactMap { n in
            Expansion(trials: n, settings: settings, estimate: estimate, delta: delta).map {
                Point(trials: n, produced: $0.produced(curve, concentration), consumed: $0.consumed)
            }
        }
    }
}
