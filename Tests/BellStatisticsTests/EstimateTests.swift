import BellModel
import Foundation
import Testing

@testable import BellStatistics

@Suite struct EstimateTests {
    @Test("Table 1 of Pironio 2010 gives S = 2.4145 ± 0.0581 and Î = 2.413793")
    func table1Estimates() throws {
        let chsh = try #require(CHSHEstimate(table1, pattern: .minusOn11))
        #expect(close(chsh.s, 2.4145253179422976, 1e-15))
        #expect(close(chsh.standardError, 0.05809466161480916, 1e-14))
        for (e, expected) in zip(
            chsh.correlations, [0.5638297872340425, 0.6165113182423435, 0.6237623762376238, -0.6104218362282878])
        {
            #expect(close(e, expected, 1e-15))
        }
        let wins = WinCount(table1, pattern: .minusOn11)
        #expect(wins.trials == 3016 && wins.wins == 2418)
        #expect(close(wins.probability, 0.8017241379310345, 1e-15))
        #expect(close(wins.estimate, 2.413793103448276, 1e-15))
        #expect(close(8 * wins.standardError, 0.058079346546545445, 1e-13))
        let weighted = try #require(
            WeightedEstimate(table1, pattern: .minusOn11, probabilities: [0.25, 0.25, 0.25, 0.25]))
        #expect(close(weighted.value, 2.413793103448276, 1e-15))
        #expect(close(weighted.standardError, 0.058079346546545445, 1e-13))
    }

    @Test("S needs every setting pair, and an empty tally has none")
    func emptySetting() {
        var counts = table1Counts
        for cell in 12..<16 { counts[cell] = 0 }
        #expect(CHSHEstimate(TrialTally(counts: counts) ?? table1, pattern: .minusOn11) == nil)
        let nothing = LiveStatistics(TrialTally(), pattern: .minusOn11, model: .uniform)
        #expect(nothing.chsh == nil && nothing.log10PValue == 0 && nothing.json["s"] == .null)
        #expect(WeightedEstimate(TrialTally(), pattern: .minusOn11, probabilities: [0.25, 0.25, 0.25, 0.25]) == nil)
    }

    @Test("The general Î refuses what is no distribution")
    func weightedInput() {
        for bad in [[0.25, 0.25, 0.25], [0.5, 0.5, 0.5, 0.5], [0, 0.5, 0.25, 0.25], [.nan, 0.25, 0.25, 0.25]] {
            #expect(WeightedEstimate(table1, pattern: .minusOn11, probabilities: bad) == nil)
        }
    }

    @Test(
        "Moving a sign pattern's pair and flipping outcomes there leaves S unchanged", arguments: CHSHPattern.allCases)
    func patterns(pattern: CHSHPattern) throws {
        // Permute the setting pairs so that the anticorrelated one sits where the pattern has its minus sign.
        let digits = Array(pattern.rawValue.utf8).map { Int($0) - 48 }
        let pair = 2 * digits[0] + digits[1]
        var counts = table1Counts
        for k in 0..<4 {
            counts[4 * pair + k] = table1Counts[12 + k]
            if pair != 3 { counts[12 + k] = table1Counts[4 * pair + k] }
        }
        let tally = try #require(TrialTally(counts: counts))
        let chsh = try #require(CHSHEstimate(tally, pattern: pattern))
        #expect(close(chsh.s, 2.4145253179422976, 1e-14))
        #expect(WinCount(tally, pattern: pattern).wins == 2418)
    }

    @Test("Losses lower every bound as W = 0 and leave S alone")
    func losses() throws {
        var tally = table1
        tally.add(TrialStatus(loss: .locality), times: 100)
        let (before, after) = (WinCount(table1, pattern: .minusOn11), WinCount(tally, pattern: .minusOn11))
        #expect(after.trials == 3116 && after.wins == 2418)
        #expect(close(after.estimate, 8 * 2418 / 3116 - 4, 1e-14))
        #expect(after.log10PValue(.uniform) > before.log10PValue(.uniform))
        #expect(CHSHEstimate(tally, pattern: .minusOn11) == CHSHEstimate(table1, pattern: .minusOn11))
        let weighted = try #require(
            WeightedEstimate(tally, pattern: .minusOn11, probabilities: [0.25, 0.25, 0.25, 0.25]))
        #expect(close(weighted.value, after.estimate, 1e-14))
        // The worst value belongs to the rarest pair, whichever pair a lost trial had.
        let uneven = try #require(
            WeightedEstimate(tally, pattern: .minusOn11, probabilities: [0.4, 0.2, 0.2, 0.2]))
        let without = try #require(
            WeightedEstimate(table1, pattern: .minusOn11, probabilities: [0.4, 0.2, 0.2, 0.2]))
        #expect(close(uneven.value, (without.value * 3016 - 500) / 3116, 1e-13))
    }

    @Test("A declared bias lowers the estimate and never raises it")
    func biasedEstimate() {
        let wins = WinCount(table1, pattern: .minusOn11)
        #expect(wins.estimate(.uniform) == wins.estimate || close(wins.estimate(.uniform), wins.estimate, 1e-14))
        var last = wins.estimate(.uniform)
        for mu in [1e-6, 1e-4, 1e-3, 1e-2, 0.05, 0.1] {
            let value = wins.estimate(model(mu))
            #expect(value < last)
            last = value
        }
        // The bias at which nothing is left: μ_max = ½ − √(½ − S/8) at Î = 2, that is l = 1 − w.
        let critical = 0.5 - (1 - wins.probability).squareRoot()
        #expect(close(wins.estimate(model(critical)), 2, 1e-12))
    }

    @Test("A local model refuses a bias outside 0..<½", arguments: [-0.1, 0.5, 1, .nan, .infinity])
    func impossibleBias(mu: Double) {
        #expect(LocalModel(settingBias: mu) == nil)
    }
}
