import BellModel
import BellStatistics
import MockLab
import Testing

@testable import BellCertification

/// Honest laboratories have to be certified, whatever is in the way of a cheating one.
@Suite("Certificates of honest laboratories")
struct HonestCertificateTests {
    @Test("An honest laboratory is certified at 2^18 trials", arguments: [UInt64(1), 2, 3])
    func honest(seed: UInt64) throws {
        for (bias, headline) in [
            (0.001, Plan.Claim.localRealism(significance: 1e-9)),
            (0.001, try AttackCampaign.probabilityEstimation(bias: 0.001)),
        ] {
            var campaign = AttackCampaign(nil, bias: bias, headline: headline)
            campaign.seed = seed
            campaign.plan.claims = try AttackCampaign.everyClaim(bias: bias).filter {
                if case .entropyAccumulation = $0 { false } else { true }
            }
            let certificate = try campaign.certificate()
            #expect(certificate.verdict == .certified && certificate.exitCode == .ok, "\(certificate.reasons)")
            let holds = certificate.findings.claims.map(\.holds)
            #expect(!holds.contains(false), "\(holds)")
            #expect(try Certificate(parsing: certificate.fileBytes, source: "it").verdict == .certified)
        }
    }

    @Test("Drift, losses within budget and a restart in the middle do not stand against it")
    func troubled() throws {
        var campaign = AttackCampaign(nil)
        campaign.drift = 20e-6
        campaign.change = { arm in
            let number = Int(arm.firstIndex) / AttackCampaign.trialsPerArm
            // Bob restarts in arm 5: three chunks never come, and he has a new boot from then on.
            if number == 5 { arm.halves.bob.removeSubrange(6..<9) }
            for place in arm.halves.bob.indices where number > 5 || number == 5 && place >= 6 {
                arm.halves.bob[place].bootID = 4
            }
            // Alice's digitiser saturates now and then.
            var records = TrialRecord.all(in: arm.halves.alice[0].records)
            for place in stride(from: 0, to: records.count, by: 100) { records[place].flags.insert(.saturated) }
            arm.halves.alice[0].records = TrialRecord.bytes(of: records)
        }
        for headline in [Plan.Claim.localRealism(significance: 1e-9), try AttackCampaign.probabilityEstimation()] {
            campaign.plan.headline = headline
            if case .probabilityEstimation(let bits, let power, let epsilon, _) = headline {
                // A plan that expects 1.5 % of losses registers as much less.
                campaign.plan.headline = .probabilityEstimation(
                    bits: (bits * 0.25).rounded(.down), power: power, epsilon: epsilon)
            }
            let certificate = try campaign.certificate()
            #expect(certificate.verdict == .certified, "\(certificate.reasons)")
            #expect(certificate.tally.losses(.bobMissing) == 3072 && certificate.tally.losses(.unhealthy) > 150)
            // More than the share that would be named if the claim failed.
            #expect(certificate.findings.losses.noticeable.count == 1 && certificate.reasons.isEmpty)
        }
    }

    @Test("Entropy accumulation as the headline at 2^21 trials with 0.1 % of losses is certified")
    func accumulation() throws {
        var campaign = AttackCampaign(
            nil, headline: .entropyAccumulation(threshold: 2.2, smoothing: 1e-6, event: 1e-6))
        campaign.trials = 1 << 21
        campaign.change = { arm in
            var records = TrialRecord.all(in: arm.halves.bob[9].records)
            for place in 0..<16 { records[place].flags.insert(.missedTrigger) }
            arm.halves.bob[9].records = TrialRecord.bytes(of: records)
        }
        let certificate = try campaign.certificate()
        #expect(certificate.verdict == .certified, "\(certificate.reasons)")
        #expect(certificate.tally.losses == 2048)
        let item = try #require(certificate.summarised("freedom-of-choice"))
        let bits = try #require(item["bits"]?.arrayValue)
        #expect(bits.count == 3 && bits[0].doubleValue ?? 0 > 50_000, "\(bits)")
        #expect(item["by"] == "min-entropy-entropy-accumulation")
        #expect(item["words"]?.stringValue?.contains(" bits at μ = 0, ") == true, "\(item)")
    }
}
