import BellModel
import BellStatistics
import Testing

@testable import MockLab

/// Honest laboratories are certified: with drift, with losses within budget, and with a restart in the middle.
@Suite("Soundness: honest laboratories are certified") struct HonestLaboratoryTests {
    /// What happens to a laboratory within a campaign.
    private struct Night {
        var trials: UInt64
        /// S falls from the first to the second, arm by arm.
        var sValue = (first: 2.26, last: 2.18)
        /// Of every so many trials bob's record is lost; and a whole slice of alice's in some arm.
        var lossEvery: Int
        var lostSlices: Int

        func alter(_ laboratory: inout CheatingCampaign, _ evidence: inout ArmEvidence?) {
            guard var sent = evidence else {
                let done = Double(laboratory.nextIndex) / Double(trials)
                laboratory.drift(toSValue: sValue.first + (sValue.last - sValue.first) * done)
                if laboratory.nextIndex == trials / 2 { laboratory.restart(atTick: 5_000_000) }
                return
            }
            let arm = Int(sent.firstIndex / UInt64(sent.count))
            sent.halves.bob = sent.halves.bob.flatMap { chunk in
                chunk.without((0..<chunk.count).filter { (Int(chunk.firstIndex) + $0) % lossEvery == lossEvery / 2 })
            }
            if arm >= 3, arm < 3 + lostSlices, sent.halves.alice.count > 1 { sent.halves.alice.remove(at: 1) }
            evidence = sent
        }
    }

    private func play(_ night: Night, _ claims: [Plan.Claim], settingBias: Double = 0.0005) throws -> Ensemble.Played {
        var plan = Ensemble.plan(trials: night.trials, settingBias: settingBias, claims: claims)
        plan.trialsPerArm = 16384
        plan.trialsPerBlock = night.trials / 4
        let played = try Ensemble(plan: plan).play(seed: 11, alter: night.alter)
        let sum = played.arms.reduce(into: TrialTally()) { $0 += $1 }
        #expect(sum.trials == night.trials)
        // Nothing was lost but what the night took.
        let taken = night.trials / UInt64(night.lossEvery) + 1 + UInt64(night.lostSlices * CheatingCampaign.slice)
        #expect(sum.losses > 0 && sum.losses <= taken)
        #expect(sum.losses == sum.losses(.aliceMissing) + sum.losses(.bobMissing) + sum.losses(.bothMissing))
        return played
    }

    @Test("2^18 trials with drift, 1.4 % losses and a restart: local realism by every test, and probability estimation")
    func rejection() throws {
        let night = Night(trials: 1 << 18, lossEvery: 100, lostSlices: 1)
        let model = try #require(LocalModel(settingBias: 0.0005))
        // Registered from what is expected beforehand: S = 2.2, 2 % losses.
        let forecast = try #require(
            ProbabilityEstimation.best(
                trials: night.trials, winProbability: 0.98 * (0.5 + 2.2 / 8), model: model, epsilon: 1e-6))
        let bits = forecast.onePercentQuantile.rounded(.down)
        #expect(bits > 1000)
        let entropy = Plan.Claim.probabilityEstimation(bits: bits, power: .fixed(forecast.factor.power), epsilon: 1e-6)
        let rejections = Plan.RejectionTest.allCases.map { Plan.Claim.localRealism(significance: 1e-9, test: $0) }
        for claims in [[entropy] + rejections, rejections + [entropy]] {
            let played = try play(night, claims)
            #expect(played.certified == [true, true, true, true], "\(played.reasons)")
        }
    }

    @Test("2^21 trials with drift, 0.1 % losses and a restart: entropy accumulation")
    func accumulation() throws {
        let night = Night(trials: 1 << 21, lossEvery: 1250, lostSlices: 0)
        let played = try play(night, [.entropyAccumulation(threshold: 2.19, smoothing: 1e-6, event: 1e-6)])
        #expect(played.certified == [true], "\(played.reasons)")
    }
}
