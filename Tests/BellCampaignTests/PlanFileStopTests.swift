import BellModel
import Testing

@testable import BellCampaign

@Suite struct PlanFileStopTests {
    private static let estimation =
        "claim: min-entropy-probability-estimation, bits: 50000, power: 0.002, epsilon: 1.0e-6"
    private static let accumulation =
        "claim: min-entropy-entropy-accumulation, threshold: 2.2, smoothing: 1.0e-6, event: 1.0e-6"
    private static let pironio = "claim: min-entropy-pironio, threshold: 2.2, delta: 1.0e-12, epsilon: 1.0e-6"
    private static func realism(_ more: String) -> String {
        "claim: local-realism-rejected, significance: 1.0e-9\(more)"
    }

    private static func text(_ headline: String, claims: String = "", stop: String = "stop: {when: headline}") -> String
    {
        """
        plan: test
        sequence: s.yaml
        trials: 1000
        chsh:
          minus_on: "11"
        setting_bias: 0.001
        headline: {\(headline)}
        \(claims.isEmpty ? "" : "claims: [{\(claims)}]")
        \(stop)

        """
    }

    @Test(
        "a stop rule is read with claims that hold whenever one stops",
        arguments: [estimation, realism(", test: win-count"), realism(", test: prediction-ratio, expected: 2.2")])
    func allowed(headline: String) throws {
        for claims in ["", Self.estimation, Self.realism(", test: win-count")] {
            let file = try PlanFile(text: Self.text(headline, claims: claims), source: "p")
            #expect(file.plan(sequenceHash: .zero).stop == .headline)
        }
        let without = try PlanFile(text: Self.text(headline, stop: ""), source: "p")
        #expect(without.plan(sequenceHash: .zero).stop == nil)
    }

    @Test(
        "with a claim that needs a fixed n it is refused: which one, why, and what to choose",
        arguments: [
            (realism(""), "", "the headline (local-realism-rejected, test: binomial)"),
            (pironio, "", "the headline (min-entropy-pironio)"),
            (accumulation, "", "the headline (min-entropy-entropy-accumulation)"),
            (estimation, realism(""), "claim 1 (local-realism-rejected, test: binomial)"),
            (estimation, pironio, "claim 1 (min-entropy-pironio)"),
            (realism(", test: win-count"), accumulation, "claim 1 (min-entropy-entropy-accumulation)"),
        ])
    func refused(headline: String, claims: String, which: String) {
        let error = #expect(throws: BellError.self) {
            try PlanFile(text: Self.text(headline, claims: claims), source: "p")
        }
        #expect(error?.place?.contains("stop.when = headline") == true, "\(error?.place ?? "")")
        #expect(error?.what.contains(which) == true, "\(error?.what ?? "")")
        #expect(error?.what.contains("fixed before the first one") == true)
        #expect(error?.fix?.contains("test: win-count or prediction-ratio") == true)
    }

    @Test(
        "another rule is refused where it stands",
        arguments: [
            ("stop: {when: tuesday}", "stop.when = tuesday"), ("stop: {}", "stop"), ("stop: headline", "stop"),
            ("stop: {when: headline, least: 10}", "stop.least"), ("stop: [headline]", "stop"),
        ])
    func unknown(stop: String, place: String) {
        let error = #expect(throws: BellError.self) {
            try PlanFile(text: Self.text(Self.estimation, stop: stop), source: "p")
        }
        let places = error.map { [$0] + $0.others }?.compactMap(\.place) ?? []
        #expect(places.contains { $0.contains(place) }, "\(places)")
    }
}
