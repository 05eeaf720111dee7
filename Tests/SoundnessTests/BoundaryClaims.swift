import BellModel
import BellStatistics
import Glibc
import Testing

@testable import BellCertification

/// Claims of every kind at one declared error, each with the parameters at which local models pass it most easily.
struct BoundaryClaims {
    let error: Double
    let model: LocalModel
    let trials: UInt64

    /// In the order of ``names``.
    var all: [Plan.Claim] {
        get throws {
            [
                .localRealism(significance: error), .localRealism(significance: error, test: .winCount),
                .localRealism(significance: error, test: .predictionRatio, expected: 2.1),
                .probabilityEstimation(bits: Self.bits, power: .fixed(power), epsilon: error),
                .probabilityEstimation(bits: Self.bits, power: .fixed(powerOfKappa), epsilon: 0.5, kappa: error),
                try pironio, try accumulation,
            ]
        }
    }

    static let names = [
        "binomial", "win count", "prediction ratio", "probability estimation", "probability estimation with kappa",
        "Pironio", "entropy accumulation",
    ]
    /// Places in ``names`` of the claims that one more standard deviation or two make local models pass.
    static let tight = [0, 1, 2, 3]

    /// The fewest that a claim may promise.
    private static let bits = 1.0

    /// The power at which the fewest wins suffice.
    private var power: Double { easiest { $0.bits($1, epsilon: error) } }
    private var powerOfKappa: Double { easiest { $0.bits($1, epsilon: 0.5, kappa: error) } }

    private func easiest(_ value: (ProbabilityEstimation, WinCount) -> Double?) -> Double {
        var best: (wins: UInt64, power: Double) = (.max, 1)
        for exponent in stride(from: -4.0, to: 1, by: 0.02) {
            guard let factor = ProbabilityEstimation(model: model, power: pow(10, exponent)) else { continue }
            var (low, high) = (0 as UInt64, trials + 1)
            while low < high {
                let middle = (low + high) / 2
                let reached = WinCount(trials: trials, wins: middle).flatMap { value(factor, $0) } ?? .infinity
                if reached >= Self.bits { high = middle } else { low = middle + 1 }
            }
            if low < best.wins { best = (low, factor.power) }
        }
        return best.power
    }

    private static let thresholds = stride(from: 2.005, to: 2.828, by: 0.005)

    /// The least threshold with any bits.
    private var pironio: Plan.Claim {
        get throws {
            let delta = error * 0.9
            let bound = try #require(
                PironioBound(trials: trials, estimate: 2.5, leastPair: model.leastPair, delta: delta))
            let threshold = Self.thresholds.first {
                (bound.soundBits(threshold: $0, epsilonPrime: error, .exact) ?? -1) > 0
            }
            return .pironio(thresholds: [try #require(threshold)], delta: delta, epsilon: error)
        }
    }

    private var accumulation: Plan.Claim {
        get throws {
            let threshold = Self.thresholds.first {
                let bound = EntropyAccumulation(
                    trials: trials, winThreshold: Plan.Claim.winThreshold($0, model), epsilonSmooth: 0.5,
                    epsilonEvent: error, model: model, everyTrialPlayed: false)
                return (bound?.bits ?? -1) > 0
            }
            return .entropyAccumulation(threshold: try #require(threshold), smoothing: 0.5, event: error)
        }
    }
}
