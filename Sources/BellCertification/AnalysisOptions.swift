public import BellModel

/// What a person says about counts that no plan was sealed for; nothing of it is guessed from the data.
public struct AnalysisOptions: Equatable, Sendable {
    /// The setting pair with the minus sign; no default, because a wrong one is not noticed.
    public var pattern: CHSHPattern
    /// n, that the counts must add up to; nil when nobody said it.
    public var trials: UInt64?
    /// Bound μ on the bias of the settings, 0..<½.
    public var settingBias: Double
    /// δ of the min-entropy bound.
    public var delta: Double
    /// ε′ of the sound form; must exceed δ to say anything.
    public var epsilonPrime: Double

    public init(
        pattern: CHSHPattern, trials: UInt64? = nil, settingBias: Double = 0, delta: Double = 0.01,
        epsilonPrime: Double = 0.1
    ) {
        self.pattern = pattern
        self.trials = trials
        self.settingBias = settingBias
        self.delta = delta
        self.epsilonPrime = epsilonPrime
    }

    /// Step of the thresholds J_m = 2 + m/20 of the sound form: fixed here, so that no data can have chosen them.
    public static let thresholdStep = 0.05
}
