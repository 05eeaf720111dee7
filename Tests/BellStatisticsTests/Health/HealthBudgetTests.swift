import BellModel
import Glibc
import Testing
import TestSupport

@testable import BellStatistics

@Suite struct HealthBudgetTests {
    // NIST SP 800-90B, 4.4.1 and 4.4.2: C = 1 + ⌈−log2 α / H⌉ and 1 + critbinom(1024, 2^−H, 1 − α), by scipy.
    @Test(
        "Cut-offs are the standard's at its α, but that a window's first bit equals itself",
        arguments: [(1, 21, 589), (0.99, 22, 593), (0.9, 24, 625), (0.5, 41, 793)] as [(Double, UInt64, UInt64)])
    func standard(minEntropy: Double, repetition: UInt64, proportion: UInt64) throws {
        let alpha = pow(2.0, -20)
        let p = pow(2.0, -minEntropy)
        let bits = model(p - 0.5)
        #expect(RepetitionCount.cutoff(alpha: alpha, bits) == repetition)
        // The standard's own formula, with the tail that is used here.
        func tail(_ count: UInt64) -> Double { Binomial.logUpperTail(successes: count, trials: 1024, p: p, q: 1 - p) }
        #expect(tail(proportion) <= log(alpha) && tail(proportion - 1) > log(alpha))
        let ours = AdaptiveProportion.cutoff(alpha: alpha, bits)
        #expect(ours == proportion || ours == proportion + 1)
        let exact = Binomial.logUpperTail(successes: ours - 1, trials: 1023, p: p, q: 1 - p)
        let below = Binomial.logUpperTail(successes: ours - 2, trials: 1023, p: p, q: 1 - p)
        #expect(exact <= log(alpha) && below > log(alpha))
    }

    @Test("At α = 2^-40 a run of 41 fair bits is too long")
    func forty() {
        #expect(RepetitionCount.cutoff(alpha: pow(2.0, -40), .uniform) == 41)
    }

    @Test("A campaign of 4.5e8 trials has a quarter of the budget for each test of each node")
    func campaign() {
        let budget = HealthBudget(trials: 450_000_000, .uniform)
        // log2(4.5e8 / 2.5e-4) = 40.7.
        #expect(budget.repetition == 42)
        let windows = 439_454.0
        let tail = Binomial.logUpperTail(successes: budget.proportion - 1, trials: 1023, p: 0.5, q: 0.5)
        #expect(windows * exp(tail) <= 2.5e-4 && windows * exp(tail) > 1e-4)
        #expect(budget.falseAlarms == 1e-3)
    }

    @Test("Every campaign has cut-offs: one trial, the most trials, no bias, nearly ½")
    func boundaries() {
        // One bit can fail nothing: both cut-offs are beyond it.
        let one = HealthBudget(trials: 1, .uniform)
        #expect(one.repetition == 13 && one.proportion > 512 && one == HealthBudget(trials: 0, .uniform))
        let most = HealthBudget(trials: 1 << 48, .uniform)
        #expect(most.repetition == 61 && most.proportion < 1024)
        for mu in [0.4, 0.499, 0.5 - 1e-9, 0.5 - 0x1p-53] {
            let budget = HealthBudget(trials: 1 << 20, model(mu))
            #expect(budget.repetition > 100 && budget.repetition <= 1 << 63 && budget.proportion <= 1025)
        }
        #expect(HealthBudget(trials: 1 << 20, model(0.4999)).proportion == 1025)
    }

    @Test("More trials, a larger bias and a smaller budget never lower a cut-off")
    func monotone() {
        func holds(_ a: HealthBudget, _ b: HealthBudget) -> Bool {
            a.repetition <= b.repetition && a.proportion <= b.proportion
        }
        for (i, n) in [UInt64(1), 1024, 1025, 1 << 16, 1 << 18, 1 << 30].enumerated() {
            for mu in [0, 0.0005, 0.01, 0.1, 0.3] {
                let here = HealthBudget(trials: n, model(mu))
                #expect(holds(here, HealthBudget(trials: n * 2, model(mu))), "\(i)")
                #expect(holds(here, HealthBudget(trials: n, model(mu + 0.01))), "\(i)")
                #expect(holds(here, HealthBudget(trials: n, model(mu), falseAlarms: 1e-6)), "\(i)")
            }
        }
    }
}
