import BellModel
import BellStatistics
import Testing
import TestSupport

@testable import BellCertification

@Suite struct EntropyClaimTests {
    private static let power = 0.03643822665669995

    private func certificate(_ headline: Plan.Claim, losses: Int = 0) throws -> Certificate {
        var fixture = CampaignFixture(table1Counts, losses: losses)
        fixture.plan.headline = headline
        fixture.plan.claims = []
        return try fixture.certificate()
    }

    @Test(
        "Table 1 has 310.576 bits by probability estimation: what was registered is certified, no more",
        arguments: [
            (300.0, 1e-6, nil, 0, true), (310.57, 1e-6, nil, 0, true), (310.58, 1e-6, nil, 0, false),
            (300, 1e-9, nil, 0, false), (300, 1e-6, 0.5, 0, false), (250, 1e-6, 0.5, 0, true),
            // A loss takes the worst value, which costs 7.2 bits of the margin of 10 for each.
            (300, 1e-6, nil, 1, true), (300, 1e-6, nil, 2, false),
        ] as [(Double, Double, Double?, Int, Bool)])
    func probabilityEstimation(bits: Double, epsilon: Double, kappa: Double?, losses: Int, holds: Bool) throws {
        let certificate = try certificate(
            .probabilityEstimation(bits: bits, power: .fixed(Self.power), epsilon: epsilon, kappa: kappa),
            losses: losses)
        #expect(certificate.isCertified == holds, "\(certificate.reasons)")
        let claim = try #require(certificate.json["claims"]?.arrayValue?.first)
        #expect(claim["bits"]?.doubleValue == bits && claim["side_information"] == "classical")
        if losses == 0, epsilon == 1e-6, kappa == nil {
            #expect(claim["bits_reached"]?.doubleValue.map { abs($0 - 310.576) < 1e-3 } == true)
        }
        if holds {
            #expect(
                certificate.text.contains(
                    "min-entropy of the outcomes ≥ \(bits == 310.57 ? "310.57" : "\(Int(bits)).00")"))
        } else {
            #expect(certificate.reasons.first?.contains("fewer than the sealed") == true)
        }
    }

    @Test("no claim of bits is met by data without a violation, whatever was registered")
    func local() throws {
        var fixture = CampaignFixture([750, 0, 0, 0, 750, 0, 0, 0, 750, 0, 0, 0, 750, 0, 0, 0])
        for headline in [
            Plan.Claim.probabilityEstimation(bits: 1, power: 32.0, epsilon: 0.5),
            .probabilityEstimation(bits: 1, power: 0.001, epsilon: 0.5, kappa: 0.5),
            .entropyAccumulation(threshold: 2.01, smoothing: 0.5, event: 0.5),
            .pironio(thresholds: [2.01, 2.1], delta: 0.1, epsilon: 0.5),
            .localRealism(significance: 1e-3, test: .winCount),
        ] {
            fixture.plan.headline = headline
            #expect(!(try fixture.certificate().isCertified), "\(headline)")
        }
    }

    @Test("entropy accumulation needs its threshold and enough trials, and says which is missing")
    func accumulation() throws {
        func finding(_ trials: UInt64, s: Double, threshold: Double) throws -> ClaimFinding {
            let data = try ExpectedData(trials: trials, s: s, settingBias: 0)
            let plan = CampaignFixture(table1Counts).plan
            let statistics = LiveStatistics(data.tally(plan.pattern), pattern: plan.pattern, model: .uniform)
            return ClaimFinding(
                .entropyAccumulation(threshold: threshold, smoothing: 1e-6, event: 1e-6), isHeadline: true,
                numbers: statistics, eProcess: EProcessResult(EProcess(.uniform)),
                predictionRatio: EProcessResult(EProcess(.uniform)), training: Training(plan), model: .uniform,
                security: nil)
        }
        let good = try finding(10_000_000, s: 2.3, threshold: 2.29)
        #expect(good.holds && good.sideInformation == .quantum)
        let bits = try #require(good.value)
        #expect(bits > 2_000_000 && bits < 2_208_140, "\(bits)")
        #expect(good.words.contains("against quantum side information"))
        let short = try finding(10_000_000, s: 2.28, threshold: 2.29)
        #expect(!short.holds && short.value == nil && short.words.contains("did not reach"))
        let few = try finding(1 << 20, s: 2.0747, threshold: 2.07)
        #expect(!few.holds && few.words.contains("entropy accumulation gives −"), "\(few.words)")
        let small = try certificate(.entropyAccumulation(threshold: 2.4, smoothing: 1e-6, event: 1e-6))
        #expect(!small.isCertified && small.reasons.first?.contains("3 016 trials") == true)
    }

    @Test("of several thresholds the largest that was reached counts, and each has an event of its own")
    func thresholds() throws {
        let several = try certificate(.pironio(thresholds: [2.3, 2.4, 2.45], delta: 0.01, epsilon: 0.1))
        let one = try certificate(.pironio(thresholds: [2.4], delta: 0.01, epsilon: 0.1))
        let claims = [several, one].compactMap { $0.json["claims"]?.arrayValue?.first }
        #expect(claims[0]["bits"] == claims[1]["bits"] && claims[0]["threshold_reached"] == 2.4)
        #expect(
            several.isCertified
                && claims[0]["words"]?.stringValue?.contains("one of 3 events, each of probability") == true)
        #expect(claims[0]["error_budget"]?["failure"]?.doubleValue.map { abs($0 - 0.3) < 1e-12 } == true)
        #expect(claims[1]["error_budget"]?["failure"] == 0.1)
        let none = try certificate(.pironio(thresholds: [2.45, 2.5], delta: 0.01, epsilon: 0.1))
        #expect(none.reasons.first?.contains("did not reach the sealed threshold J = 2.45") == true)
    }

    @Test("the any-time test takes the largest M at an arm's end")
    func winCount() throws {
        let good = try certificate(.localRealism(significance: 1e-8, test: .winCount))
        #expect(good.isCertified && good.text.contains("valid whenever one stops"))
        let max = good.evidence.eProcess.log10Max
        #expect(good.json["claims"]?.arrayValue?.first?["log10_p"]?.doubleValue == -max)
        #expect(!(try certificate(.localRealism(significance: 1e-10, test: .winCount)).isCertified))
        // The binomial test of the same data gets further.
        #expect(try certificate(.localRealism(significance: 1e-10)).isCertified)
    }

    @Test("the prediction-based ratio takes every arm as a batch, and a first bet helps")
    func predictionRatio() throws {
        var ends: [Double] = []
        for expected in [nil, 2.4] {
            let good = try certificate(.localRealism(significance: 1e-6, test: .predictionRatio, expected: expected))
            #expect(good.isCertified && good.text.contains("prediction-based ratio"), "\(good.reasons)")
            let result = good.evidence.predictionRatio
            #expect(result.trials == 3016 && result.wins == 2418)
            ends.append(result.log10Max)
            let found = try #require(good.json["claims"]?.arrayValue?.first?["log10_p"]?.doubleValue)
            #expect(found == -result.log10Max)
            let forged = try CertificateParsingTests.forged(good) { $0["prediction_ratio"] = nil }
            #expect(CertificateParsingTests.error(forged) != nil)
        }
        #expect(ends[1] > ends[0])
    }

    @Test("a claim is the weaker of its bound and its extractor", arguments: Plan.Security.SideInformation.allCases)
    func weaker(_ side: Plan.Security.SideInformation) throws {
        let security = Plan.Security(
            total: 1e-5, extractor: .init(kind: .raz, epsilon: 1e-8, sideInformation: side))
        let claims: [(Plan.Claim, Plan.Security.SideInformation)] = [
            (.probabilityEstimation(bits: 300, power: .fixed(Self.power), epsilon: 1e-6), .classical),
            (.entropyAccumulation(threshold: 2.4, smoothing: 1e-6, event: 1e-6), side),
        ]
        for (claim, expected) in claims {
            var fixture = CampaignFixture(table1Counts)
            fixture.plan.headline = claim
            fixture.plan.security = security
            let found = try #require(try fixture.certificate().json["claims"]?.arrayValue?.first)
            #expect(found["side_information"]?.stringValue == expected.rawValue)
            #expect(found["error_budget"]?["extractor"] == 1e-8)
            #expect(found["error_budget"]?["total"]?.doubleValue.map { abs($0 - 2.01e-6) < 1e-12 } == true)
        }
    }
}
