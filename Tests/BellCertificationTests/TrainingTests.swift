import BellCrypto
import BellModel
import BellStatistics
import Testing
import TestSupport

@testable import BellCertification

@Suite struct TrainingTests {
    /// Table 1 of Pironio et al., thrice, in arms of 128 trials.
    private func fixture(bits: Double = 100, asked: UInt64 = 1000, epsilon: Double = 1e-3) -> CampaignFixture {
        var fixture = CampaignFixture(table1Counts.map { $0 * 3 })
        fixture.plan.headline = .probabilityEstimation(bits: bits, power: .trained(trials: asked), epsilon: epsilon)
        return fixture
    }

    @Test("the trials of the training choose the power, and only those after them count")
    func chosen() throws {
        let fixture = fixture()
        let certificate = try fixture.certificate()
        // The eighth arm ends at trial 1024.
        let first = fixture.statuses.prefix(1024).reduce(into: TrialTally()) { $0.add($1, times: 1) }
        let training = WinCount(first, pattern: .minusOn11)
        #expect(
            certificate.json["training"] == [["asked": 1000, "trials": 1024, "wins": JSON(count: training.wins)]])
        let factor = try #require(
            ProbabilityEstimation.trained(on: training, remaining: 9048 - 1024, model: .uniform, epsilon: 1e-3))
        let tested = try #require(WinCount(trials: 9048 - 1024, wins: 3 * 2418 - training.wins))
        let bits = try #require(factor.bits(tested, epsilon: 1e-3))
        let claim = try #require(certificate.json["claims"]?.arrayValue?.first)
        #expect(claim["power"]?.doubleValue == factor.power && claim["tested_trials"] == 8024)
        #expect(claim["bits_reached"]?.doubleValue == bits && bits > 1000 && bits < 3000, "\(bits)")
        #expect(certificate.isCertified, "\(certificate.reasons)")
        #expect(certificate.text.contains("after the first 1 024 trials"))
        for (asked, holds) in [(bits, true), (bits + 1e-6, false)] {
            #expect(try self.fixture(bits: asked).certificate().isCertified == holds)
        }
        let row = try #require(certificate.json["bounds"]?["rows"]?.arrayValue?.first)
        #expect(row["registered"] == true && row["parameters"]?["power"]?.doubleValue == factor.power)
    }

    @Test("a training without a violation, or that was not over, gives no bits and says so")
    func none() throws {
        // The first 1024 trials lose more often than any local model would.
        var fixture = fixture(bits: 1)
        fixture.statuses.replaceSubrange(
            0..<1024, with: (0..<1024).map { TrialStatus(x: 0, y: 0, a: 0, b: UInt8($0 & 1)) })
        let lost = try fixture.certificate()
        #expect(lost.reasons.first?.contains("no power gives any bits at the win frequency") == true)
        #expect(lost.json["claims"]?.arrayValue?.first?["bits_reached"] == .null)
        let rows = try #require(lost.json["bounds"]?["rows"]?.arrayValue)
        #expect(rows.first?["mu_max"] == .null && rows.first?["registered"] == true)
        var early = self.fixture(bits: 1)
        early.statuses = Array(early.statuses.prefix(900))
        early.end = .stopped(reason: "a test")
        let stopped = try early.certificate()
        #expect(stopped.reasons.first == "no min-entropy: the training was not over")
        #expect(stopped.json["training"]?.arrayValue?.first?["trials"] == 900)
        #expect(try Certificate(parsing: stopped.fileBytes, source: "c").evidence == stopped.evidence)
    }

    @Test("trials that were not run are losses of the tested ones, not of the training")
    func notRun() throws {
        var fixture = fixture()
        fixture.statuses = Array(fixture.statuses.prefix(8960))
        fixture.end = .stopped(reason: "a test")
        let claim = try #require(try fixture.certificate().json["claims"]?.arrayValue?.first)
        let whole = try #require(try self.fixture().certificate().json["claims"]?.arrayValue?.first)
        #expect(claim["tested_trials"] == 8024 && claim["power"] == whole["power"])
        let bits = try [claim, whole].map { try #require($0["bits_reached"]?.doubleValue) }
        #expect(bits[0] < bits[1])
    }

    @Test("claims with equally long trainings share a block; others have their own")
    func several() throws {
        var fixture = fixture()
        let claim = { (asked: UInt64) in
            Plan.Claim.probabilityEstimation(bits: 10, power: .trained(trials: asked), epsilon: 1e-3)
        }
        fixture.plan.claims = [claim(2000), claim(1000), .localRealism(significance: 1e-3)]
        let certificate = try fixture.certificate()
        let blocks = try #require(certificate.json["training"]?.arrayValue)
        #expect(blocks.map { $0["asked"] } == [1000, 2000] && blocks.map { $0["trials"] } == [1024, 2048])
        #expect(certificate.json["claims"]?.arrayValue?.prefix(3).map { $0["holds"] } == [true, true, true])
        #expect(try Certificate(parsing: certificate.fileBytes, source: "c").evidence == certificate.evidence)
    }

    @Test("a training that cannot have been is refused, whatever hash the certificate has")
    func forged() throws {
        let certificate = try fixture().certificate()
        let wins = try #require(certificate.evidence.training.blocks.first?.wins)
        func error(_ json: JSON) throws -> BellError? {
            CertificateParsingTests.error(try CertificateParsingTests.forged(certificate) { $0["training"] = json })
        }
        func block(_ asked: JSON, _ trials: JSON, _ wins: JSON) -> JSON {
            [["asked": asked, "trials": trials, "wins": wins]]
        }
        for shape in [
            [], [[:]], .null, block(2000, 1024, 800), block(1000, 1024, 1025), block(1000, -1, 0),
            [["asked": 1000, "trials": 1024, "wins": JSON(count: wins), "spare": 1]],
        ] as [JSON] {
            #expect(try error(shape)?.code == .jsonShape, "\(shape.text)")
        }
        // Of other arms than the plan's, or not over though the campaign is.
        for counts in [
            block(1000, 1128, JSON(count: wins)), block(1000, 9048, 7254), block(1000, 999, 800),
            block(1000, "18446744073709551615", 0),
        ] {
            let found = try error(counts)
            #expect(found?.code == .certificateEvidence && found?.place?.contains("training") == true, "\(counts.text)")
        }
        // Possible, but then the numbers are others.
        #expect(try error(block(1000, 1024, JSON(count: wins - 1)))?.code == .certificateAltered)
    }

    @Test("a forecast counts the training, and warns when too few trials are left after it")
    func forecast() throws {
        var plan = fixture(bits: 50_000, asked: 50_000, epsilon: 1e-6).plan
        plan.trials = 1 << 20
        plan.claims = []
        let good = try PlanForecast(plan, expected: 2.0747)
        #expect(good.isMet && good.warnings.isEmpty, "\(good.warnings)")
        #expect(good.text.contains("after the first 50 048 trials"), "\(good.text)")
        plan.headline = .probabilityEstimation(bits: 60_000, power: .trained(trials: 50_000), epsilon: 1e-6)
        #expect(try PlanForecast(plan, expected: 2.0747).warnings.first?.contains("of 100 campaigns") == true)
        plan.headline = .probabilityEstimation(bits: 100, power: .trained(trials: (1 << 20) - 500), epsilon: 1e-6)
        let late = try PlanForecast(plan, expected: 2.0747)
        #expect(!late.isMet && late.warnings.first?.contains("whatever S is") == true, "\(late.warnings)")
    }
}
