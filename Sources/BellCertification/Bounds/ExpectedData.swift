public import BellModel
import BellStatistics

/// Data that are expected, not measured: n trials of one CHSH value, uniform settings and no losses.
public struct ExpectedData: Equatable, Sendable {
    /// n, 1...2^48.
    public let trials: UInt64
    /// S, −2√2...2√2.
    public let s: Double
    /// μ that the adversary may hold; the settings themselves are expected to be uniform.
    public let settingBias: Double
    let model: LocalModel

    /// - Throws: `analysis.option`, with everything that is out of its range.
    public init(trials: UInt64, s: Double, settingBias: Double) throws(BellError) {
        var errors: [BellError] = []
        func refuse(_ option: String, _ value: String, _ range: String) {
            errors.append(
                BellError(
                    .analysisOption, "\(option) = \(value) is outside \(range).", at: option,
                    fix: "give a value in \(range)"))
        }
        if trials < 1 || trials > WinCount.mostTrials { refuse("trials", String(trials), "1 ≤ n ≤ 2^48") }
        if !(abs(s) <= ExpectedData.largestS) { refuse("s", JSON.double(s).text, "−2√2 ≤ S ≤ 2√2") }
        let model = LocalModel(settingBias: settingBias)
        if model == nil { refuse("mu", JSON.double(settingBias).text, "0 ≤ μ < 0.5") }
        if let error = BellError.all(errors) { throw error }
        self.trials = trials
        self.s = s
        self.settingBias = settingBias
        self.model = model ?? .uniform
    }

    /// 2√2 and what rounding may add.
    static let largestS = 2 * 2.0.squareRoot() + 1e-9

    /// n and ⌊n (4 + S)/8⌋ wins.
    var count: WinCount {
        let wins = UInt64((Double(trials) * min(1, (4 + s) / 8)).rounded(.down))
        return WinCount(trials: trials, wins: min(wins, trials)) ?? WinCount(TrialTally(), pattern: .minusOn11)
    }

    /// Counts with as many wins, spread over the winning cells of all setting pairs.
    func tally(_ pattern: CHSHPattern) -> TrialTally {
        var tally = TrialTally()
        for won in [true, false] {
            let all = won ? count.wins : trials - count.wins
            var rest = all % 8
            for cell in UInt8(0)..<16 {
                let (x, y, a, b) = (cell >> 3, cell >> 2 & 1, cell >> 1 & 1, cell & 1)
                guard pattern.wins(x: Int(x), y: Int(y), a: Int(a), b: Int(b)) == won else { continue }
                tally.add(TrialStatus(x: x, y: y, a: a, b: b), times: all / 8 + (rest > 0 ? 1 : 0))
                rest -= min(rest, 1)
            }
        }
        return tally
    }
}

extension BoundsReport {
    /// All bounds of data that are expected.
    ///
    /// - Throws: `analysis.option` for an ε outside 0..<1.
    public init(_ data: ExpectedData, epsilon: Double) throws(BellError) {
        try BoundsReport.check(epsilon)
        self.init(data.count, model: data.model, epsilon: epsilon)
    }

    static func check(_ epsilon: Double) throws(BellError) {
        guard !(epsilon > 0 && epsilon < 1) else { return }
        throw BellError(
            .analysisOption, "epsilon = \(JSON.double(epsilon).text) is outside 0 < ε < 1.", at: "epsilon",
            fix: "give a value in 0 < ε < 1")
    }

    /// The report as a page for people.
    public var text: String {
        var page = TextPage()
        page.row("trials", NumberText.count(count.trials))
        page.row("win", "\(NumberText.fixed(count.probability, 6))   Î = \(NumberText.fixed(count.estimate, 6))")
        BoundsText.write(self, into: &page)
        planning(&page)
        return page.text
    }

    /// What to register for probability estimation, for programs; null where no power gives bits.
    public var registration: JSON {
        guard let forecast else { return .null }
        return [
            "claim": "min-entropy-probability-estimation", "power": .double(forecast.factor.power),
            "epsilon": .double(epsilon), "expected_bits": .double(forecast.bits),
            "one_percent_quantile_bits": .double(forecast.onePercentQuantile),
        ]
    }

    private var forecast: ProbabilityEstimation.Forecast? {
        ProbabilityEstimation.best(
            trials: count.trials, winProbability: count.probability, model: model, epsilon: epsilon)
    }

    /// What to register for probability estimation, whose bits must be promised before the first trial.
    private func planning(_ page: inout TextPage) {
        guard let forecast else { return }
        page.row(
            "to register",
            "probability estimation: power: \(NumberText.plain(forecast.factor.power)), bits: "
                + (forecast.onePercentQuantile > 1 ? NumberText.lowerBound(forecast.onePercentQuantile, 0) : "none")
                + "   99 of 100 campaigns of such trials reach this; half of them the value above")
    }
}
