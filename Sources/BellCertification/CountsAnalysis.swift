public import BellModel
public import BellStatistics

extension BellError.Code {
    /// An option of an analysis is out of its range.
    public static let analysisOption = BellError.Code("analysis.option", exit: .usage)
}

/// What can be said of counts that others measured: no sealed plan, no timing, no chain of evidence.
///
/// It has no verdict: it never says certified.
public struct CountsAnalysis: Equatable, Sendable {
    /// What the counts were read from, as errors name it.
    public let source: String
    /// Hash of the file's bytes, or nil.
    public let sourceHash: Digest?
    public let tally: TrialTally
    public let options: AnalysisOptions
    public let model: LocalModel
    public let numbers: LiveStatistics
    /// ln M of the e-process at the end of the data, whose order is not used.
    public let log10Evidence: Double
    public let log10AzumaP: Double
    public let noSignalling: [NoSignallingTest]
    public let settings: [SettingTest]
    public let bound: PironioBound
    /// The largest threshold J_m that is not above Î; nil when Î is below 2.
    public let threshold: Double?
    /// All bounds side by side, with errors of 1e-6.
    public let bounds: BoundsReport
    /// What was published about these very counts, or nil.
    public let published: PublishedResult?

    /// Analyses counts.
    ///
    /// - Parameters:
    ///   - source: The file's name.
    ///   - sourceHash: BLAKE2b-256 of the file's bytes.
    /// - Throws: `analysis.option` for a bias outside 0..<½, a δ or ε′ outside 0..<1; `counts.syntax` without trials.
    public init(
        _ tally: TrialTally, options: AnalysisOptions, source: String, sourceHash: Digest? = nil
    ) throws(BellError) {
        var errors: [BellError] = []
        func refuse(_ option: String, _ value: Double, _ range: String) {
            errors.append(
                BellError(
                    .analysisOption, "\(option) = \(NumberText.plain(value)) is outside \(range).", at: option,
                    fix: "give a value in \(range)"))
        }
        let model = LocalModel(settingBias: options.settingBias)
        if model == nil { refuse("bias", options.settingBias, "0 ≤ μ < 0.5") }
        if !(options.delta > 0 && options.delta < 1) { refuse("delta", options.delta, "0 < δ < 1") }
        if !(options.epsilonPrime > 0 && options.epsilonPrime < 1) {
            refuse("epsilon", options.epsilonPrime, "0 < ε′ < 1")
        }
        if let n = options.trials, n != tally.trials {
            errors.append(
                BellError(
                    .countsSyntax, "The counts add up to \(tally.trials) trials, not to n = \(n).", at: source,
                    fix: "look for the trials that are missing or counted twice"))
        }
        if tally.trials == 0 { errors.append(BellError(.countsSyntax, "There is no trial.", at: source)) }
        if tally.trials > WinCount.mostTrials {
            errors.append(BellError(.countsSyntax, "There are more than 2^48 trials.", at: source))
        }
        if let error = BellError.all(errors) { throw error }
        let wins = WinCount(tally, pattern: options.pattern)
        guard let model, let bound = PironioBound(wins, model: model, delta: options.delta) else {
            throw BellError(.analysisOption, "The options do not fit together.", at: source)
        }
        self.source = source
        self.sourceHash = sourceHash
        self.tally = tally
        self.options = options
        self.model = model
        self.bound = bound
        numbers = LiveStatistics(tally, pattern: options.pattern, model: model)
        var process = EProcess(model)
        process.add(tally, pattern: options.pattern)
        log10Evidence = process.log10Current
        log10AzumaP = wins.log10AzumaPValue(model)
        noSignalling = NoSignallingTest.all(tally)
        settings = SettingTest.all(tally, model: model)
        threshold = CountsAnalysis.threshold(below: bound.estimate)
        bounds = BoundsReport(wins, model: model)
        published = PublishedResult.of(tally, pattern: options.pattern)
    }

    /// The largest J_m = 2 + m/20, to rounding, that is at most `estimate`; nil below 2.
    static func threshold(below estimate: Double) -> Double? {
        guard estimate >= 2 else { return nil }
        let j = (40 + min(40, ((estimate - 2) * 20).rounded())) / 20
        return j <= estimate ? j : (j * 20 - 1).rounded() / 20
    }

    /// The sound form's bits at ``threshold``, on the exact curve; nil when there is no threshold.
    public func soundBits(_ concentration: PironioBound.Concentration) -> Double? {
        guard let threshold else { return nil }
        return bound.soundBits(
            threshold: threshold, epsilonPrime: options.epsilonPrime, .exact, concentration)
    }
}
