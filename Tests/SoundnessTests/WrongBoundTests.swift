import BellModel
import BellStatistics
import Glibc
import MockLab
import Testing

/// The harness has power: what is wrong is certified more often than was declared.
@Suite("Soundness: wrong bounds are found") struct WrongBoundTests {
    private static let trials = SoundnessTests.trials

    @Test(
        "A bias that was declared too small is found, by each claim that a little more wins fool",
        arguments: [(0.02, BoundaryClaims.tight), (0.13, Array(BoundaryClaims.names.indices))])
    func underDeclaredBias(bias: Double, claims: [Int]) async throws {
        var ensemble = try SoundnessTests.ensemble(.memoryForWins)
        #expect(ensemble.plan.settingBias == 0)
        ensemble.adversary = Adversary(.predict(bias: bias))
        let played = try await ensemble.play(Quantiles.campaigns)
        Quantiles.tell("declared 0, foreseen with \(bias): \(SoundnessTests.counts(played))")
        for place in claims {
            for (which, error) in SoundnessTests.errors.enumerated() {
                let count = SoundnessTests.count(played, claim: place, error: which)
                #expect(count > Quantiles.most(error), "\(BoundaryClaims.names[place]) at \(error)")
            }
        }
    }

    @Test("A p-value for fixed n that is looked at after every arm is found; the e-processes of the same arms are not")
    func optionalStopping() async throws {
        // Fewer would not tell one in ten from one in a hundred.
        let campaigns = max(Quantiles.campaigns, 100)
        let played = try await SoundnessTests.ensemble(.memoryForWins).play(campaigns)
        for (which, error) in SoundnessTests.errors.enumerated() {
            let wrong = try played.count { try Self.leastPValue($0.arms) <= error }
            Quantiles.tell("the best p-value of all arms at \(error): \(wrong)")
            #expect(wrong > Quantiles.most(error, of: campaigns), "at \(error)")
            for place in 1...2 {
                let right = SoundnessTests.count(played, claim: place, error: which)
                #expect(right <= Quantiles.most(error, of: campaigns))
            }
        }
    }

    /// The least binomial p-value at any arm's end.
    private static func leastPValue(_ arms: [TrialTally]) throws -> Double {
        var (sum, least) = (TrialTally(), 1.0)
        for arm in arms {
            sum += arm
            least = min(least, try pValue(trials: sum.trials, wins: sum.wins(.minusOn11)))
        }
        return least
    }

    private static func pValue(trials: UInt64, wins: UInt64) throws -> Double {
        pow(10, try #require(WinCount(trials: trials, wins: wins)).log10PValue(.uniform))
    }

    @Test("Losses that are left out of n are found", arguments: Adversary.Loss.allCases)
    func discardedLosses(loss: Adversary.Loss) async throws {
        var ensemble = try SoundnessTests.ensemble(.lose)
        ensemble.adversary = Adversary(.lose(loss))
        let played = try await ensemble.play(Quantiles.campaigns)
        for (which, error) in SoundnessTests.errors.enumerated() {
            let wrong = try played.count { one in
                let sum = one.arms.reduce(into: TrialTally()) { $0 += $1 }
                return try Self.pValue(trials: sum.valid, wins: sum.wins(.minusOn11)) <= error
            }
            #expect(wrong > Quantiles.most(error))
            #expect(SoundnessTests.count(played, claim: 0, error: which) <= Quantiles.most(error))
        }
    }
}
