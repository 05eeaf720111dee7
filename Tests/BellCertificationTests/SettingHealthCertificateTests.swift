import BellModel
import BellStatistics
import Testing
import TestSupport

@testable import BellCertification

@Suite struct SettingHealthCertificateTests {
    /// Wins four of five trials, with settings from `bits`.
    private static func fixture(
        trials: Int = 4096, _ bits: (Int, inout SplitMix) -> (x: UInt8, y: UInt8)
    ) -> CampaignFixture {
        var random = SplitMix(seed: 5)
        var fixture = CampaignFixture([UInt64](repeating: UInt64(trials / 16), count: 16))
        fixture.statuses = (0..<trials).map { i in
            let (x, y) = bits(i, &random)
            let a = UInt8(random.next() & 1)
            return TrialStatus(x: x, y: y, a: a, b: (x & y == 0) == (random.next() % 5 > 0) ? a : 1 - a)
        }
        return fixture
    }

    private static func fair(_ random: inout SplitMix) -> (x: UInt8, y: UInt8) {
        let word = random.next()
        return (UInt8(word & 1), UInt8(word >> 1 & 1))
    }

    @Test("An honest campaign is certified, and shows how close the tests came to their cut-offs")
    func honest() throws {
        let certificate = try Self.fixture { _, random in Self.fair(&random) }.certificate()
        #expect(certificate.isCertified, "\(certificate.reasons)")
        let health = try #require(certificate.json["rng_health"]?["alice"])
        #expect(health["bits"] == 4096)
        let run = try #require(health["run"]?.countValue)
        #expect(run > 5 && run < 25)
        let derived = try #require(certificate.json["rng_health_tests"])
        // log2(4096 / 2.5e-4) = 23.97.
        #expect(derived["repetition_cutoff"] == 25 && derived["false_alarms"] == 0.001 && derived["failed"] == [])
        #expect(certificate.text.contains("health alice"))
        #expect(certificate.text.contains("at most \(run) equal bits in a row (cut-off 25)"))
        #expect(try Certificate(parsing: certificate.fileBytes, source: "c").hash == certificate.hash)
    }

    @Test("A generator that stuck for a while is the reason, with place and cut-off", arguments: Node.allCases)
    func stuck(node: Node) throws {
        // 40 bits of 4096: no test of the mean would notice.
        let certificate = try Self.fixture { i, random in
            var bits = Self.fair(&random)
            if (1000..<1040).contains(i) {
                if node == .alice { bits.x = 1 } else { bits.y = 1 }
            }
            if i == 999 || i == 1040 { bits = (0, 0) }
            return bits
        }.certificate()
        #expect(!certificate.isCertified)
        #expect(
            certificate.reasons == [
                "the settings of \(node.name) failed the repetition count test: 40 equal bits in a row from trial 1000 "
                    + "on, cut-off 25 (the generator, or losses that depend on the settings)"
            ])
        #expect(certificate.text.contains("FAILED repetition count"))
        #expect(certificate.json["claims"]?.arrayValue?.first?["certified"] == false)
    }

    @Test("A generator that is biased beyond what is declared for a window is the reason")
    func biased() throws {
        var fixture = Self.fixture(trials: 8192) { i, random in
            var bits = Self.fair(&random)
            if (2048..<3072).contains(i) { bits.y = random.next() % 4 > 0 || i == 2048 ? 1 : 0 }
            return bits
        }
        let reasons = try fixture.certificate().reasons
        #expect(reasons.contains { $0.contains("bob failed the adaptive proportion test") }, "\(reasons)")
        #expect(reasons.contains { $0.contains("bits from trial 2048 on") }, "\(reasons)")
        // Declared, the same bias is no failure of the generator.
        fixture.plan.settingBias = 0.26
        #expect(!(try fixture.certificate().reasons.contains { $0.contains("failed the") }))
    }

    @Test("Evidence of other tests than the counts allow is refused, and so is an altered certificate")
    func contradictions() throws {
        let good = try Self.fixture { _, random in Self.fair(&random) }.evidence()
        let alice = good.settingHealth.alice
        var object = try #require(alice.json.objectValue)
        object["run"] = 4096
        let altered = PerNode(
            alice: try SettingExtremes(json: .object(object), path: "x"), bob: good.settingHealth.bob)
        let error = #expect(throws: BellError.self) {
            try CampaignEvidence(
                campaign: good.campaign, sealed: good.sealed, planHash: good.planHash, devices: good.devices,
                simulated: good.simulated, software: good.software, blocks: good.blocks, eProcess: good.eProcess,
                predictionRatio: good.predictionRatio, training: good.training, settingHealth: altered, end: good.end)
        }
        #expect(error?.code == .certificateEvidence && error?.place == "rng_health.alice")
        // A shorter run that could be: the evidence is consistent, the certificate another one.
        object["run"] = JSON(count: alice.run - 1)
        let shorter = PerNode(
            alice: try SettingExtremes(json: .object(object), path: "x"), bob: good.settingHealth.bob)
        let other = try Certificate.issue(
            try CampaignEvidence(
                campaign: good.campaign, sealed: good.sealed, planHash: good.planHash, devices: good.devices,
                simulated: good.simulated, software: good.software, blocks: good.blocks, eProcess: good.eProcess,
                predictionRatio: good.predictionRatio, training: good.training, settingHealth: shorter, end: good.end))
        let list = JSONDifference.list(other.json, expected: try Certificate.issue(good).json, path: "")
        #expect(list.contains { $0.contains("rng_health.alice.run") }, "\(list)")
    }

    @Test("Hostile numbers in the evidence are refused, and a forged cut-off is found")
    func hostile() throws {
        let certificate = try Self.fixture { _, random in Self.fair(&random) }.certificate()
        let good = try #require(certificate.json["rng_health"]?["bob"]?.objectValue)
        for key in good.keys {
            for value in [JSON.null, .int(-1), .string(String(UInt64.max)), [], .double(1e300), .int(Int64.max)] {
                let forged = try CertificateParsingTests.forged(certificate) {
                    $0["rng_health"] = [
                        "alice": certificate.json["rng_health"]?["alice"] ?? .null,
                        "bob": .object(good.merging([key: value]) { $1 }),
                    ]
                }
                #expect(CertificateParsingTests.error(forged) != nil, "\(key) = \(value.text)")
            }
        }
        let lenient = try CertificateParsingTests.forged(certificate) { members in
            var tests = members["rng_health_tests"]?.objectValue ?? [:]
            tests["repetition_cutoff"] = 1000
            members["rng_health_tests"] = .object(tests)
        }
        #expect(CertificateParsingTests.error(lenient)?.code == .certificateAltered)
    }
}
