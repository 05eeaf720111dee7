import BellFit
import Testing

@Suite struct JudgementTests {
    private func judge<Model: FitModel>(
        _ model: Model, _ x: [Double], noise: Double, seed: Int = 1, sigma: Bool = true, _ f: (Double) -> Double,
        _ require: (inout FitJudgement) -> Void
    ) -> FitJudgement {
        var dice = Dice(seed: seed)
        let y = dice.noisy(x, noise, f)
        let errors = sigma ? x.map { _ in noise } : nil
        let fit = LeastSquares.fit(model, x: x, y: y, sigma: errors)
        var judgement = FitJudgement(fit, of: model, x: x, y: y, sigma: errors)
        require(&judgement)
        return judgement
    }

    @Test("Sound data are good, for 200 seeds", arguments: [true, false])
    func good(_ hasSigma: Bool) {
        for seed in 0..<200 {
            let rabi = judge(
                Cosine(), sweep(0, 1, 51), noise: 0.05, seed: seed, sigma: hasSigma,
                { Cosine().value($0, [0.5, 0.45, 1.5, 3]) }
            ) {
                $0.requireSignal()
                $0.requirePeriods()
            }
            #expect(rabi.verdict == .good, "\(rabi.reason)")
            #expect(rabi.reason == "The fit describes the data." || rabi.verdict != .good)
            let peak = judge(
                Lorentzian(), sweep(-10, 10, 81), noise: 0.05, seed: seed, sigma: hasSigma,
                { Lorentzian().value($0, [0.1, 0.7, 2, 3]) }
            ) {
                $0.requireSignal()
                $0.requireInside("centre")
                $0.requireOnePeak()
            }
            #expect(peak.verdict == .good, "\(peak.reason)")
        }
    }

    @Test("Noise alone is bad data, for 200 seeds")
    func noise() {
        var good = 0
        for seed in 0..<200 {
            let judgement = judge(Cosine(), sweep(0, 1, 51), noise: 0.05, seed: seed, { _ in 0.5 }) {
                $0.requireSignal()
                $0.requirePeriods()
            }
            if judgement.verdict == .good { good += 1 }
        }
        // The best of some 25 independent frequencies reaches 5 uncertainties only rarely.
        #expect(good <= 4)
    }

    @Test("Data of another shape are bad data, by χ² when uncertainties are known and by runs when not")
    func shape() {
        for sigma in [true, false] {
            let judgement = judge(
                Exponential(), sweep(0, 10, 101), noise: 0.02, sigma: sigma,
                { Cosine().value($0, [0.5, 0.4, 0.3, 0]) }, { _ in })
            #expect(judgement.verdict == .badData)
            #expect(judgement.reason.contains(sigma ? "reduced χ² is" : "keep their sign too long"))
        }
    }

    @Test("A peak at the edge or beyond asks for another sweep")
    func edge() {
        let judgement = judge(
            Lorentzian(), sweep(-10, 10, 81), noise: 0.02, { Lorentzian().value($0, [0.1, 0.7, 10.4, 3]) }
        ) { $0.requireInside("centre") }
        #expect(judgement.verdict == .badData)
        #expect(judgement.reason.contains("at the edge of the sweep, -10 to 10, or beyond: move the sweep"))
    }

    @Test("Two peaks where one is expected are out of spec, and told apart from one, for 100 seeds")
    func twoPeaks() {
        for seed in 0..<100 {
            let judgement = judge(
                Lorentzian(), sweep(-20, 20, 121), noise: 0.05, seed: seed,
                { TwoLorentzians().value($0, [0.1, 0.7, -4, 3, 0.5, 5, 3]) }
            ) { $0.requireOnePeak() }
            #expect(judgement.verdict == .outOfSpec, "\(judgement.reason)")
            #expect(judgement.reason.hasPrefix("There are two peaks where one is expected, at -"))
        }
    }

    @Test("Less than a period, and a decay that the sweep cannot show, are bad data")
    func resolution() {
        let slow = judge(
            Cosine(), sweep(0, 1, 51), noise: 0.01, { Cosine().value($0, [0.5, 0.45, 0.3, 0]) }
        ) { $0.requirePeriods() }
        #expect(slow.verdict == .badData && slow.reason.contains("periods; at least 0.75 are needed"))
        let decay = judge(
            Exponential(), sweep(0, 10, 51), noise: 0.0002, { Exponential().value($0, [0, 1, 200]) }
        ) { $0.requireResolved("tau") }
        #expect(decay.verdict == .badData && decay.reason.contains("cannot be seen in a sweep of 10"))
    }

    @Test("What is outside its specification is out of spec, and bad data outweigh it")
    func specification() {
        let f: (Double) -> Double = { Exponential().value($0, [0, 1, 3]) }
        let judgement = judge(Exponential(), sweep(0, 10, 51), noise: 0.01, f) { $0.requireWithin("tau", 5...50) }
        #expect(judgement.verdict == .outOfSpec)
        #expect(judgement.reason.contains("is outside 5 to 50"))
        let both = judge(Exponential(), sweep(0, 10, 51), noise: 0.01, f) {
            $0.requireWithin("tau", 5...50)
            $0.find(.badData, "the cable is loose")
        }
        #expect(both.verdict == .badData && both.reason.hasPrefix("The cable is loose; tau"))
    }

    @Test("A fit that failed is bad data whatever is asked")
    func failed() {
        let fit = LeastSquares.fit(Lorentzian(), x: [1, 2], y: [1, .nan])
        var judgement = FitJudgement(fit, of: Lorentzian(), x: [1, 2], y: [1, .nan])
        judgement.requireSignal()
        judgement.requireInside("centre")
        judgement.requireOnePeak()
        judgement.requirePeriods()
        #expect(judgement.verdict == .badData)
        #expect(judgement.reason == "2 points for 4 parameters.")
    }

    @Test("Runs: known numbers, and none for few residuals")
    func runs() {
        // 10 of each sign in two runs: mean 11, variance 10·9/19.
        let blocks = [Double](repeating: 1, count: 10) + [Double](repeating: -1, count: 10)
        #expect(abs(RunsTest.score(blocks) - (2 - 11) / (90.0 / 19).squareRoot()) < 1e-12)
        let alternating = (0..<20).map { $0 % 2 == 0 ? 1.0 : -1 }
        #expect(abs(RunsTest.score(alternating) - (20 - 11) / (90.0 / 19).squareRoot()) < 1e-12)
        #expect(RunsTest.score([1, 1, 1, -1, -1, -1]) == 0)
        #expect(RunsTest.score([]) == 0)
        #expect(RunsTest.score([Double](repeating: .nan, count: 50)) == 0)
    }
}
