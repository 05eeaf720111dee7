import BellModel
import BellYAML
import Testing

@testable import BellCampaign

@Suite struct PlanFileClaimsTests {
    private static func text(
        headline: String, more: String = "", bias: String = "0.001", trials: String = "1000"
    ) -> String {
        """
        plan: test
        sequence: s.yaml
        trials: \(trials)
        chsh:
          minus_on: "11"
        setting_bias: \(bias)
        headline: {\(headline)}
        \(more)

        """
    }

    private static let accumulation =
        "claim: min-entropy-entropy-accumulation, threshold: 2.2, smoothing: 1.0e-6, event: 1.0e-6"
    private static let estimation =
        "claim: min-entropy-probability-estimation, bits: 50000, power: 0.002, epsilon: 1.0e-6"

    private func headline(_ text: String) throws -> Plan.Claim {
        try PlanFile(text: Self.text(headline: text), source: "p").plan(sequenceHash: .zero).headline
    }

    @Test("every claim of the table in docs/plans.md is read")
    func read() throws {
        #expect(try headline(Self.accumulation) == .entropyAccumulation(threshold: 2.2, smoothing: 1e-6, event: 1e-6))
        #expect(try headline(Self.estimation) == .probabilityEstimation(bits: 50_000, power: 0.002, epsilon: 1e-6))
        #expect(
            try headline(Self.estimation + ", kappa: 1.0e-3")
                == .probabilityEstimation(bits: 50_000, power: 0.002, epsilon: 1e-6, kappa: 1e-3))
        #expect(
            try headline("claim: min-entropy-pironio, thresholds: [2.05, 2.1], delta: 1.0e-12, epsilon: 1.0e-6")
                == .pironio(thresholds: [2.05, 2.1], delta: 1e-12, epsilon: 1e-6))
        #expect(
            try headline("claim: local-realism-rejected, significance: 1.0e-9, test: win-count")
                == .localRealism(significance: 1e-9, test: .winCount))
        let bet = "claim: local-realism-rejected, significance: 1.0e-9, test: prediction-ratio, expected: 2.2"
        #expect(try headline(bet) == .localRealism(significance: 1e-9, test: .predictionRatio, expected: 2.2))
        expect(
            Self.text(headline: bet.replacing("prediction-ratio", with: "binomial")), "headline.expected", "Only the")
        expect(Self.text(headline: bet.replacing("2.2", with: "3")), "headline.expected = 3", "out of range")
    }

    @Test(
        "bad claims are refused where they stand",
        arguments: [
            ("threshold: 2.2", "threshold: 2.0", "headline.threshold = 2.0", "not between 2 and 2√2"),
            ("threshold: 2.2", "threshold: 2.9", "headline.threshold = 2.9", "out of range"),
            ("threshold: 2.2", "threshold: .nan", "headline.threshold = .nan", ""),
            ("threshold: 2.2", "threshold: nan", "headline.threshold = nan", ""),
            ("smoothing: 1.0e-6", "smoothing: 0", "headline.smoothing = 0", "out of range"),
            ("smoothing: 1.0e-6", "smoothing: 0.6", "headline.smoothing = 0.6", "out of range"),
            ("event: 1.0e-6", "event: -1", "headline.event = -1", "out of range"),
            (", event: 1.0e-6", "", "headline.event", "missing"),
            ("event: 1.0e-6", "event: 1.0e-6, delta: 1.0e-6", "headline.delta", "Unknown key"),
            ("claim: min-entropy-entropy-accumulation", "claim: truth", "headline.claim", ""),
        ])
    func badAccumulation(old: String, new: String, place: String, what: String) {
        let text = Self.text(headline: Self.accumulation.replacing(old, with: new))
        expect(text, place, what)
    }

    @Test(
        "bad probability estimation is refused where it stands",
        arguments: [
            ("bits: 50000", "bits: 0", "headline.bits = 0", "out of range"),
            ("bits: 50000", "bits: .inf", "headline.bits = .inf", ""),
            ("power: 0.002", "power: 0", "headline.power = 0", "out of range"),
            ("power: 0.002", "power: 33", "headline.power = 33", "out of range"),
            ("epsilon: 1.0e-6", "epsilon: 1.0", "headline.epsilon = 1.0", "out of range"),
            ("epsilon: 1.0e-6", "epsilon: 1.0e-6, kappa: 0", "headline.kappa = 0", "out of range"),
        ])
    func badEstimation(old: String, new: String, place: String, what: String) {
        expect(Self.text(headline: Self.estimation.replacing(old, with: new)), place, what)
    }

    @Test("a training is read instead of a power")
    func training() throws {
        let claim = Self.estimation.replacing("power: 0.002", with: "training: 50000")
        let plan = try PlanFile(text: Self.text(headline: claim, trials: "1000000"), source: "p")
        #expect(
            plan.plan(sequenceHash: .zero).headline
                == .probabilityEstimation(bits: 50_000, power: .trained(trials: 50_000), epsilon: 1e-6))
    }

    @Test(
        "a training beside a power, of too few trials, or that leaves none is refused where it stands",
        arguments: [
            ("training: 2000, power: 0.002", "headline.power", "Both power and training"),
            ("training: 999", "headline.training = 999", "out of range"),
            ("training: -5", "headline.training = -5", ""), ("training: nan", "headline.training = nan", ""),
            ("training: 5000", "headline.training = 5000", "No trials are left"),
            ("training: 6000", "headline.training = 6000", "No trials are left"), ("kappa: 0.1", "headline.power", ""),
        ])
    func badTraining(keys: String, place: String, what: String) {
        let claim = Self.estimation.replacing("power: 0.002", with: keys)
        expect(Self.text(headline: claim, trials: "5000"), place, what)
        let further = "claims:\n  - {\(claim)}"
        expect(
            Self.text(headline: Self.accumulation, more: further, trials: "5000"),
            place.replacing("headline", with: "claims[0]"), what)
    }

    @Test(
        "thresholds that do not increase, or stand beside a single one, are refused",
        arguments: [
            ("thresholds: [2.2, 2.1]", "do not increase"), ("thresholds: [2.1, 2.1]", "do not increase"),
            ("thresholds: [1.9, 2.1]", "not between 2 and 2√2"), ("thresholds: [2.1, 2.9]", "not between 2 and 2√2"),
            ("thresholds: []", "threshold"), ("thresholds: [a]", "number"),
            ("thresholds: [2.1, 2.2], threshold: 2.1", "Both threshold and thresholds"),
        ])
    func badThresholds(list: String, what: String) {
        let claim = "claim: min-entropy-pironio, \(list), delta: 1.0e-12, epsilon: 1.0e-6"
        expect(Self.text(headline: claim), "headline.threshold", what)
    }

    @Test("a bias of one half is no bias", arguments: ["0.5", "0.7", "-0.1", "nan"])
    func bias(_ bias: String) {
        expect(Self.text(headline: Self.accumulation, bias: bias), "setting_bias = \(bias)", "")
    }

    private static func security(_ total: String, epsilon: String = "1.0e-8", side: String = "quantum") -> String {
        "security: {total: \(total), extractor: {kind: toeplitz, epsilon: \(epsilon), side_information: \(side)}}"
    }

    @Test("errors that add up are sealed with the extractor")
    func security() throws {
        let text = Self.text(headline: Self.accumulation, more: Self.security("1.0e-5", side: "classical"))
        let plan = try PlanFile(text: text, source: "p").plan(sequenceHash: .zero)
        #expect(
            plan.security
                == Plan.Security(
                    total: 1e-5, extractor: .init(kind: .toeplitz, epsilon: 1e-8, sideInformation: .classical)))
    }

    @Test(
        "errors that do not add up are refused with every term",
        arguments: [
            (accumulation, "max(event 0.000001, extractor 1e-8 + 2 × smoothing 0.000001)"),
            (estimation, "extractor 1e-8 + 2 × smoothing 0.000001"),
        ])
    func tooMuch(headline: String, terms: String) {
        expect(
            Self.text(headline: headline, more: Self.security("2.0e-6")), "security.total = 2.0e-6",
            "come to 2.01e-06, more than the total: \(terms)")
    }

    @Test("a promise without entropy, an unknown extractor and impossible errors are refused")
    func badSecurity() {
        let realism = "claim: local-realism-rejected, significance: 1.0e-9"
        expect(Self.text(headline: realism, more: Self.security("1.0e-5")), "security.extractor", "nothing can be")
        let unknown = Self.security("1.0e-5").replacing("toeplitz", with: "xor")
        expect(Self.text(headline: Self.accumulation, more: unknown), "security.extractor.kind = xor", "")
        for epsilon in ["0", "nan", "1"] {
            let text = Self.text(headline: Self.accumulation, more: Self.security("1.0e-5", epsilon: epsilon))
            expect(text, "security.extractor.epsilon = \(epsilon)", "")
        }
    }

    private func expect(_ text: String, _ place: String, _ what: String) {
        let error = #expect(throws: BellError.self) { try PlanFile(text: text, source: "p") }
        let all = error.map { [$0] + $0.others } ?? []
        #expect(
            all.contains { $0.place?.contains(place) == true && (what.isEmpty || $0.what.contains(what)) },
            "\(all.map { "\($0.place ?? "") \($0.what)" })")
    }
}
