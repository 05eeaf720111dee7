import BellModel
import Foundation
import Testing

@testable import BellStatistics

@Suite struct ProbabilityEstimationTests {
    @Test(
        "The closed form gives the known factors",
        arguments: [
            (0.001, 0, 1.001506590207998, 0.9954802293760059), (0.01, 0, 1.0150894492175382, 0.9547316523473857),
            (0.01, 0.001, 1.0150782959008102, 0.9545231338700949),
            (0.03643822665669995, 0, 1.0552223301914787, 0.8343330094255639),
            (0.1, 0.005, 1.1522771520003219, 0.5308011719969676),
        ] as [(Double, Double, Double, Double)])
    func factors(power: Double, bias: Double, win: Double, loss: Double) throws {
        let f = try #require(ProbabilityEstimation(model: model(bias), power: power))
        #expect(close(exp2(f.log2Win), win, 2e-14) && close(exp2(f.log2Loss), loss, 2e-14))
    }

    @Test("Table 1 of Pironio 2010 gives 310.576 bits at ε = 1e-6")
    func table1Bits() throws {
        let f = try #require(ProbabilityEstimation(model: .uniform, power: 0.03643822665669995))
        let count = WinCount(table1, pattern: .minusOn11)
        #expect(try abs(#require(f.bits(count, epsilon: 1e-6)) - 310.57561124880533) < 1e-7)
        #expect(try abs(#require(f.bits(count, epsilon: 1e-6, kappa: 1e-6)) + 256.35207645408616) < 1e-7)
        // Losses take the factor of a trial that was not won.
        var tally = table1
        tally.add(TrialStatus(loss: .locality), times: 10)
        let fewer = try #require(f.bits(WinCount(tally, pattern: .minusOn11), epsilon: 1e-6))
        #expect(abs(310.57561124880533 + 10 * f.log2Loss / f.power - fewer) < 1e-7)
    }

    @Test("Every row of the reference is reproduced", arguments: probabilityEstimationRows.indices)
    func rows(index: Int) throws {
        let row = probabilityEstimationRows[index]
        let w = (4 + row.s) / 8
        let best = ProbabilityEstimation.best(
            trials: row.trials, winProbability: w, model: model(row.bias), epsilon: row.epsilon)
        if row.bits == 0 {
            #expect(best == nil)
        } else {
            let best = try #require(best)
            #expect(abs(best.factor.power / row.power - 1) < 1e-3)
            #expect(abs(best.bits / row.bits - 1) < 1e-8 && abs(best.standardDeviation / row.deviation - 1) < 1e-5)
            #expect(abs(best.onePercentQuantile - (row.bits - 2.326348 * row.deviation)) < 1e-4 * row.deviation)
            let penalty = (1 + 1 / best.factor.power) * log2(1e6)
            #expect(abs(best.bits - penalty - row.kappaBits) < 1e-3 * penalty)
        }
        let goals: [(Double, Double, Double)] = [(0, row.leastTrials, 1e-10), (512, row.trialsFor512, 1.01e-3)]
        for (bits, expected, tolerance) in goals {
            let least = ProbabilityEstimation.leastTrials(
                bits: bits, winProbability: w, model: model(row.bias), epsilon: row.epsilon)
            if expected == 0 {
                #expect(least == nil)
            } else {
                #expect(try abs(#require(least) / expected - 1) < tolerance)
            }
        }
    }

    @Test("Two values are the optimum of sixteen, up to what a solver leaves", arguments: fullOptima.indices)
    func fullOptimum(index: Int) throws {
        let row = fullOptima[index]
        let w = (4 + row.s) / 8
        guard row.power > 0 else {
            // Beyond μ_max all sixteen values are 1.
            #expect(try #require(LocalModel.greatestBias(winProbability: w)) < row.bias)
            #expect(
                ProbabilityEstimation.best(
                    trials: row.trials, winProbability: w, model: model(row.bias), epsilon: 1e-6) == nil)
            return
        }
        let f = try #require(ProbabilityEstimation(model: model(row.bias), power: row.power))
        #expect(close(exp2(f.log2Win), row.win, 5e-14) && close(exp2(f.log2Loss), row.loss, 5e-14))
        let mean = w * f.log2Win + (1 - w) * f.log2Loss
        #expect(abs(mean / row.twoValues - 1) < 1e-8)
        #expect(row.sixteen <= row.twoValues * (1 + 1e-12) && row.sixteen >= row.twoValues * (1 - 3e-7))
    }

    @Test(
        "Other ε give the reference's bits",
        arguments: [
            (3016, 0.01, 764.0418450583343), (3016, 0.001, 626.6943247855921), (3016, 0.0001, 509.62902085060523),
            (1 << 20, 0.01, 73561.45546796675), (1 << 20, 0.001, 70961.56066428711),
            (1 << 20, 0.0001, 68768.52435941272),
        ] as [(UInt64, Double, Double)])
    func otherEpsilons(n: UInt64, epsilon: Double, bits: Double) throws {
        let s = n == 3016 ? 2.413793103448276 : 2.0747
        let best = try #require(
            ProbabilityEstimation.best(trials: n, winProbability: (4 + s) / 8, model: .uniform, epsilon: epsilon))
        #expect(abs(best.bits / bits - 1) < 1e-7)
    }

    // The limit is the derivative of w log2 F(win) + (1 − w) log2 F(loss) at β = 0, computed apart.
    @Test(
        "The rate grows to its limit: at 10^13 trials the reference's, at 2^48 more",
        arguments: [
            (2.0747, 0.08116162940249251, 0.08116779831605123), (2.236, 0.25642776497708997, 0.25643374032915867),
            (2.3, 0.32596919683438186, 0.32597509363876), (2.414, 0.44983987517145685, 0.4498456292214889),
        ])
    func asymptotic(s: Double, rate: Double, limit: Double) throws {
        func found(_ n: UInt64) throws -> Double {
            let best = ProbabilityEstimation.best(
                trials: n, winProbability: (4 + s) / 8, model: .uniform, epsilon: 1e-6)
            return try #require(best).bits / Double(n)
        }
        let (reference, more) = (try found(10_000_000_000_000), try found(1 << 48))
        #expect(abs(reference - rate) < 1e-7)
        #expect(more > rate && more < limit)
    }

    @Test("Fewer trials, fewer wins, a smaller ε or more bias give fewer bits")
    func monotonic() throws {
        func bits(n: UInt64 = 1 << 20, w: Double = 0.78, mu: Double = 1e-3, epsilon: Double = 1e-6) throws -> Double {
            try #require(
                ProbabilityEstimation.best(trials: n, winProbability: w, model: model(mu), epsilon: epsilon)
            ).bits
        }
        let base = try bits()
        #expect(try bits(n: 1 << 19) < base && bits(w: 0.779) < base && bits(mu: 2e-3) < base)
        #expect(try bits(epsilon: 1e-7) < base)
    }

    @Test("What a local strategy reaches certifies nothing", arguments: [0, 1e-3, 0.02, 0.1])
    func localNeverCertifies(mu: Double) {
        for n in [3016, 1 << 20, 1 << 40] as [UInt64] {
            let w = model(mu).winBound
            #expect(ProbabilityEstimation.best(trials: n, winProbability: w, model: model(mu), epsilon: 0.5) == nil)
        }
    }

    @Test("Impossible arguments give nil")
    func refused() throws {
        for power in [0, -1, 1e-10, 33, .nan, .infinity] as [Double] {
            #expect(ProbabilityEstimation(model: .uniform, power: power) == nil)
        }
        let f = try #require(ProbabilityEstimation(model: .uniform, power: 0.01))
        let count = WinCount(table1, pattern: .minusOn11)
        for bad in [0, -1, 1, Double.nan] {
            #expect(f.bits(count, epsilon: bad) == nil && f.bits(count, epsilon: 0.1, kappa: bad) == nil)
            #expect(ProbabilityEstimation.best(trials: 9, winProbability: 0.8, model: .uniform, epsilon: bad) == nil)
            #expect(
                ProbabilityEstimation.leastTrials(bits: 1, winProbability: 0.8, model: .uniform, epsilon: bad) == nil)
        }
        let many = try #require(WinCount(trials: 1 << 48 + 1, wins: 1 << 48))
        #expect(f.bits(many, epsilon: 0.1) == nil)
        for n in [0, 1 << 48 + 1] as [UInt64] {
            #expect(ProbabilityEstimation.best(trials: n, winProbability: 0.8, model: .uniform, epsilon: 0.1) == nil)
        }
        for w in [-0.1, 1.1, Double.nan] {
            #expect(ProbabilityEstimation.best(trials: 9, winProbability: w, model: .uniform, epsilon: 0.1) == nil)
        }
        for bits in [-1, 1e13, Double.nan] {
            #expect(
                ProbabilityEstimation.leastTrials(bits: bits, winProbability: 0.8, model: .uniform, epsilon: 0.1)
                    == nil)
        }
    }

    @Test("A campaign without trials or with all of them won has finite bits")
    func extremes() throws {
        let f = try #require(ProbabilityEstimation(model: .uniform, power: 0.01))
        let none = try #require(WinCount(trials: 0, wins: 0))
        let all = try #require(WinCount(trials: 1 << 48, wins: 1 << 48))
        #expect(f.bits(none, epsilon: 0.5) == -100)
        let bits = try #require(f.bits(all, epsilon: 0.5))
        #expect(bits > 0 && bits.isFinite)
    }
}
