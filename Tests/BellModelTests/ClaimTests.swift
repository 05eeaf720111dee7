import BellModel
import Testing

@Suite struct ClaimTests {
    static let claims: [Plan.Claim] = [
        .localRealism(significance: 1e-9), .localRealism(significance: 1e-9, test: .winCount),
        .localRealism(significance: 1e-9, test: .predictionRatio, expected: 2.2),
        .pironio(thresholds: [2.2], delta: 1e-12, epsilon: 1e-6),
        .pironio(thresholds: [2.05, 2.1, 2.2], delta: 1e-12, epsilon: 1e-6),
        .probabilityEstimation(bits: 50_000, power: 0.002, epsilon: 1e-6),
        .probabilityEstimation(bits: 50_000, power: 0.002, epsilon: 1e-6, kappa: 1e-3),
        .entropyAccumulation(threshold: 2.2, smoothing: 1e-6, event: 1e-6),
        .probabilityEstimation(bits: 50_000, power: .trained(trials: 50_000), epsilon: 1e-6, kappa: 1e-3),
    ]

    @Test("a claim comes back from its object", arguments: claims)
    func roundTrip(_ claim: Plan.Claim) throws {
        #expect(try Plan.Claim(json: try JSON(parsing: claim.json.text), path: "claim") == claim)
        #expect(claim.json["claim"]?.stringValue == claim.name && Plan.Claim.names.contains(claim.name))
    }

    @Test("claims that were sealed before there were others keep their text, and so their plan's hash")
    func unchanged() {
        #expect(
            Plan.Claim.localRealism(significance: 1e-9).json.text
                == #"{"claim":"local-realism-rejected","significance":1e-9}"#)
        #expect(
            Plan.Claim.minEntropy(threshold: 2.2, delta: 0.01, epsilon: 1e-6).json.text
                == #"{"claim":"min-entropy-pironio","delta":0.01,"epsilon":0.000001,"threshold":2.2}"#)
    }

    @Test(
        "what no plan file could have said is refused in a sealed plan, too",
        arguments: [
            (#"{"claim":"local-realism-rejected","significance":1e-9,"test":"guess"}"#, "c.test"),
            (#"{"claim":"local-realism-rejected","significance":1e-9,"expected":2.2}"#, "c.expected"),
            (#"{"claim":"local-realism-rejected","significance":2}"#, "c.significance"),
            (#"{"claim":"local-realism-rejected","significance":0}"#, "c.significance"),
            (#"{"claim":"min-entropy-pironio","delta":1e-12,"epsilon":1e-6}"#, "c.threshold"),
            (#"{"claim":"min-entropy-pironio","delta":1e-12,"epsilon":1e-6,"threshold":2}"#, "c.threshold"),
            (#"{"claim":"min-entropy-pironio","delta":1e-12,"epsilon":1e-6,"threshold":2.83}"#, "c.threshold"),
            (#"{"claim":"min-entropy-pironio","delta":1e-6,"epsilon":1e-6,"threshold":2.2}"#, "c.delta"),
            (#"{"claim":"min-entropy-pironio","delta":0,"epsilon":1e-6,"threshold":2.2}"#, "c.delta"),
            (#"{"claim":"min-entropy-pironio","delta":1e-12,"epsilon":1,"threshold":2.2}"#, "c.epsilon"),
            (#"{"claim":"min-entropy-pironio","delta":1e-12,"epsilon":1e-6,"thresholds":[]}"#, "c.thresholds"),
            (#"{"claim":"min-entropy-pironio","delta":1e-12,"epsilon":1e-6,"thresholds":[2.2]}"#, "c.thresholds"),
            (#"{"claim":"min-entropy-pironio","delta":1e-12,"epsilon":1e-6,"thresholds":[2.2,2.1]}"#, "c.thresholds"),
            (#"{"claim":"min-entropy-pironio","delta":1e-12,"epsilon":1e-6,"thresholds":[2.2,"x"]}"#, "c.thresholds"),
            (#"{"claim":"min-entropy-pironio","delta":1e-12,"epsilon":1e-6,"thresholds":[2.2,3]}"#, "c.thresholds"),
            (
                #"{"claim":"min-entropy-probability-estimation","bits":0,"power":0.002,"epsilon":1e-6}"#, "c.bits"
            ),
            (
                #"{"claim":"min-entropy-probability-estimation","bits":1e14,"power":0.002,"epsilon":1e-6}"#, "c.bits"
            ),
            (
                #"{"claim":"min-entropy-probability-estimation","bits":9,"power":33,"epsilon":1e-6}"#, "c.power"
            ),
            (
                #"{"claim":"min-entropy-probability-estimation","bits":9,"power":1,"epsilon":1}"#, "c.epsilon"
            ),
            (
                #"{"claim":"min-entropy-probability-estimation","bits":9,"power":1,"epsilon":0.1,"kappa":"a"}"#,
                "c.kappa"
            ),
            (
                #"{"claim":"min-entropy-probability-estimation","bits":9,"power":1,"training":5000,"epsilon":0.1}"#,
                "c.training"
            ),
            (#"{"claim":"min-entropy-probability-estimation","bits":9,"training":999,"epsilon":0.1}"#, "c.training"),
            (#"{"claim":"min-entropy-probability-estimation","bits":9,"training":-1,"epsilon":0.1}"#, "c.training"),
            (#"{"claim":"min-entropy-probability-estimation","bits":9,"training":1e13,"epsilon":0.1}"#, "c.training"),
            (#"{"claim":"min-entropy-probability-estimation","bits":9,"training":"x","epsilon":0.1}"#, "c.training"),
            (#"{"claim":"min-entropy-probability-estimation","bits":9,"epsilon":0.1}"#, "c.power"),
            (
                #"{"claim":"min-entropy-entropy-accumulation","threshold":2,"smoothing":1e-6,"event":1e-6}"#,
                "c.threshold"
            ),
            (
                #"{"claim":"min-entropy-entropy-accumulation","threshold":2.9,"smoothing":1e-6,"event":1e-6}"#,
                "c.threshold"
            ),
            (
                #"{"claim":"min-entropy-entropy-accumulation","threshold":2.2,"smoothing":null,"event":1e-6}"#,
                "c.smoothing"
            ),
            (
                #"{"claim":"min-entropy-entropy-accumulation","threshold":2.2,"smoothing":1e-6,"event":0}"#, "c.event"
            ),
            (#"{"claim":"min-entropy"}"#, "c.claim"),
        ])
    func impossible(text: String, place: String) throws {
        let json = try JSON(parsing: text)
        let error = #expect(throws: BellError.self) { try Plan.Claim(json: json, path: "c") }
        #expect(error?.place == place)
    }

    @Test("thresholds are between 2 and 2√2, and increase; NaN is neither")
    func thresholds() {
        #expect(Plan.Claim.fault(ofThresholds: [2.0001, 2.5, 2.828]) == nil)
        for wrong in [[], [2], [2.9], [2.2, 2.2], [2.3, 2.2], [.nan], [2.1, .nan], [.infinity]] as [[Double]] {
            #expect(Plan.Claim.fault(ofThresholds: wrong) != nil, "\(wrong)")
        }
        #expect(Plan.Claim.fault(ofThresholds: (0..<65).map { 2.01 + Double($0) / 100 }) != nil)
    }

    @Test("errors add up, and where one event is unlikely or is not the greater one counts")
    func budgets() throws {
        let one = try #require(Self.claims[3].errorBudget(extractor: 1e-7))
        #expect(one.failure == 1e-6 && abs(one.smoothing - 1e-6) < 1e-18)
        #expect(one.isEither && abs(one.total - 2.1e-6) < 1e-17)
        let three = try #require(Self.claims[4].errorBudget(extractor: 1e-7))
        #expect(abs(three.total - (3e-6 + 2.1e-6)) < 1e-17)
        let weighted = try #require(Self.claims[5].errorBudget(extractor: 1e-7))
        #expect(weighted.failure == 0 && abs(weighted.total - 2.1e-6) < 1e-17)
        #expect(Self.claims[6].errorBudget()?.total == 1e-3)
        #expect(abs(try #require(Self.claims[7].errorBudget()).total - 2e-6) < 1e-17)
        #expect(Self.claims[0].errorBudget() == nil)
        #expect(
            Self.claims.map(\.sideInformation)
                == [nil, nil, nil] + Array(repeating: .classical, count: 4) + [.quantum, .classical])
        #expect(Self.claims[8].errorBudget() == Self.claims[6].errorBudget())
    }

    @Test("a training that leaves no trials is refused in a sealed plan, wherever the claim stands")
    func training() throws {
        var sealed = PlanTests.sealed
        sealed.plan.trials = 50_001
        sealed.plan.claims = [Self.claims[0], Self.claims[8]]
        #expect(try SealedPlan(json: try JSON(parsing: sealed.json.text)) == sealed)
        sealed.plan.trials = 50_000
        let error = #expect(throws: BellError.self) { try SealedPlan(json: sealed.json) }
        #expect(error?.place == "plan.claims[1].training")
        sealed.plan.headline = Self.claims[8]
        #expect(
            #expect(throws: BellError.self) { try SealedPlan(json: sealed.json) }?.place == "plan.headline.training")
    }

    @Test("what the errors may come to is sealed, and plans without it keep their text")
    func security() throws {
        var sealed = PlanTests.sealed
        #expect(sealed.json["security"] == nil)
        sealed.plan.headline = Self.claims[7]
        sealed.plan.security = Plan.Security(
            total: 1e-5, extractor: .init(kind: .circulant, epsilon: 1e-8, sideInformation: .quantum))
        #expect(try SealedPlan(json: try JSON(parsing: sealed.json.text)) == sealed)
        for (key, value) in [
            ("total", 1), ("total", 0), ("total", 2e-6), ("extractor", ["kind": "toeplitz"]), ("spare", 1),
        ]
            as [(String, JSON)]
        {
            var members = try #require(sealed.json.objectValue)
            var security = try #require(members["security"]?.objectValue)
            security[key] = value
            members["security"] = .object(security)
            #expect(throws: BellError.self, "\(key)") { try SealedPlan(json: .object(members)) }
        }
    }
}
