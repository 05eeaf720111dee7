import BellModel
import Glibc
import Testing
import TestSupport

@testable import BellStatistics

@Suite struct StopRuleTests {
    static func plan(_ headline: Plan.Claim, stop: Plan.Stop? = .headline) -> Plan {
        Plan(
            name: "rule", trials: 1 << 20, trialsPerArm: 256, trialsPerBlock: 1024, pattern: .minusOn11,
            inputBits: .board, hostBits: nil, settingBias: 0, localityK: 5, headline: headline, claims: [],
            pool: .public, onRestart: .resume, sequence: "s", sequenceHash: .zero, stop: stop)
    }

    static let headlines: [Plan.Claim] = [
        .localRealism(significance: 0.05, test: .winCount), .localRealism(significance: 0.05, test: .predictionRatio),
        .probabilityEstimation(bits: 1, power: 0.03, epsilon: 0.05),
    ]

    /// 256 trials of a = b = 0 with uniform settings: won unless x = y = 1, which is the local bound.
    private static func localArm(_ random: inout SplitMix) -> TrialTally {
        var tally = TrialTally()
        for _ in 0..<4 {
            let (x, y) = (random.next(), random.next())
            for (cell, word) in [(0, ~x & ~y), (1, ~x & y), (2, x & ~y), (3, x & y)] {
                tally.add(
                    TrialStatus(x: UInt8(cell >> 1), y: UInt8(cell & 1), a: 0, b: 0),
                    times: UInt64(word.nonzeroBitCount))
            }
        }
        return tally
    }

    /// How many campaigns of at most 16 blocks a local model gets certified by stopping when `isMet` says so.
    private static func certified(
        _ campaigns: Int, seed: UInt64, _ begin: () -> StopRule?,
        isMet: (StopRule, WinCount) -> Bool = { rule, _ in rule.isMet }
    ) throws -> Int {
        var random = SplitMix(seed: seed)
        let first = try #require(begin())
        return (0..<campaigns).reduce(0) { certified, _ in
            var (rule, tally) = (first, TrialTally())
            for _ in 0..<16 {
                for _ in 0..<4 {
                    let arm = localArm(&random)
                    rule.add(arm)
                    tally += arm
                }
                if isMet(rule, WinCount(tally, pattern: .minusOn11)) { return certified + 1 }
            }
            return certified
        }
    }

    /// The least k with P[Bin(n, p) ≤ k] ≥ 0.999.
    private static func quantile(_ n: Int, _ p: Double) -> Int {
        var sum = 0.0
        for k in 0...n {
            let ways = lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1))
            sum += exp(ways + Double(k) * log(p) + Double(n - k) * log(1 - p))
            if sum >= 0.999 { return k }
        }
        return n
    }

    @Test(
        "local models that stop at a lucky moment are certified no oftener than declared",
        arguments: 0..<3)
    func soundness(headline: Int) throws {
        let found = try Self.certified(1000, seed: 0x5709 + UInt64(headline)) {
            StopRule(Self.plan(Self.headlines[headline]))
        }
        #expect(found <= Self.quantile(1000, 0.05), "\(found) of 1000")
    }

    @Test("the same campaigns with a p-value of a fixed n, looked at after each block, are certified far too often")
    func wrongRule() throws {
        let found = try Self.certified(1000, seed: 0x5709, { StopRule(Self.plan(Self.headlines[0])) }) { _, count in
            count.log10PValue(.uniform) <= log10(0.05)
        }
        #expect(found > Self.quantile(1000, 0.05), "\(found)")
        #expect(Self.quantile(1000, 0.05) == 73)
    }

    @Test("a rule is met where its own process says so, at a block's end, and stays met there", arguments: 0..<3)
    func same(headline: Int) throws {
        let plan = Self.plan(Self.headlines[headline])
        var (rule, random) = (try #require(StopRule(plan)), SplitMix(seed: 3))
        var (process, ratio) = (EProcess(.uniform), PredictionRatio(plan))
        let factor = try #require(ProbabilityEstimation(model: .uniform, power: 0.03))
        var expected: UInt64?
        for block in 0..<20 {
            for _ in 0..<4 {
                var arm = Self.localArm(&random)
                // Some quantum luck: S is about 2.3.
                arm.add(TrialStatus(x: 0, y: 0, a: 1, b: 1), times: 60)
                rule.add(arm)
                process.add(arm, pattern: .minusOn11)
                ratio.add(arm)
            }
            let count = try #require(WinCount(trials: process.trials, wins: process.wins))
            let isMet = [
                process.pValue <= 0.05, ratio.log10PValue <= log10(0.05),
                (factor.bits(count, epsilon: 0.05) ?? 0) >= 1,
            ][headline]
            #expect(rule.isMet == isMet, "block \(block)")
            rule.endBlock()
            if isMet, expected == nil { expected = process.trials }
            #expect(rule.metAt == expected)
        }
        #expect(expected != nil)
    }

    @Test("losses are taken as trials that were not won")
    func losses() throws {
        for headline in Self.headlines {
            var (won, lost) = (try #require(StopRule(Self.plan(headline))), try #require(StopRule(Self.plan(headline))))
            var (wins, losses) = (TrialTally(), TrialTally())
            for cell in UInt8(0)..<4 {
                let status = TrialStatus(x: cell >> 1, y: cell & 1, a: 0, b: cell == 3 ? 1 : 0)
                wins.add(status, times: 100)
                losses.add(status, times: 70)
            }
            losses.add(TrialStatus(loss: .bothMissing), times: 120)
            for _ in 0..<4 {
                won.add(wins)
                lost.add(losses)
            }
            #expect(won.isMet && !lost.isMet, "\(headline)")
        }
    }

    @Test("there is no rule without one in the plan, or for a headline of a fixed n")
    func none() {
        for headline in Self.headlines { #expect(StopRule(Self.plan(headline, stop: nil)) == nil) }
        for claim: Plan.Claim in [
            .localRealism(significance: 0.05), .localRealism(significance: 2, test: .winCount),
            .pironio(thresholds: [2.2], delta: 1e-12, epsilon: 1e-6),
            .entropyAccumulation(threshold: 2.2, smoothing: 1e-6, event: 1e-6),
            .probabilityEstimation(bits: 10, power: 99, epsilon: 1e-6),
        ] { #expect(StopRule(Self.plan(claim)) == nil, "\(claim)") }
    }
}
