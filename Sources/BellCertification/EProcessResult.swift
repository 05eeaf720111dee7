import BellModel
public import BellStatistics

/// What an anytime-valid test has come to, as a certificate keeps it: arms have ended, and the largest M stands.
public struct EProcessResult: Equatable, Sendable {
    /// Trials and wins that went in; trials that were not run are not among them.
    public let trials: UInt64
    public let wins: UInt64
    /// log10 of the largest M at an arm's end, ≥ 0.
    public let log10Max: Double
    /// Trials at which it was reached.
    public let trialsAtMax: UInt64
    /// Wins among them.
    public let winsAtMax: UInt64

    /// Takes the state of the bets on the win count.
    public init(_ process: EProcess) {
        trials = process.trials
        wins = process.wins
        log10Max = process.log10Max
        (trialsAtMax, winsAtMax) = (process.trialsAtMax, process.winsAtMax)
    }

    /// Takes the state of the prediction-based ratio; every arm was one batch.
    public init(_ ratio: PredictionRatio) {
        trials = ratio.tally.trials
        wins = ratio.tally.wins(ratio.pattern)
        log10Max = ratio.log10Max
        (trialsAtMax, winsAtMax) = (ratio.trialsAtMax, ratio.winsAtMax)
    }

    /// log10 of the anytime-valid p-value, min(1, 1/max M).
    public var log10PValue: Double { min(0, -log10Max) }

    var json: JSON {
        [
            "trials": JSON(count: trials), "wins": JSON(count: wins), "log10_max": .double(log10Max),
            "trials_at_max": JSON(count: trialsAtMax), "wins_at_max": JSON(count: winsAtMax),
        ]
    }

    init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        trials = try reader.count("trials")
        wins = try reader.count("wins")
        log10Max = try reader.double("log10_max")
        trialsAtMax = try reader.count("trials_at_max")
        winsAtMax = try reader.count("wins_at_max")
        try reader.finish()
        guard log10Max >= 0, trialsAtMax <= trials, wins <= trials, winsAtMax <= min(wins, trialsAtMax),
            wins - winsAtMax <= trials - trialsAtMax
        else {
            throw BellError(.jsonShape, "No test that may stop at any time can have come to this.", at: path)
        }
    }
}
