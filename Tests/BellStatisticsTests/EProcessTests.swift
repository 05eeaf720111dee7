import BellModel
import Foundation
import Testing
import TestSupport

@testable import BellStatistics

@Suite struct EProcessTests {
    // pvalues of the formula by mpmath, 50 digits.
    @Test(
        "The mixture has the known value",
        arguments: [
            (3016, 2418, 0, 8.47275587049696), (1_048_576, 796_223, 0, 104.145476510392),
            (1000, 700, 0, -2.112231788641), (1, 1, 0, 0.0856457058961958), (1, 0, 0, -0.460907190310578),
            (10, 10, 0, 0.965891495713431), (100, 76, 0.01, -0.919975485585388),
            (1_048_576, 786_432, 0, -2.93233389179342), (1_048_576, 700_000, 0, -5.32021522948932),
        ] as [(UInt64, UInt64, Double, Double)])
    func value(n: UInt64, k: UInt64, tau: Double, expected: Double) {
        #expect(close(EProcess.logValue(trials: n, wins: k, model(tau)) / log(10), expected, 2e-11))
    }

    @Test("It starts at M = 1 and its maximum never falls")
    func start() {
        var process = EProcess(.uniform)
        #expect(process.log10Max == 0 && process.pValue == 1 && close(process.log10Current, 0, 1e-14))
        process.add(trials: 10, wins: 10)
        let high = process.log10Max
        #expect(close(high, 0.965891495713431, 1e-12) && process.trialsAtMax == 10 && process.winsAtMax == 10)
        process.add(trials: 1000, wins: 0)
        #expect(process.log10Max == high && process.trials == 1010 && process.wins == 10)
        #expect(process.log10Current < 0)
        #expect(close(process.pValue, pow(10, -high), 1e-12))
    }

    @Test("It is a martingale under the boundary model: the mean over the next trial is M, but for the cut")
    func martingale() {
        for (n, k) in [(0, 0), (5, 4), (50, 41), (3000, 2400), (100_000, 75_100)] as [(UInt64, UInt64)] {
            for mu in [0, 0.01, 0.1] {
                let null = model(mu)
                let now = EProcess.logValue(trials: n, wins: k, null)
                let up = exp(EProcess.logValue(trials: n + 1, wins: k + 1, null) - now)
                let down = exp(EProcess.logValue(trials: n + 1, wins: k, null) - now)
                #expect(close(null.winBound * up + null.leastPair * down, 1, 1e-8))
                // Any local strategy that wins less only makes it fall: a win always pays more than a loss.
                #expect(up >= down)
            }
        }
    }

    @Test("A local device reaches M ≥ 20 in at most 5 % of campaigns", arguments: [UInt64(7), 8])
    func typeOne(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let null = model(0.01)
        let threshold = UInt64(null.winBound * Double(1 << 53))
        var hits = 0
        for _ in 0..<300 {
            var process = EProcess(null)
            for _ in 0..<150 {
                var wins: UInt64 = 0
                for _ in 0..<16 where random.next() >> 11 < threshold { wins += 1 }
                process.add(trials: 16, wins: wins)
            }
            if process.pValue <= 0.05 { hits += 1 }
        }
        // 15 expected at most; 30 is four standard deviations above.
        #expect(hits <= 30, "seed \(seed)")
    }

    @Test("Leaving out evaluations that cannot raise the maximum changes nothing")
    func pruning() {
        var random = SplitMix(seed: 42)
        var process = EProcess(.uniform)
        var best = 0.0
        for _ in 0..<2000 {
            let won = (0..<8).reduce(UInt64(0)) { n, _ in n + (random.next() % 100 < 78 ? 1 : 0) }
            process.add(trials: 8, wins: won)
            best = max(best, EProcess.logValue(trials: process.trials, wins: process.wins, .uniform))
        }
        #expect(process.logMax == best && best > 0)
    }

    @Test("Hostile counts do not trap")
    func hostile() {
        var process = EProcess(.uniform)
        process.add(trials: 5, wins: 9)
        #expect(process.wins == 5)
        process.add(trials: .max, wins: .max)
        #expect(process.trials == 5)
        process.add(trials: .max - 5, wins: 0)
        #expect(process.log10Current == -.infinity && process.log10Max > 0)
    }
}
