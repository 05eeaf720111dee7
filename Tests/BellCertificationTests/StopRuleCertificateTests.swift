import BellCrypto
import BellJournal
import BellModel
import BellStatistics
import Foundation
import Testing

@testable import BellCertification

@Suite("Certificates of campaigns with a stop rule")
struct StopRuleCertificateTests {
    private static let headlines: [Plan.Claim] = [
        .localRealism(significance: 1e-6, test: .winCount),
        .localRealism(significance: 1e-3, test: .predictionRatio, expected: 2.3),
        .probabilityEstimation(bits: 600, power: 0.0364, epsilon: 1e-3),
    ]
    private static let trained = Plan.Claim.probabilityEstimation(
        bits: 60, power: .trained(trials: 1000), epsilon: 1e-3)
    private static let most: UInt64 = 20_000

    /// Pironio's counts six times over, of at most 20 000 trials.
    private func whole(_ headline: Plan.Claim) -> CampaignFixture {
        var fixture = CampaignFixture(table1Counts.map { $0 * 6 })
        fixture.plan.trials = Self.most
        fixture.plan.headline = headline
        fixture.plan.claims = Self.headlines.filter { $0 != headline }
        fixture.plan.stop = .headline
        return fixture
    }

    /// The same, cut where the rule is met.
    private func stopped(_ headline: Plan.Claim) throws -> CampaignFixture {
        var fixture = whole(headline)
        var rule = try #require(StopRule(fixture.plan))
        var (first, block) = (0, UInt64(1))
        while rule.metAt == nil, first < fixture.statuses.count {
            if UInt64(first) >= block * fixture.plan.trialsPerBlock {
                rule.endBlock()
                block += 1
                if rule.metAt != nil { break }
            }
            var tally = TrialTally()
            for status in fixture.statuses[first..<min(first + 128, fixture.statuses.count)] { tally.add(status) }
            rule.add(tally)
            first += 128
        }
        fixture.statuses = Array(fixture.statuses.prefix(Int(try #require(rule.metAt))))
        fixture.end = .stoppedByRule
        return fixture
    }

    @Test(
        "a campaign that its rule ended is certified, matches its journal, and comes back from its file",
        arguments: 0..<4)
    func certified(_ i: Int) throws {
        let fixture = try stopped((Self.headlines + [Self.trained])[i])
        let run = UInt64(fixture.statuses.count)
        #expect(run < 10_000 && run % 128 == 0, "\(run)")
        let path = try VerificationTests.write(fixture)
        let certificate = try VerificationTests.certificate(path, fixture)
        #expect(certificate.isCertified, "\(certificate.reasons)")
        #expect(certificate.tally.trials == run && certificate.tally.losses == 0)
        #expect(certificate.json["end"]?.text == #"{"reason":null,"state":"stopped-by-rule"}"#)
        let words = "by the sealed stop rule after \(NumberText.count(run)) of at most 20 000 trials"
        #expect(certificate.text.contains(words))
        #expect(certificate.json["assumptions"]?["stop-rule"] != nil)
        let again = try Certificate(parsing: certificate.fileBytes, source: "certificate.json")
        #expect(again.hash == certificate.hash)
        let report = try VerificationTests.verify(path, again)
        #expect(report.matches && report.isCertified == true, "\(report.text)")
        // The journal alone gives the same end.
        let alone = try VerificationTests.report(try VerificationTests.write(fixture))
        #expect(alone.matches && alone.isCertified == true, "\(alone.text)")
    }

    @Test("no bound of a fixed n takes the number that the data chose: what was not run is a loss to it")
    func fixedBounds() throws {
        let fixture = try stopped(Self.headlines[2])
        let certificate = try fixture.certificate()
        let played = try #require(
            WinCount(trials: UInt64(fixture.statuses.count), wins: certificate.tally.wins(.minusOn11)))
        let sealed = try #require(WinCount(trials: Self.most, wins: played.wins))
        #expect(certificate.json["local_realism"]?["log10_p_binomial"]?.doubleValue == sealed.log10PValue(.uniform))
        #expect(certificate.json["statistics"]?["log10_p"]?.doubleValue == sealed.log10PValue(.uniform))
        #expect(certificate.json["bounds"]?["trials_sealed"]?.countValue == Self.most)
        #expect(certificate.json["bounds"]?["trials"]?.countValue == played.trials)
        let rows = try #require(certificate.json["bounds"]?["rows"]?.arrayValue)
        for row in rows {
            let name = row["bound"]?.stringValue ?? ""
            switch name {
            case "local-realism-binomial", "min-entropy-pironio", "min-entropy-pironio-range",
                "min-entropy-entropy-accumulation":
                #expect(row["says_anything"] == false, "\(name)")
            default: #expect(row["says_anything"] == true, "\(name)")
            }
        }
        #expect(rows.count == 7)
        let words = certificate.text.split { $0.isWhitespace }.joined(separator: " ")
        #expect(words.contains("are of 20 000 trials, those not run being losses"))
    }

    @Test(
        "a person's stop under a rule that was not met is not certified, and what was not run is lost", arguments: 0..<3
    )
    func person(_ i: Int) throws {
        var fixture = try stopped(Self.headlines[i])
        fixture.statuses = Array(fixture.statuses.prefix(256))
        fixture.end = .stopped(reason: "it was late")
        let certificate = try fixture.certificate()
        #expect(!certificate.isCertified && certificate.tally.losses(.notRun) == Self.most - 256)
        fixture.end = .stoppedByRule
        expect("which was not met with the last of its 256 trials", "end.state") { try fixture.evidence() }
    }

    @Test("an end that is not the rule's, or a rule's that no plan sealed, contradicts the evidence", arguments: 0..<3)
    func otherEnds(_ i: Int) throws {
        var fixture = try stopped(Self.headlines[i])
        fixture.end = .stopped(reason: "a lucky moment")
        expect("is said to have ended otherwise", "end.state") { try fixture.evidence() }
        fixture.end = .completed
        #expect(throws: BellError.self) { try fixture.evidence() }
        fixture.end = .stoppedByRule
        fixture.plan.stop = nil
        expect("none is sealed", "end.state") { try fixture.evidence() }
    }

    @Test(
        "trials after the rule was met are found by the arms, and by a reader of the evidence alone", arguments: 0..<3)
    func tooLong(_ i: Int) throws {
        var fixture = whole(Self.headlines[i])
        fixture.end = .stopped(reason: "later")
        expect("the sealed stop rule was met at trial", "block") { try fixture.evidence() }
        // Without the arms: the same blocks under a plan with the rule, the process being at its largest early.
        let met = try stopped(Self.headlines[i]).statuses.count
        fixture.statuses.removeSubrange(met...)
        fixture.statuses += [TrialStatus](repeating: TrialStatus(loss: .unhealthy), count: 1024)
        var free = fixture
        free.plan.stop = nil
        let evidence = try free.evidence()
        let sealed = fixture.sealed
        if i == 2 {
            // A factor falls with losses, so that this is an end that is not the rule's.
            #expect(try free.certificate().isCertified == false)
        }
        expect("although the sealed stop rule was met at trial \(met)", "blocks") {
            try CampaignEvidence(
                campaign: evidence.campaign, sealed: sealed, planHash: Blake2b.hash(text: sealed.json.text),
                devices: evidence.devices, simulated: true, software: evidence.software, blocks: evidence.blocks,
                eProcess: evidence.eProcess, predictionRatio: evidence.predictionRatio,
                training: evidence.training, settingHealth: evidence.settingHealth, end: .stopped(reason: "x"))
        }
    }

    @Test("a block summary that lies about the rule is found")
    func summary() throws {
        let fixture = try stopped(Self.headlines[0])
        let path = try VerificationTests.write(
            fixture,
            VerificationTests.Damage(summary: { summary in
                var object = summary.objectValue ?? [:]
                object["stop_rule_met"] = true
                return .object(object)
            }))
        let report = try VerificationTests.report(path)
        #expect(!report.matches && report.text.contains("stop_rule_met"), "\(report.text)")
    }

    @Test("a rule that is not met within n leaves a complete campaign, certified or not by its other numbers")
    func complete() throws {
        var fixture = whole(.localRealism(significance: 1e-300, test: .winCount))
        fixture.plan.trials = UInt64(fixture.statuses.count)
        let certificate = try fixture.certificate()
        #expect(!certificate.isCertified && certificate.json["end"]?["state"] == "completed")
    }

    private func expect(_ words: String, _ place: String, _ body: () throws -> CampaignEvidence) {
        let error = #expect(throws: BellError.self) { _ = try body() }
        let all = error.map { [$0] + $0.others } ?? []
        #expect(
            all.contains {
                $0.code == .certificateEvidence && $0.what.contains(words) && $0.place?.contains(place) == true
            },
            "\(all.map { "\($0.place ?? "") \($0.what)" })")
    }
}
