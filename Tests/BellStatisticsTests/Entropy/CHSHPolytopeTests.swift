import BellModel
import Foundation
import TestSupport
import Testing

@testable import BellStatistics

/// P(ab|xy) of a real two-qubit state, real projective measurements: every CHSH value is reached by one of these.
func quantumBehaviour(using random: inout SplitMix) -> [Double] {
    var angles = (0..<4).map { _ in Double.random(in: 0..<Double.pi, using: &random) }
    var state = (0..<4).map { _ in Double.random(in: -1...1, using: &random) }
    if Bool.random(using: &random) {
        // Near the states and angles of the largest violation.
        let (e, t) = (Double.random(in: 0...0.8, using: &random), Double.random(in: 0...0.8, using: &random))
        state = [cos(e), 0, 0, sin(e)]
        let noise = Bool.random(using: &random) ? 0.05 : 0
        angles = [0, t, t / 2, -t / 2].map { $0 + noise * Double.random(in: -1...1, using: &random) }
    }
    let norm = state.reduce(0) { $0 + $1 * $1 }
    return (0..<16).map { cell in
        let (x, y, a, b) = (cell >> 3, cell >> 2 & 1, cell >> 1 & 1, cell & 1)
        let (s, t) = (angles[x] + Double(a) * .pi / 2, angles[2 + y] + Double(b) * .pi / 2)
        let amplitude =
            cos(s) * (cos(t) * state[0] + sin(t) * state[1]) + sin(s) * (cos(t) * state[2] + sin(t) * state[3])
        return amplitude * amplitude / norm
    }
}

/// E[F · P^β] of one behaviour, the greatest over the settings laws.
private func greatestMean(_ p: [Double], _ factor: ProbabilityEstimation) -> Double {
    let byPair = (0..<4).map { pair in
        (0..<4).reduce(0.0) { sum, outcome in
            let cell = 4 * pair + outcome
            let f = CHSHPolytope.isWin[cell] ? factor.log2Win : factor.log2Loss
            return sum + exp2(f) * pow(p[cell], 1 + factor.power)
        }
    }
    return CHSHPolytope.settingsLaws(factor.model)
        .map { zip($0, byPair).reduce(0) { $0 + $1.0 * $1.1 } }.max() ?? .infinity
}

/// The eight CHSH values of a behaviour.
private func values(_ p: [Double]) -> [Double] {
    (0..<8).map { box in
        (0..<16).reduce(0) { sum, cell in
            let (x, y, a, b) = (cell >> 3, cell >> 2 & 1, cell >> 1 & 1, cell & 1)
            return a ^ b == (x & y) ^ (box & x) ^ (box >> 1 & y) ^ (box >> 2) ? sum + p[cell] : sum - p[cell]
        }
    }
}

@Suite struct CHSHPolytopeTests {
    @Test("The 80 vertices are distinct, normalised, no-signalling and within Tsirelson's bounds")
    func vertices() {
        let all = CHSHPolytope.vertices
        #expect(all.count == 80)
        #expect(Set(all.map { $0.map { Int(($0 * 1e9).rounded()) } }).count == 80)
        let tsirelson = 2 * 2.0.squareRoot()
        var extremes = 0
        for p in all {
            #expect(p.min() ?? -1 >= 0)
            for pair in 0..<4 { #expect(abs(p[(4 * pair)..<(4 * pair + 4)].reduce(0, +) - 1) < 1e-15) }
            for z in 0..<2 {
                // Alice's marginal at x = z for both y, and Bob's at y = z for both x.
                #expect(abs(p[8 * z] + p[8 * z + 1] - p[8 * z + 4] - p[8 * z + 5]) < 1e-15)
                #expect(abs(p[4 * z] + p[4 * z + 2] - p[8 + 4 * z] - p[8 + 4 * z + 2]) < 1e-15)
            }
            let largest = values(p).max() ?? 0
            #expect(largest <= tsirelson + 1e-14)
            if largest > tsirelson - 1e-14 { extremes += 1 }
        }
        #expect(extremes == 64)
    }

    @Test("Settings have 12 extreme laws, 4 if independent, one if uniform; each keeps to the bias")
    func laws() {
        #expect(CHSHPolytope.settingsLaws(.uniform) == [[0.25, 0.25, 0.25, 0.25]])
        for mu in [1e-4, 0.01, 0.2, 0.49] {
            #expect(CHSHPolytope.settingsLaws(model(mu), independent: true).count == 4)
            let laws = CHSHPolytope.settingsLaws(model(mu))
            #expect(laws.count == 12)
            for law in laws {
                #expect(abs(law.reduce(0, +) - 1) < 1e-15)
                #expect(law.allSatisfy { $0 >= model(mu).leastPair - 1e-15 })
                #expect(abs(law[2] + law[3] - 0.5) <= mu + 1e-15 && abs(law[1] + law[3] - 0.5) <= mu + 1e-15)
            }
        }
    }

    @Test("No vertex exceeds a mean of 1, at any power and bias; where no factor works, F = 1")
    func everyVertex() throws {
        var trivial = 0
        for mu in [0, 1e-6, 1e-4, 1e-3, 0.01, 0.05, 0.1, 0.117, 0.2, 0.4, 0.499] {
            for power in [1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 32] {
                let f = try #require(ProbabilityEstimation(model: model(mu), power: power))
                let (win, loss) = (exp2(f.log2Win), exp2(f.log2Loss))
                let mean = CHSHPolytope.greatestMean(win: win, loss: loss, power: power, model: model(mu))
                let isTrivial = f.log2Win == 0 && f.log2Loss == 0
                if isTrivial { trivial += 1 }
                #expect(mean <= (isTrivial ? 1 + 1e-15 : 1) && loss <= win, "μ = \(mu), β = \(power)")
            }
        }
        // From a power of 3 on the loss's factor would be negative, and with a large bias far earlier.
        #expect(trivial >= 2 * 11 && trivial < 6 * 11)
        let wrong = CHSHPolytope.greatestMean(
            win: 1.0553, loss: 0.8343330094, power: 0.03643822665669995, model: .uniform)
        #expect(wrong > 1, "The check must notice a factor that is too large in the fifth digit.")
    }

    @Test("Random two-qubit behaviours never exceed a mean of 1", arguments: [7, 8] as [UInt64])
    func randomQuantum(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let points: [(Double, Double)] = [
            (0.0019861840180497247, 0), (0.0005, 1e-3), (0.0364, 5e-3), (0.3, 0), (0.1, 0.05),
        ]
        var factors: [ProbabilityEstimation] = []
        for (power, mu) in points {
            factors.append(try #require(ProbabilityEstimation(model: model(mu), power: power)))
        }
        var (greatest, strongest) = (0.0, 0.0)
        for _ in 0..<5000 {
            let p = quantumBehaviour(using: &random)
            strongest = max(strongest, values(p).max() ?? 0)
            for factor in factors { greatest = max(greatest, greatestMean(p, factor)) }
        }
        #expect(greatest <= 1 && greatest > 0.99)
        #expect(strongest > 2.8 && strongest <= 2 * 2.0.squareRoot() + 1e-12)
    }
}
