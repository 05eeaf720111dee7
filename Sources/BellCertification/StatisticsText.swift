import BellModel
import BellStatistics

/// The parts that a certificate's page and an analysis' page have in common.
enum StatisticsText {
    static func counts(_ tally: TrialTally, _ chsh: CHSHEstimate?, into page: inout TextPage) {
        page.heading("Counts N(ab|xy) of valid trials")
        var rows = [["", "ab=00", "ab=01", "ab=10", "ab=11", "all", "E(xy)"]]
        for (i, pair) in [(0, 0), (0, 1), (1, 0), (1, 1)].enumerated() {
            let (x, y) = pair
            var row = ["x=\(x) y=\(y)"]
            for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                row.append(NumberText.count(tally.count(x: x, y: y, a: a, b: b)))
            }
            row.append(NumberText.count(tally.count(x: x, y: y)))
            row.append(NumberText.fixed(chsh?.correlations[i], 5))
            rows.append(row)
        }
        page.table(rows)
        page.line(
            "\(NumberText.count(tally.trials)) trials = \(NumberText.count(tally.valid)) valid + "
                + "\(NumberText.count(tally.losses)) lost")
    }

    static func estimates(_ numbers: LiveStatistics, _ model: LocalModel, into page: inout TextPage) {
        page.heading("CHSH")
        page.row(
            "S",
            "\(NumberText.fixed(numbers.chsh?.s, 4)) ± \(NumberText.fixed(numbers.chsh?.standardError, 4))   "
                + "of valid trials, given the settings; a diagnostic, local ≤ 2")
        page.row(
            "Î",
            "\(NumberText.fixed(numbers.wins.estimate, 6)) ± \(NumberText.fixed(8 * numbers.wins.standardError, 6))   "
                + "eq. (2) of Pironio et al. (2010), P(xy) = ¼, a loss counts −4")
        if model.settingBias > 0 {
            page.row(
                "Î(μ)",
                "\(NumberText.fixed(numbers.estimate, 6)) ± \(NumberText.fixed(numbers.estimateError, 6))   lower "
                    + "estimate for settings of bias μ = \(NumberText.plain(model.settingBias))")
        }
        page.row(
            "win",
            "\(NumberText.fixed(numbers.wins.probability, 6)) ± \(NumberText.fixed(numbers.wins.standardError, 6))   "
                + "\(NumberText.count(numbers.wins.wins)) of \(NumberText.count(numbers.wins.trials)) trials, local ≤ "
                + "\(NumberText.fixed(model.winBound, 6))")
    }

    static func pValues(
        _ numbers: LiveStatistics, log10Azuma: Double, _ model: LocalModel, into page: inout TextPage
    ) {
        page.row(
            "p-value",
            "\(NumberText.probability(log10: numbers.log10PValue))   (log10 \(NumberText.fixed(numbers.log10PValue, 2))) "
                + "binomial bound, τ = μ = \(NumberText.plain(model.settingBias)), devices may have memory")
        page.row("", "\(NumberText.probability(log10: log10Azuma))   Azuma form of Pironio et al. (2010)")
    }

    static func tests(
        _ noSignalling: [NoSignallingTest], _ settings: [SettingTest], _ bias: Double, into page: inout TextPage
    ) {
        page.heading("Consistency (valid trials; passing proves nothing)")
        page.row(
            "no-signalling",
            noSignalling.map { "\($0.name): p = \(NumberText.probability(log10: $0.log10P))" }.joined(separator: ", ")
                + " (Fisher); after Holm least "
                + NumberText.probability(log10: noSignalling.map(\.log10PAdjusted).min() ?? 0))
        page.row(
            "settings",
            settings.map { test in
                "P(\(test.name) = 1) = \(NumberText.fixed(test.frequency, 5)), p = "
                    + NumberText.probability(log10: test.log10P)
            }.joined(separator: "; ") + " against |bias| ≤ \(NumberText.plain(bias))")
    }
}
