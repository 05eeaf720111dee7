public import BellModel

/// The numbers a running campaign shows, from its tally alone. O(√n), below a millisecond.
public struct LiveStatistics: Equatable, Sendable {
    /// Valid trials and losses.
    public let trials: UInt64
    public let valid: UInt64
    public let losses: UInt64
    /// Conditional S with its standard error; nil while a setting pair is empty.
    public let chsh: CHSHEstimate?
    /// Wins among all started trials.
    public let wins: WinCount
    /// Î with its standard error; a lower estimate when the bias is not 0.
    public let estimate: Double
    public let estimateError: Double
    /// log10 of the binomial p-value of the sealed count, or of the trials so far: a guide while the campaign runs.
    public let log10PValue: Double

    /// Computes all of it.
    ///
    /// - Parameter sealed: The count that a p-value of a fixed n is of, when it is not the tally's.
    public init(_ tally: TrialTally, pattern: CHSHPattern, model: LocalModel, sealed: WinCount? = nil) {
        trials = tally.trials
        valid = tally.valid
        losses = tally.losses
        chsh = CHSHEstimate(tally, pattern: pattern)
        wins = WinCount(tally, pattern: pattern)
        estimate = wins.estimate(model)
        estimateError = wins.estimateError(model)
        log10PValue = (sealed ?? wins).log10PValue(model)
    }

    /// The members of a status object: `s`, `s_error`, `log10_p`, … ; numbers that do not exist yet are null.
    public var json: JSON {
        [
            "trials": JSON(count: trials), "valid": JSON(count: valid), "lost": JSON(count: losses),
            "s": JSON(chsh?.s), "s_error": JSON(chsh?.standardError), "wins": JSON(count: wins.wins),
            "win_probability": .double(wins.probability), "win_probability_error": .double(wins.standardError),
            "i_hat": .double(estimate), "i_hat_error": .double(estimateError), "log10_p": .double(log10PValue),
        ]
    }
}
