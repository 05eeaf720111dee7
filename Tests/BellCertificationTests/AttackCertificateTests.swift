import BellAudit
import BellModel
import BellStatistics
import MockLab
import Testing

@testable import BellCertification

/// docs/attacks.md, all the way to the certificate: 2^18 trials, fixed seeds.
@Suite("Certificates of cheating laboratories")
struct AttackCertificateTests {
    // MARK: Inside the assumptions

    /// No claim of any kind holds, and nothing but that and its losses is said.
    private func expectNothing(_ certificate: Certificate, _ because: String, _ at: Comment) throws {
        #expect(certificate.verdict == .notCertified, at)
        let claims = try #require(certificate.json["claims"]?.arrayValue)
        #expect(claims.count == 6 && claims.allSatisfy { $0["holds"] == false && $0["certified"] == false }, at)
        #expect(certificate.reasons.first?.contains("local realism is not rejected") == true, at)
        #expect(because.isEmpty || certificate.objects(because), "\(certificate.reasons)")
    }

    @Test(
        "What stays inside the assumptions meets no claim, and the losses that it costs are named",
        arguments: [
            (.memory(.wins), ""), (.memory(.sValue), ""), (.predict(bias: 0), ""),
            (.lose(.missing), "lost as bob_missing: no record of bob came back"),
            (.lose(.saturated), "lost as unhealthy: a node reported a fault"),
            (.lose(.late), "lost as locality: their margins do not exceed k·u"), (.reorder, "lost as mispaired"),
            (.repeat, "lost as mispaired"), (.renumber(sigmas: 1), "copies of them contradict each other"),
        ] as [(Adversary.Attack, String)], [UInt64(1), 2])
    func inside(attack: (Adversary.Attack, String), seed: UInt64) throws {
        var campaign = AttackCampaign(Adversary(attack.0))
        campaign.seed = seed
        campaign.plan.claims = try AttackCampaign.everyClaim()
        try expectNothing(try campaign.certificate(), attack.1, "\(attack.0), seed \(seed)")
    }

    @Test("Settings that are predictable to exactly the declared bias meet no claim", arguments: [0.001, 0.01, 0.1])
    func predicted(bias: Double) throws {
        var campaign = AttackCampaign(Adversary(.predict(bias: bias)), bias: bias)
        campaign.plan.claims = try AttackCampaign.everyClaim(bias: min(bias, 0.01))
        let certificate = try campaign.certificate()
        try expectNothing(certificate, "", "μ = \(bias)")
        #expect(certificate.findings.objections.isEmpty, "the settings look uniform")
    }

    @Test("Stopping at the lucky moment meets no claim, not even those that hold at any time")
    func cut() throws {
        var stopped = 0
        for seed in 1...6 as ClosedRange<UInt64> {
            var campaign = AttackCampaign(Adversary(.cut(sigmas: 0.5)))
            campaign.seed = seed
            campaign.plan.claims = try AttackCampaign.everyClaim()
            let certificate = try campaign.certificate()
            if certificate.tally.losses > 0 { stopped += 1 }
            try expectNothing(
                certificate, certificate.tally.losses > 2622 ? "lost as bob_missing" : "", "seed \(seed)")
        }
        #expect(stopped >= 2)
    }

    @Test("An old arm that is sent again as every later one, clock records and all, counts once")
    func oldArms() throws {
        var campaign = AttackCampaign(nil)
        var first: ArmEvidence?
        campaign.change = { arm in
            if let first { arm = first.numbered(from: arm.firstIndex) } else { first = arm }
        }
        let certificate = try campaign.certificate()
        #expect(certificate.tally.valid == UInt64(AttackCampaign.trialsPerArm))
        #expect(certificate.verdict == .notCertified && certificate.objects("lost as clock"))
    }

    @Test("Who discards what is lost would publish S = 4; the certificate counts every trial")
    func losing() throws {
        let certificate = try AttackCampaign(Adversary(.lose(.missing))).certificate()
        #expect(certificate.statistics.chsh?.s == 4 && certificate.verdict == .notCertified)
        #expect(certificate.text.contains("(25.") || certificate.text.contains("(24."))
        #expect(!certificate.objects("2√2"), "the wins of all trials are below the quantum bound")
    }

    // MARK: Against an assumption that evidence refutes

    @Test(
        "Who waits for a message and says so is refused, because no margin is left",
        arguments: Adversary.Message.allCases, Node.allCases)
    func signal(hears: Adversary.Message, node: Node) throws {
        let attack = Adversary.Attack.signal(hears, sValue: 2.6, .honest(delay: 150_000))
        let certificate = try AttackCampaign(Adversary(attack, node: node)).certificate()
        #expect(certificate.verdict == .notCertified && certificate.exitCode == .experiment)
        #expect(
            certificate.objects(
                "262 144 of 262 144 trials (100.0 %) were lost as locality: their margins do not exceed k·u"),
            "\(certificate.reasons)")
        #expect(certificate.objects("no trial is valid"))
        #expect(certificate.text.contains("were lost as locality"))
    }

    @Test(
        "A clock that slips is refused: its records disagree, or the margins fail",
        arguments: [(1e6, 0, "locality"), (-1e6, 0, "locality"), (0, 3e-4, "clock"), (0, -3e-4, "clock")])
    func clock(offset: Double, rate: Double, cause: String) throws {
        let certificate = try AttackCampaign(
            Adversary(.clock(offset: offset, rate: rate, from: 100_000))
        ).certificate()
        #expect(certificate.verdict == .notCertified)
        #expect(
            certificate.objects(
                "were lost as \(cause): ",
                cause == "clock"
                    ? "the clock records disagree, run back or are missing" : "their margins do not exceed k·u"),
            "\(certificate.reasons)")
    }

    @Test("A stuck or biased generator is refused beyond the declared bias, and only beyond it")
    func biased() throws {
        var campaign = AttackCampaign(nil, bias: 0.01)
        campaign.rngBias = 0.5
        let stuck = try campaign.certificate()
        #expect(stuck.verdict == .notCertified)
        #expect(stuck.objects("the declared bias of the settings, |P − ½| ≤ 0.01, is refuted", "P(x = 1) = 1.00000"))
        campaign.rngBias = 0.02
        let more = try campaign.certificate()
        #expect(more.findings.claims.first?.holds == true, "the numbers would bear the claim")
        #expect(more.verdict == .notCertified && more.objects("is refuted", "P(y = 1) = 0.5"), "\(more.reasons)")
        campaign.rngBias = 0.008
        let declared = try campaign.certificate()
        #expect(declared.verdict == .certified, "\(declared.reasons)")
    }

    @Test(
        "S above 2√2 beyond statistics is refused as such, and the settings and no-signalling find nothing",
        arguments: [2.9, 4])
    func quantumBound(sValue: Double) throws {
        let certificate = try AttackCampaign(
            Adversary(.signal(.setting, sValue: sValue, .lying))
        ).certificate()
        #expect(certificate.verdict == .notCertified && certificate.reasons.count == 1)
        #expect(
            certificate.objects("S is above 2√2 beyond statistics", "quantum theory allows 0.853553"),
            "\(certificate.reasons)")
        let found = certificate.json["consistency"]?["quantum_bound"]
        #expect(found?["log10_p"]?.doubleValue.map { $0 < -30 } == true)
        #expect(found?["wins"]?.countValue == certificate.statistics.wins.wins)
        #expect(certificate.text.contains("quantum bound"))
    }

    @Test("Settings that are not the host's committed bits are refused, a single one too")
    func hostBits() throws {
        var campaign = AttackCampaign(Adversary(.predict(bias: 0.5)))
        campaign.hostSeed = 12
        let all = try campaign.certificate()
        #expect(all.verdict == .notCertified && all.statistics.chsh?.s == 4)
        #expect(
            all.objects(
                "were lost as host_bit_mismatch: their settings are not the bits that the host had committed to",
                "so that the boards do not play them"), "\(all.reasons)")
        campaign.adversary = nil
        #expect(try campaign.certificate().verdict == .certified)
        campaign.change = { arm in
            guard arm.firstIndex == UInt64(AttackCampaign.trialsPerArm) else { return }
            var records = TrialRecord.all(in: arm.halves.bob[3].records)
            records[7].setting ^= 1
            arm.halves.bob[3].records = TrialRecord.bytes(of: records)
        }
        let one = try campaign.certificate()
        #expect(one.verdict == .notCertified && one.findings.claims.first?.holds == true)
        #expect(one.reasons.count == 1 && one.objects("1 of 262 144 trials (below 0.1 %)"), "\(one.reasons)")
    }

    // MARK: Against an assumption that no data can refute

    @Test("Lying time tags pass, and the summary names what they would have to hide")
    func lying() throws {
        let certificate = try AttackCampaign(Adversary(.signal(.setting, sValue: 2.4, .lying))).certificate()
        #expect(certificate.verdict == .certified, "\(certificate.reasons)")
        let item = try #require(certificate.summarised("boards-report-truly"))
        let margins = certificate.findings.locality.margins
        #expect(item["least_margin_ps"]?.intValue == margins.least?.count && margins.least?.count ?? 0 > 3000)
        #expect(item["words"]?.stringValue?.contains("Time tags that lie by the least margin, 3.2") == true)
        #expect(certificate.text.contains("relies on") && certificate.text.contains("3.2"))
    }

    @Test(
        "A source that is more predictable than declared passes, and the summary shows the bias that undoes the claim")
    func predictable() throws {
        let certificate = try AttackCampaign(Adversary(.predict(bias: 0.02)), bias: 0.001).certificate()
        #expect(certificate.verdict == .certified, "\(certificate.reasons)")
        let item = try #require(certificate.summarised("freedom-of-choice"))
        let greatest = try #require(item["mu_max"]?.doubleValue)
        #expect(greatest < 0.02 && greatest > 0.013, "\(greatest)")
        #expect(item["mu"]?.arrayValue?.compactMap(\.doubleValue) == [0, 0.001, 0.002, 0.005, 0.01])
        #expect(item["declared_mu"]?.doubleValue == 0.001)
        let values = try #require(item["log10_p"]?.arrayValue).compactMap(\.doubleValue)
        #expect(values.count == 5 && zip(values, values.dropFirst()).allSatisfy { $0 < $1 } && values[4] < -9)
        #expect(close(values[1], certificate.statistics.log10PValue, 1e-9))
        #expect(certificate.text.contains("better than ½ + 0.001, as declared"))
    }

    @Test("The date of sealing and the choice among campaigns are named, whatever was found")
    func sealing() throws {
        for adversary in [nil, Adversary(.memory(.wins))] as [Adversary?] {
            let certificate = try AttackCampaign(adversary).certificate()
            let item = try #require(certificate.summarised("date-of-sealing"))
            #expect(item["plan_number"] == 3 && item["sealed_at"] == "2026-11-21T08:00:00Z")
            #expect(certificate.json["assumptions"]?["date-of-sealing"] != nil)
        }
    }
}
