import BellModel
public import BellStatistics

/// What the prediction-based ratio has come to, as a certificate keeps it; every arm was one batch.
public struct RatioResult: Equatable, Sendable {
    /// Trials that went in; trials that were not run are not among them.
    public let trials: UInt64
    /// Bets that were found on the way.
    public let fits: UInt64
    /// log2 of the largest M at an arm's end, ≥ 0.
    public let log2Max: Double
    /// Trials at which it was reached.
    public let trialsAtMax: UInt64

    /// Takes the state of a process.
    public init(_ ratio: PredictionRatio) {
        trials = ratio.tally.trials
        fits = ratio.fits
        log2Max = ratio.log2Max
        trialsAtMax = ratio.trialsAtMax
    }

    /// What is expected of symmetric data, in which the bet is that on the win count.
    init(like process: EProcess) {
        trials = process.trials
        fits = 0
        log2Max = process.log10Max / log10(2)
        trialsAtMax = process.trialsAtMax
    }

    /// log10 of the anytime-valid p-value.
    public var log10PValue: Double { PredictionRatio.log10PValue(log2Max: log2Max) }

    var json: JSON {
        [
            "trials": JSON(count: trials), "fits": JSON(count: fits), "log2_max": .double(log2Max),
            "trials_at_max": JSON(count: trialsAtMax),
        ]
    }

    init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        trials = try reader.count("trials")
        fits = try reader.count("fits")
        log2Max = try reader.double("log2_max")
        trialsAtMax = try reader.count("trials_at_max")
        try reader.finish()
        guard log2Max >= 0, trialsAtMax <= trials else {
            throw BellError(.jsonShape, "No prediction-based ratio can have come to this.", at: path)
        }
    }
}
