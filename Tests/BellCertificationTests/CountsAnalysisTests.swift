import BellModel
import BellStatistics
import Testing

@testable import BellCertification

@Suite struct CountsAnalysisTests {
    static func table1Analysis() throws(BellError) -> CountsAnalysis {
        try CountsAnalysis(table1, options: AnalysisOptions(pattern: .minusOn11), source: "pironio2010-table1.csv")
    }

    @Test("Table 1 of Pironio 2010 gives the numbers of the paper, and says where they differ")
    func table1Numbers() throws {
        let json = try CountsAnalysisTests.table1Analysis().json
        let statistics = try #require(json["statistics"])
        #expect(close(try #require(statistics["s"]?.doubleValue), 2.4145253179422976, 1e-12))
        #expect(close(try #require(statistics["s_error"]?.doubleValue), 0.05809466161480916, 1e-12))
        #expect(close(try #require(statistics["i_hat"]?.doubleValue), 2.413793103448276, 1e-12))
        let local = try #require(json["local_realism"])
        #expect(close(try #require(local["log10_p_azuma"]?.doubleValue), -3.1149397, 1e-6))
        #expect(close(try #require(local["log10_p_binomial"]?.doubleValue), -10.9922936, 1e-6))
        #expect(close(try #require(local["log10_evidence"]?.doubleValue), 8.472755870, 1e-8))
        let entropy = try #require(json["min_entropy"])
        #expect(close(try #require(entropy["epsilon"]?.doubleValue), 0.3773486931376004, 1e-12))
        #expect(abs(try #require(entropy["bits_2010"]?["exact"]?.doubleValue) - 44.066) < 1e-3)
        #expect(abs(try #require(entropy["bits_2010"]?["analytic"]?.doubleValue) - 40.568) < 1e-3)
        #expect(entropy["bits_2010"]?["no_signalling"]?.doubleValue == 0)
        #expect(json["published"]?["numbers"]?.stringValue?.contains("42 bits") == true)
    }

    @Test("The page shows them, too")
    func page() throws {
        let text = try CountsAnalysisTests.table1Analysis().text
        for word in [
            "S             2.4145 ± 0.0581", "2.413793 ± 0.058079", "1.02e-11", "7.67e-4", "0.377349", "44.07 bits",
            "40.57 bits", "0.00 bits", "NPA 1+AB", "J = 2.40", "3 016 trials = 3 016 valid + 0 lost",
            "NO SEALED PLAN", "smoothing δ/ε′ = 0.1\n",
        ] { #expect(text.contains(word), "\(word)") }
        for line in text.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
    }

    @Test("It never says certified, whatever the counts")
    func neverCertified() throws {
        let perfect = TrialTally(counts: [9, 0, 0, 9, 9, 0, 0, 9, 9, 0, 0, 9, 0, 9, 9, 0].map { $0 * 1_000_000 })
        let analysis = try CountsAnalysis(
            try #require(perfect), options: AnalysisOptions(pattern: .minusOn11), source: "x")
        #expect(!analysis.text.lowercased().contains("certified"))
        #expect(!analysis.json.text.lowercased().contains("certified"))
        #expect(analysis.json["verdict"] == nil)
    }

    @Test("Another sign pattern gives another S: nothing is fitted to the data")
    func patterns() throws {
        let s = try CHSHPattern.allCases.map { pattern in
            try CountsAnalysis(table1, options: AnalysisOptions(pattern: pattern), source: "x").numbers.chsh?.s ?? 0
        }
        #expect(s[0] > 2.4 && s[1...].allSatisfy { abs($0) < 0.1 })
        #expect(PublishedResult.of(table1, pattern: .minusOn01) == nil)
    }

    @Test("Local counts give nothing to claim")
    func local() throws {
        // S = 2 exactly: always equal outcomes.
        let counts: [UInt64] = [50, 0, 0, 50, 50, 0, 0, 50, 50, 0, 0, 50, 50, 0, 0, 50]
        let analysis = try CountsAnalysis(
            try #require(TrialTally(counts: counts)), options: AnalysisOptions(pattern: .minusOn11), source: "x")
        #expect(analysis.numbers.chsh?.s == 2)
        #expect(analysis.numbers.log10PValue > -1 && analysis.log10AzumaP == 0)
        #expect(try #require(analysis.soundBits(.azuma)) < 0)
        #expect(analysis.text.contains("nothing is claimed"))
    }

    @Test("Counts that do not add up to n are refused, with both numbers", arguments: [0, 1, 3015, 3017, 1 << 48])
    func sum(n: UInt64) throws {
        let tally = try #require(TrialTally(counts: table1Counts))
        #expect(
            try CountsAnalysis(tally, options: .init(pattern: .minusOn11, trials: 3016), source: "t.csv").tally == tally
        )
        let error = #expect(throws: BellError.self) {
            try CountsAnalysis(tally, options: .init(pattern: .minusOn11, trials: n), source: "t.csv")
        }
        #expect(error?.what == "The counts add up to 3016 trials, not to n = \(n)." && error?.place == "t.csv")
        #expect(error?.code == .countsSyntax && error?.fix != nil)
    }

    @Test("Impossible options are refused together")
    func options() throws {
        var found: BellError?
        do throws(BellError) {
            _ = try CountsAnalysis(
                TrialTally(),
                options: AnalysisOptions(pattern: .minusOn11, settingBias: 0.5, delta: 0, epsilonPrime: .nan),
                source: "x")
        } catch { found = error }
        let error = try #require(found)
        #expect(error.code == .analysisOption && error.others.count == 3)
        #expect(error.fix == "give a value in 0 ≤ μ < 0.5")
    }

    @Test(
        "Thresholds of the sound form are steps of 0.05",
        arguments: [(1.99, nil), (2, 2), (2.04, 2), (2.05, 2.05), (2.413793, 2.4), (2.3999999999999, 2.35), (4, 4)]
            as [(Double, Double?)])
    func thresholds(estimate: Double, expected: Double?) {
        #expect(CountsAnalysis.threshold(below: estimate) == expected)
    }

    @Test(
        "Numbers are written for people",
        arguments: [
            (0, "1"), (-0.5, "0.3162"), (-1.40807, "0.0391"), (-3.1149, "7.68e-4"), (-10.9923, "1.02e-11"),
            (-108.5097, "3.09e-109"), (-1e6, "10^−1000000.0"), (-3.0001, "1.00e-3"),
        ])
    func probabilities(log10: Double, expected: String) {
        #expect(NumberText.probability(log10: log10) == expected)
        #expect(NumberText.count(1_048_576) == "1 048 576" && NumberText.count(12) == "12")
        #expect(NumberText.fixed(-0.00001, 2) == "0.00" && NumberText.fixed(-2.346, 2) == "−2.35")
        #expect(NumberText.lowerBound(23.849, 2) == "23.84" && NumberText.lowerBound(-3.321, 2) == "−3.33")
        #expect(NumberText.fixed(nil, 2) == "—" && NumberText.fixed(.infinity, 2) == "—")
    }
}
