import Glibc
import Testing

@testable import BellStatistics

@Suite struct ProbabilityEstimationTrainingTests {
    @Test(
        "the chosen power gives within 2e-3 of the bits that the best one gives, of those known from the reference",
        arguments: probabilityEstimationRows.indices)
    func near(_ index: Int) throws {
        let row = probabilityEstimationRows[index]
        guard let model = LocalModel(settingBias: row.bias) else { return }
        let best = ProbabilityEstimation.best(
            trials: row.trials, winProbability: (4 + row.s) / 8, model: model, epsilon: row.epsilon)
        let training = try #require(
            WinCount(trials: 1 << 40, wins: UInt64((Double(1 << 40) * (4 + row.s) / 8).rounded())))
        let chosen = ProbabilityEstimation.trained(
            on: training, remaining: row.trials, model: model, epsilon: row.epsilon)
        guard let best, best.bits > 1 else {
            #expect((chosen == nil) == (best == nil))
            return
        }
        let factor = try #require(chosen)
        let n = Double(row.trials)
        let bits =
            (n * (training.probability * factor.log2Win + (1 - training.probability) * factor.log2Loss)
                + log2(row.epsilon)) / factor.power
        // Around the top bits fall with the square of the power's logarithm, which is off by ln 2/32 at most.
        let penalty = -log2(row.epsilon) / best.factor.power
        #expect(bits <= best.bits * (1 + 1e-9) && bits >= best.bits - 2e-3 * penalty, "\(bits) of \(best.bits)")
        #expect((log2(factor.power) * 16).rounded() == log2(factor.power) * 16)
    }

    @Test(
        "outcomes that somebody knows pass with probability ε at most, whatever the training was made to look like",
        arguments: [0.0, 0.01])
    func sound(bias: Double) throws {
        let model = try #require(LocalModel(settingBias: bias))
        var powers: Set<Double> = []
        for epsilon in [0.05, 1e-3] {
            for won in stride(from: 700, through: 1000, by: 10) {
                let training = try #require(WinCount(trials: 1000, wins: UInt64(won)))
                let remaining: UInt64 = 5000
                guard
                    let factor = ProbabilityEstimation.trained(
                        on: training, remaining: remaining, model: model, epsilon: epsilon)
                else { continue }
                powers.insert(factor.power)
                // The fewest wins with any bits, which a local strategy reaches with a binomial probability.
                let least =
                    (-log2(epsilon) - Double(remaining) * factor.log2Loss) / (factor.log2Win - factor.log2Loss)
                guard least <= Double(remaining) else { continue }
                let count = try #require(WinCount(trials: remaining, wins: UInt64(least.rounded(.up))))
                #expect(try #require(factor.bits(count, epsilon: epsilon)) >= 0)
                #expect(count.log10PValue(model) <= log10(epsilon), "\(won) \(epsilon)")
            }
        }
        #expect(powers.count > 10)
    }

    @Test("a training without a violation, and arguments out of range, choose no power")
    func none() throws {
        func trained(_ trials: UInt64, _ wins: UInt64, _ remaining: UInt64, _ epsilon: Double) throws -> Bool {
            let count = try #require(WinCount(trials: trials, wins: wins))
            return ProbabilityEstimation.trained(on: count, remaining: remaining, model: .uniform, epsilon: epsilon)
                != nil
        }
        #expect(try trained(10_000, 8000, 1_000_000, 1e-6))
        #expect(!(try trained(10_000, 7500, 1_000_000, 1e-6)))
        #expect(!(try trained(10_000, 8000, 100, 1e-6)))
        #expect(try trained(1, 1, 1000, 1e-6))
        for (trials, remaining) in [(0, 5), (5, 0), (1 << 48, 1), (1, 1 << 48), (1 << 63, 1 << 63)]
            as [(UInt64, UInt64)]
        {
            #expect(!(try trained(trials, trials, remaining, 0.1)))
        }
        for epsilon in [0, 1, -1, Double.nan] { #expect(!(try trained(10_000, 8000, 1_000_000, epsilon))) }
    }
}
