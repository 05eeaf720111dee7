import BellModel
import BellStatistics

extension CountsAnalysis {
    /// The analysis as a page for people.
    public var text: String {
        var page = TextPage()
        page.banner(["ANALYSIS OF COUNTS — NO SEALED PLAN", "no timing audited, no chain of evidence, no certificate"])
        page.row("source", source)
        if let sourceHash { page.row("BLAKE2b-256", sourceHash.description) }
        page.row("pattern", "\(options.pattern.formula) (stated by the caller)")
        page.row("bias", "|P − ½| ≤ μ = \(NumberText.plain(options.settingBias)) for each setting bit (stated)")
        StatisticsText.counts(tally, numbers.chsh, into: &page)
        StatisticsText.estimates(numbers, model, into: &page)
        localRealism(&page)
        minEntropy(&page)
        BoundsText.write(bounds, into: &page)
        StatisticsText.tests(noSignalling, settings, options.settingBias, into: &page)
        if let published {
            page.heading("Published about these counts")
            page.row("paper", published.citation)
            page.row("numbers", published.numbers)
            page.row("difference", published.difference)
        }
        page.heading("Assumptions")
        for assumption in assumptions { page.item(assumption) }
        return page.text
    }

    private func localRealism(_ page: inout TextPage) {
        page.heading("Local realism")
        StatisticsText.pValues(numbers, log10Azuma: log10AzumaP, model, into: &page)
        page.row(
            "e-process",
            "log10 M = \(NumberText.fixed(log10Evidence, 2)) at the end of the data; the order of trials is not used")
    }

    private func minEntropy(_ page: inout TextPage) {
        page.heading("Min-entropy of the outcomes (Pironio 2010)")
        let confidence = NumberText.fixed((1 - options.delta) * 100, options.delta >= 0.01 ? 0 : 4)
        page.row(
            "ε", "\(NumberText.fixed(bound.epsilon(), 6)) at δ = \(NumberText.plain(options.delta)) (\(confidence) %)")
        page.row(
            "2010 formula",
            GuessingCurve.allCases.map {
                "\(NumberText.fixed(bound.bits2010($0), 2)) bits \($0.words)"
            }.joined(separator: ", ") + " — n f(Î − ε); its wording was unsound")
        if let threshold, let sound = soundBits(.azuma), let tighter = soundBits(.hoeffding) {
            page.row(
                "sound form",
                "\(NumberText.fixed(sound, 2)) bits — n f(J − ε) − log2(1/ε′), J = \(NumberText.fixed(threshold, 2)) of "
                    + "the fixed thresholds 2.00, 2.05, …, ε′ = \(NumberText.plain(options.epsilonPrime)), smoothing δ/ε′ "
                    + "= \(NumberText.plain(options.delta / options.epsilonPrime))\(sound > 0 ? "" : " (nothing is claimed)")"
            )
            page.row(
                "",
                "\(NumberText.fixed(tighter, 2)) bits with the range form ε = "
                    + "\(NumberText.fixed(bound.epsilon(.hoeffding), 6)), as rigorous")
        } else {
            page.row("sound form", "none: Î is below the smallest threshold, 2")
        }
    }
}

extension GuessingCurve {
    /// The curve in words.
    var words: String {
        switch self {
        case .exact: "on the exact quantum curve"
        case .analytic: "on the analytic one"
        case .noSignalling: "from no-signalling alone"
        }
    }
}

extension CHSHPattern {
    /// S = E00 + E01 + E10 − E11 and so on.
    var formula: String {
        var text = "S ="
        for (x, y) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let minus = sign(x: x, y: y) < 0
            text += (x + y == 0 ? (minus ? " −" : " ") : (minus ? " − " : " + ")) + "E\(x)\(y)"
        }
        return text
    }
}
