import BellCampaign
import BellModel
import Foundation
import MockLab
import Testing

/// Not one of a thousand local laboratories gets a certificate by the plan that is shipped.
@Suite("Soundness of the shipped plan") struct ShippedPlanTests {
    @Test("No local laboratory is certified by any claim of the shipped plan")
    func none() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path = root.appendingPathComponent("Sequences/plans/bell-chsh.yaml").path
        var plan = try PlanFile(text: String(contentsOfFile: path, encoding: .utf8), source: path).plan(
            sequenceHash: .zero)
        // Of 2^20 trials; errors do not depend on their number, and a thousand campaigns end in a minute so.
        plan.trials = Quantiles.campaigns >= 1000 ? 1 << 16 : 1 << 14
        plan.trialsPerBlock = plan.trials / 2
        #expect(plan.settingBias > 0 && plan.claims.count == 1)
        let ensemble = Ensemble(plan: plan, adversary: Adversary(.predict(bias: plan.settingBias)))
        for played in try await ensemble.play(Quantiles.campaigns) {
            #expect(played.certified == [false, false])
            #expect(played.reasons.first?.contains("local realism is not rejected") == true)
        }
        // The same plan and way, and an honest laboratory.
        let honest = Ensemble(plan: plan, sValue: 2.5)
        #expect(try honest.play(seed: 1).certified.first == true)
    }
}
