import BellCrypto
import BellModel
import BellStatistics
import Testing
import TestSupport

@testable import BellCertification

@Suite struct CertificateTests {
    @Test("Table 1 as a campaign is certified, flagged as simulated, with the known numbers")
    func certified() throws {
        let certificate = try CampaignFixture(table1Counts).certificate()
        #expect(certificate.isCertified && certificate.reasons.isEmpty && certificate.isSimulated)
        #expect(certificate.exitCode == .ok)
        let json = certificate.json
        #expect(json["verdict"] == "certified" && json["simulated"] == true)
        #expect(json["statistics"]?["i_hat"]?.doubleValue.map { close($0, 2.413793103448276, 1e-12) } == true)
        #expect(json["local_realism"]?["log10_p_binomial"]?.doubleValue.map { close($0, -10.9922936, 1e-6) } == true)
        #expect(json["min_entropy"]?["bits_2010"]?["exact"]?.doubleValue.map { close($0, 44.066, 1e-4) } == true)
        #expect(json["locality"]?["status"] == "audited")
        let claims = try #require(json["claims"]?.arrayValue)
        #expect(claims.count == 2 && claims[0]["headline"] == true && claims[0]["holds"] == true)
        #expect(claims[1]["holds"] == true && claims[1]["bits"]?.doubleValue.map { $0 > 23 && $0 < 24 } == true)
        #expect(json["blocks"]?.arrayValue?.count == 3)
        // The e-process saw every arm; at the end of the data it stands near 10^8.47.
        #expect(certificate.evidence.eProcess.log10Max >= 8.47)
    }

    @Test("The page says simulated in large, and has no line beyond 100 columns")
    func page() throws {
        let text = try CampaignFixture(table1Counts, losses: 5).certificate().text
        for word in [
            "CERTIFIED", "SIMULATED", "p = ", "m_AB ≥ 9.489 ns", "k·u = 5 × 0.1167 ns = 0.583 ns", "unhealthy 5",
            "freedom-of-choice", "3 021 trials = 3 016 valid + 5 lost", "plan hash", "root alice", "key bob",
            "S             2.4145",
        ] { #expect(text.contains(word), "\(word)\n\(text)") }
        for line in text.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
        var real = CampaignFixture(table1Counts)
        real.simulated = false
        #expect(!(try real.certificate().text.contains("SIMULATED")))
    }

    @Test("What stands against the headline stands against every further claim, whose numbers may hold")
    func objections() throws {
        var fixture = CampaignFixture(table1Counts)
        fixture.plan.claims = [.localRealism(significance: 0.01)]
        for isKnown in [true, false] {
            fixture.offsetKnown = isKnown
            let certificate = try fixture.certificate()
            let claims = try #require(certificate.json["claims"]?.arrayValue)
            #expect(claims.map { $0["holds"] } == [true, true])
            #expect(claims.map { $0["certified"] } == [.bool(isKnown), .bool(isKnown)])
            #expect(certificate.text.contains("NOT certified: locality is unknown") == !isKnown)
        }
    }

    @Test("Data with S = 2 are not certified")
    func local() throws {
        // Every device answers 0: S = 2, the most that local realism allows.
        var counts = [UInt64](repeating: 0, count: 16)
        for pair in 0..<4 { counts[4 * pair] = 750 }
        let certificate = try CampaignFixture(counts).certificate()
        #expect(certificate.statistics.chsh?.s == 2)
        #expect(!certificate.isCertified && certificate.exitCode == .experiment)
        #expect(certificate.json["verdict"] == "not certified")
        #expect(certificate.reasons.first?.contains("local realism is not rejected") == true)
        #expect(certificate.text.contains("NOT CERTIFIED"))
        #expect(certificate.findings.claims.allSatisfy { !$0.holds })
    }

    @Test("One node's outcomes permuted give S near 0 and no certificate")
    func permuted() throws {
        var fixture = CampaignFixture(table1Counts)
        var random = SplitMix(seed: 11)
        let outcomes = fixture.statuses.map { $0.rawValue & 1 }.shuffled(using: &random)
        fixture.statuses = zip(fixture.statuses, outcomes).map { TrialStatus(rawValue: $0.rawValue & ~1 | $1) ?? $0 }
        let certificate = try fixture.certificate()
        #expect(abs(try #require(certificate.statistics.chsh?.s)) < 0.3)
        #expect(!certificate.isCertified)
        #expect(certificate.evidence.eProcess.log10Max < 1)
    }

    @Test("Losses count against the campaign: enough of them undo the certificate")
    func losses() throws {
        let few = try CampaignFixture(table1Counts, losses: 8).certificate()
        #expect(few.isCertified && few.tally.losses == 8 && few.statistics.wins.trials == 3024)
        let many = try CampaignFixture(table1Counts, losses: 300).certificate()
        #expect(!many.isCertified && many.statistics.chsh?.s == few.statistics.chsh?.s)
    }

    @Test("A campaign that ends early scores what was not run as losses")
    func stopped() throws {
        var fixture = CampaignFixture(table1Counts)
        fixture.plan.trials = 6000
        fixture.end = .stopped(reason: "the cryostat warmed up")
        let certificate = try fixture.certificate()
        #expect(certificate.tally.trials == 6000 && certificate.tally.losses(.notRun) == 2984)
        #expect(!certificate.isCertified)
        #expect(certificate.text.contains("stopped after 3 016 of 6 000 trials: the cryostat warmed up"))
        #expect(certificate.text.contains("not_run 2 984"))
        fixture.end = .completed
        #expect(throws: BellError.self) { try fixture.certificate() }
    }

    @Test("Without a surveyed clock offset nothing is certified, whatever the p-value")
    func unknownLocality() throws {
        var fixture = CampaignFixture(table1Counts)
        fixture.offsetKnown = false
        let certificate = try fixture.certificate()
        #expect(certificate.json["locality"]?["status"] == "unknown" && !certificate.isCertified)
        #expect(
            certificate.reasons == [
                "locality is unknown: the static clock offset was not surveyed, so locality is not claimed"
            ])
    }

    @Test("With host bits locality is assumed, and the page says so")
    func hostBits() throws {
        var fixture = CampaignFixture(table1Counts)
        fixture.plan.inputBits = .host
        fixture.plan.hostBits = PerNode(alice: "file:a", bob: "file:b")
        let certificate = try fixture.certificate()
        #expect(certificate.tally.valid == 3016)
        #expect(certificate.json["locality"]?["status"] == "assumed" && certificate.isCertified)
        #expect(certificate.text.contains("assumed (no setting leakage)"))
        #expect(certificate.json["assumptions"]?["freedom-of-choice"]?.text.contains("for the first time") == true)
    }

    @Test("Trials that take too long are losses, so nothing is left to certify")
    func tooLong() throws {
        var fixture = CampaignFixture(table1Counts)
        fixture.duration = 900
        let certificate = try fixture.certificate()
        #expect(certificate.tally.losses(.locality) == 3016 && certificate.tally.valid == 0)
        #expect(!certificate.isCertified && certificate.text.contains("locality 3 016"))
        #expect(certificate.json["statistics"]?["s"] == .null)
    }

    @Test("Signalling data are not certified, however large S is")
    func signalling() throws {
        // Bob's outcome is x·y, alice's 0: all trials win, S = 4, and bob's outcome at y = 1 shows x.
        var counts = [UInt64](repeating: 0, count: 16)
        for (pair, b) in [(0, 0), (1, 0), (2, 0), (3, 1)] { counts[4 * pair + b] = 750 }
        let certificate = try CampaignFixture(counts).certificate()
        #expect(certificate.statistics.chsh?.s == 4 && !certificate.isCertified)
        #expect(certificate.reasons.contains { $0.contains("no-signalling") })
    }

    @Test(
        "An entropy claim as the headline holds, or says why not",
        arguments: [
            (Plan.Claim.minEntropy(threshold: 2.4, delta: 0.01, epsilon: 0.1), nil),
            (.minEntropy(threshold: 2.5, delta: 0.01, epsilon: 0.1), "did not reach"),
            (.minEntropy(threshold: 2.4, delta: 0.1, epsilon: 0.01), "no smoothing"),
            (.minEntropy(threshold: 2.2, delta: 0.01, epsilon: 0.1), "no min-entropy"),
            (.minEntropy(threshold: 2.4, delta: 0, epsilon: 0), "no min-entropy"),
            (.minEntropy(threshold: .nan, delta: 0.01, epsilon: 0.1), "did not reach"),
        ] as [(Plan.Claim, String?)])
    func entropyHeadline(claim: Plan.Claim, reason: String?) throws {
        var fixture = CampaignFixture(table1Counts)
        fixture.plan.headline = claim
        let certificate = try fixture.certificate()
        #expect(certificate.isCertified == (reason == nil))
        if let reason { #expect(certificate.reasons.first?.contains(reason) == true, "\(certificate.reasons)") }
    }

    @Test("The same evidence gives the same bytes")
    func deterministic() throws {
        let fixture = CampaignFixture(table1Counts, losses: 7)
        #expect(try fixture.certificate().fileBytes == fixture.certificate().fileBytes)
    }

    @Test("Evidence that contradicts itself is refused with everything that is wrong")
    func contradictions() throws {
        let good = try CampaignFixture(table1Counts).evidence()
        var blocks = good.blocks
        blocks.remove(at: 1)
        var found: BellError?
        do throws(BellError) {
            _ = try CampaignEvidence(
                campaign: good.campaign, sealed: good.sealed, planHash: .zero, devices: .null, simulated: true,
                software: "0.1.0", blocks: blocks, eProcess: good.eProcess,
                predictionRatio: good.predictionRatio, training: good.training, settingHealth: good.settingHealth,
                end: .completed)
        } catch { found = error }
        let error = try #require(found)
        #expect(error.code == .certificateEvidence && error.code.exit == .dataIntegrity)
        #expect(error.place == "plan_hash")
        #expect(error.others.map(\.place) == ["blocks[1].first_index"])
    }
}
