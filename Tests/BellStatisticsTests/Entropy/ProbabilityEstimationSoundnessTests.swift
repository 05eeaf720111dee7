import BellModel
import Foundation
import TestSupport
import Testing

@testable import BellStatistics

/// What an adversary does who knows which vertex each trial uses, and remembers everything.
enum Adversary: String, CaseIterable, Sendable {
    case truncatedBox, local, mixed, adaptive
}

@Suite struct ProbabilityEstimationSoundnessTests {
    static let trials = 1000
    static let campaigns = 400

    /// How many campaigns break Pr ≥ (ε ∏F)^(−1/β), with the factors of a win multiplied by `inflation`.
    static func violations(
        _ adversary: Adversary, model: LocalModel, power: Double, epsilon: Double, inflation: Double, seed: UInt64
    ) throws -> Int {
        let f = try #require(ProbabilityEstimation(model: model, power: power))
        let (win, loss) = (f.log2Win + log2(inflation), f.log2Loss)
        let weight = CHSHPolytope.boxWeight
        var random = SplitMix(seed: seed)
        var broken = 0
        for _ in 0..<campaigns {
            // log2 ∏F and log2 of the probability that the adversary gave to the outcomes.
            var (factor, known) = (0.0, 0.0)
            for _ in 0..<trials {
                let box: Bool
                switch adversary {
                case .truncatedBox: box = true
                case .local: box = false
                case .mixed: box = Bool.random(using: &random)
                // Takes risks only while behind.
                case .adaptive: box = factor + power * known < 0
                }
                // The deterministic part loses on one setting pair, which the settings hit as seldom as they can.
                let losing = Double.random(in: 0..<1, using: &random) < model.leastPair
                let u = Double.random(in: 0..<1, using: &random)
                guard box else {
                    factor += losing ? loss : win
                    continue
                }
                if losing {
                    // PR's two winning outcomes have λ/2 each, the deterministic losing one 1 − λ.
                    factor += u < weight ? win : loss
                    known += log2(u < weight ? weight / 2 : 1 - weight)
                } else {
                    factor += win
                    known += log2(u < weight / 2 ? weight / 2 : 1 - weight / 2)
                }
            }
            if power * known + factor >= -log2(epsilon) { broken += 1 }
        }
        return broken
    }

    @Test("An adversary with memory breaks the bound with probability at most ε", arguments: Adversary.allCases)
    func endToEnd(adversary: Adversary) throws {
        for (mu, seed) in [(0, 11), (0.01, 12)] as [(Double, UInt64)] {
            let broken = try Self.violations(
                adversary, model: model(mu), power: 0.03, epsilon: 0.05, inflation: 1, seed: seed)
            // ε of 400 is 20; the true rates are about a fifth of ε.
            #expect(broken <= 20, "seed \(seed)")
        }
    }

    @Test("The same harness notices a factor that is 1 % too large")
    func inflated() throws {
        let broken = try Self.violations(
            .local, model: .uniform, power: 0.03, epsilon: 0.05, inflation: 1.01, seed: 13)
        #expect(broken > 40)
    }
}
