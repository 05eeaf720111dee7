import BellAudit
import BellModel
import BellStatistics
import BellTiming
import Foundation
import Testing

@testable import BellCertification

@Suite("Verdicts and their reasons")
struct VerdictTests {
    @Test("A block that calls trials valid whose margins do not exceed its own k·u makes the certificate invalid")
    func contradiction() throws {
        let good = try CampaignFixture(table1Counts).evidence()
        let fixture = CampaignFixture(table1Counts)
        let sound = try fixture.auditParameters()
        // u = 10 ns, so that k·u is 50 ns and the margins of 9.5 ns cannot have passed.
        let audit = try AuditParameters(
            survey: TimingSurvey(
                pathAB: sound.survey.pathAB, pathBA: sound.survey.pathBA, stations: sound.survey.stations,
                terms: [.init(name: "clock", picoseconds: 10_000, kind: .random)]),
            k: fixture.plan.localityK, tickRates: sound.tickRates, trialPeriod: PerNode(alice: 640_000, bob: 640_000))
        let block = good.blocks[1]
        var blocks = good.blocks
        blocks[1] = try BlockEvidence(
            number: block.number, firstIndex: block.firstIndex, nextIndex: block.nextIndex, tally: block.tally,
            margins: block.margins, calibrationHash: block.calibrationHash, evidenceRoots: block.evidenceRoots,
            signatures: block.signatures, audit: audit)
        let certificate = try Certificate.issue(
            try CampaignEvidence(
                campaign: good.campaign, sealed: good.sealed, planHash: good.planHash, devices: good.devices,
                simulated: true, software: "0.1.0", blocks: blocks, eProcess: good.eProcess,
                predictionRatio: good.predictionRatio, training: good.training, settingHealth: good.settingHealth,
                end: .completed))
        #expect(certificate.verdict == .invalid && certificate.exitCode == .dataIntegrity && !certificate.isCertified)
        #expect(certificate.json["verdict"] == "invalid")
        #expect(certificate.reasons == ["block 1 calls trials valid whose margins do not exceed k·u"])
        #expect(certificate.text.contains("INVALID: THE EVIDENCE CONTRADICTS ITSELF"))
        let claims = try #require(certificate.json["claims"]?.arrayValue)
        #expect(claims.allSatisfy { $0["holds"] == true && $0["certified"] == false })
        let again = try Certificate(parsing: certificate.fileBytes, source: "it")
        #expect(again.verdict == .invalid)
    }

    @Test("Evidence that differs from what is stored is called invalid, in words and for programs")
    func mismatch() throws {
        let fixture = CampaignFixture(table1Counts)
        let report = try VerificationTests.verify(
            try VerificationTests.write(fixture, VerificationTests.Damage(statuses: { $0[5] ^= 1 })), nil)
        #expect(report.verdict == .invalid && report.isCertified == nil && report.exitCode == .dataIntegrity)
        #expect(report.json["verdict"] == "invalid" && report.json["match"] == false)
        #expect(report.text.contains("verdict       invalid: what is stored contradicts"))
        let sound = try VerificationTests.verify(try VerificationTests.write(fixture), nil)
        #expect(sound.verdict == .certified && sound.json["verdict"] == "certified")
        #expect(sound.text.contains("verdict       certified"))
    }

    @Test("Losses are named from 1 % on, the largest first, and only where the claim fails")
    func losses() {
        var tally = TrialTally()
        tally.add(TrialStatus(x: 0, y: 0, a: 0, b: 0), times: 9700)
        tally.add(TrialStatus(loss: .aliceMissing), times: 100)
        #expect(LossFinding(tally).noticeable.count == 1, "100 of 9 800 are more than 1 %")
        tally.add(TrialStatus(loss: .clock), times: 200)
        let found = LossFinding(tally)
        #expect(found.noticeable.count == 1 && found.objections.isEmpty, "100 of 10 000 are not")
        #expect(
            found.noticeable[0]
                == "200 of 10 000 trials (2.0 %) were lost as clock: the clock records disagree, run back or are missing, so that "
                + "there is no common time")
        tally.add(TrialStatus(loss: .aliceMissing), times: 1000)
        #expect(LossFinding(tally).noticeable.map { $0.contains("alice_missing") } == [true, false])
        tally.add(TrialStatus(loss: .hostBitMismatch))
        #expect(LossFinding(tally).noticeable.count == 2 && LossFinding(tally).objections.count == 1)
        #expect(LossFinding(TrialTally()).noticeable.isEmpty)
    }

    @Test("Each cause has words of its own")
    func causes() {
        let words = LossCause.allCases.map { cause -> String in
            var tally = TrialTally()
            tally.add(TrialStatus(loss: cause))
            let found = LossFinding(tally)
            return (found.noticeable + found.objections).joined()
        }
        #expect(Set(words).count == LossCause.allCases.count)
        for (cause, text) in zip(LossCause.allCases, words) { #expect(text.contains("as \(cause.name): "), "\(text)") }
    }

    @Test("A campaign that was stopped says how much was never run")
    func stopped() throws {
        var fixture = CampaignFixture(table1Counts)
        fixture.plan.trials = 6000
        fixture.end = .stopped(reason: "the cryostat warmed up")
        let certificate = try fixture.certificate()
        #expect(
            certificate.objects(
                "2 984 of 6 000 trials (49.7 %) were lost as not_run: the campaign ended before they were run"))
    }

    @Test("A test at any time keeps what it had shown when a person stopped the campaign")
    func stoppedByPerson() throws {
        var fixture = CampaignFixture(table1Counts.map { $0 * 4 })
        fixture.plan.trials = 100_000
        fixture.plan.headline = .localRealism(significance: 1e-6, test: .winCount)
        fixture.end = .stopped(reason: "the cryostat warmed up")
        let certificate = try fixture.certificate()
        let claim = try #require(certificate.json["claims"]?.arrayValue?.first)
        #expect(claim["holds"] == true && certificate.evidence.eProcess.trialsAtMax <= 12_064)
        let summary = try #require(certificate.summarised("freedom-of-choice"))
        #expect(summary["words"]?.stringValue?.contains("fails with that already") == false)
        #expect(summary["mu_max"]?.doubleValue ?? 0 > 0)
        // Its first bias is the declared one, μ = 0, and its number the claim's own.
        let (shown, claimed) = (summary["log10_p"]?.arrayValue?[0].doubleValue, claim["log10_p"]?.doubleValue)
        #expect(abs((shown ?? 0) - (claimed ?? 1)) < 1e-9, "\(summary) \(claim)")
        // From the certificate alone it is the same.
        let again = try Certificate(parsing: certificate.fileBytes, source: "certificate.json")
        #expect(again.hash == certificate.hash)
    }

    @Test("Learnt bets that win where the number of wins does not are not called failed")
    func learntAlone() throws {
        // Few trials of the S that was foreseen: the win count has to mix over all win probabilities, and pays for it.
        var fixture = CampaignFixture(table1Counts.map { $0 / 3 })
        fixture.plan.headline = .localRealism(significance: 1e-3, test: .predictionRatio, expected: 2.41)
        fixture.plan.claims = [.localRealism(significance: 1e-3, test: .winCount)]
        let certificate = try fixture.certificate()
        let claims = try #require(certificate.json["claims"]?.arrayValue)
        #expect(claims.map { $0["holds"] } == [true, false])
        let summary = try #require(certificate.summarised("freedom-of-choice"))
        #expect(summary["mu_max"] == .null)
        let words = summary["words"]?.stringValue ?? ""
        #expect(words.contains("bets that learn") && !words.contains("fails with that already"), "\(words)")
    }

    @Test("The bets that learn from arms have a summary by the win count, and an entropy claim one in bits")
    func summaries() throws {
        var fixture = CampaignFixture(table1Counts.map { $0 * 4 })
        fixture.plan.headline = .localRealism(significance: 1e-6, test: .predictionRatio)
        let learnt = try #require(try fixture.certificate().summarised("freedom-of-choice"))
        #expect(learnt["by"] == "local-realism-win-count" && learnt["mu_max"]?.doubleValue ?? 0 > 0)
        fixture.plan.headline = .pironio(thresholds: [2.2, 2.35, 2.8], delta: 1e-4, epsilon: 1e-2)
        let certificate = try fixture.certificate()
        let entropy = try #require(certificate.summarised("freedom-of-choice"))
        let bits = try #require(entropy["bits"]?.arrayValue)
        let claimed = try #require(certificate.json["claims"]?.arrayValue?[0]["bits"]?.doubleValue)
        // The fewest wins that reach J = 2.35, which is what is claimed.
        #expect(abs((bits[0].doubleValue ?? 0) - claimed) < 2, "\(bits) \(claimed)")
        fixture.plan.headline = .localRealism(significance: 1e-300)
        let failed = try #require(try fixture.certificate().summarised("freedom-of-choice"))
        #expect(failed["mu_max"] == .null && failed["words"]?.stringValue?.contains("fails with that already") == true)
    }
}
