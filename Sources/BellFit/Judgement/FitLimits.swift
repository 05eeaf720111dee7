/// What a fit must show before its numbers are believed.
public struct FitLimits: Equatable, Sendable {
    /// Of the amplitude to the noise of one point.
    public var signalToNoise: Double
    /// Of the amplitude to its own standard uncertainty.
    public var significance: Double
    /// Of χ²/ν, counted only when the data have uncertainties. Wide: shot noise is not the only noise.
    public var reducedChiSquare: ClosedRange<Double>
    /// Least standard score of the runs test; residuals that hang together have a negative one.
    public var runsScore: Double
    /// Periods that a sweep must show.
    public var periods: Double
    /// Significance from which a second peak is one, in F of its three parameters.
    public var secondPeak: Double
    /// Part of the first peak's amplitude below which a second one is of no importance.
    public var secondPeakShare: Double

    public init(
        signalToNoise: Double = 1, significance: Double = 5, reducedChiSquare: ClosedRange<Double> = 0.2...4,
        runsScore: Double = -4.5, periods: Double = 0.75, secondPeak: Double = 12, secondPeakShare: Double = 0.25
    ) {
        self.signalToNoise = signalToNoise
        self.significance = significance
        self.reducedChiSquare = reducedChiSquare
        self.runsScore = runsScore
        self.periods = periods
        self.secondPeak = secondPeak
        self.secondPeakShare = secondPeakShare
    }
}
