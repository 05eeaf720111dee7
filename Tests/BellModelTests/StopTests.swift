import BellModel
import Testing

@Suite struct StopTests {
    private static func sealed(_ headline: Plan.Claim, claims: [Plan.Claim] = [], stop: Plan.Stop? = .headline) -> JSON
    {
        var sealed = PlanTests.sealed
        sealed.plan.headline = headline
        sealed.plan.claims = claims
        sealed.plan.stop = stop
        return sealed.json
    }

    private static let anytime = ClaimTests.claims.filter(\.holdsWheneverOneStops)

    @Test("a stop rule is sealed with the claims that hold whenever one stops, and comes back")
    func roundTrip() throws {
        #expect(Self.anytime.count == 5)
        for claim in Self.anytime {
            let json = Self.sealed(claim, claims: Self.anytime)
            #expect(json["stop"]?.text == #"{"when":"headline"}"#)
            let back = try SealedPlan(json: try JSON(parsing: json.text))
            #expect(back.plan.stop == .headline && back.json.text == json.text)
        }
    }

    @Test("a plan without one reads, and hashes, as it always did")
    func unchanged() throws {
        let json = Self.sealed(Self.anytime[0], stop: nil)
        #expect(json["stop"] == nil)
        #expect(try SealedPlan(json: json).plan.stop == nil)
    }

    @Test(
        "no sealed plan has a stop rule with a claim of a fixed n, as headline or further claim",
        arguments: ClaimTests.claims.filter { !$0.holdsWheneverOneStops })
    func fixed(_ claim: Plan.Claim) {
        for json in [Self.sealed(claim), Self.sealed(Self.anytime[0], claims: [Self.anytime[1], claim])] {
            let error = #expect(throws: BellError.self) { try SealedPlan(json: json) }
            #expect(error?.place == "plan.stop" && error?.what.contains(claim.name) == true)
            #expect(error?.fix?.contains("min-entropy-probability-estimation") == true)
        }
    }

    @Test(
        "another rule is none",
        arguments: [["when": "tuesday"], [:], "headline", ["when": "headline", "least": 5]] as [JSON])
    func unknown(_ stop: JSON) throws {
        var members = try #require(Self.sealed(Self.anytime[0]).objectValue)
        members["stop"] = stop
        let error = #expect(throws: BellError.self) { try SealedPlan(json: .object(members)) }
        #expect(error?.place?.hasPrefix("plan.stop") == true, "\(error?.place ?? "")")
    }
}
