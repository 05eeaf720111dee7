import BellCrypto
import BellJournal
import BellModel
import Testing

@testable import BellCertification

/// Somebody without the nodes' keys, who can write to the journal, makes all of its hashes anew, and the certificate too.
@Suite struct SignatureTests {
    typealias Damage = VerificationTests.Damage

    static let fixture = CampaignFixture(table1Counts)

    /// The outcomes of the arm at trial 128 are others.
    static func replaced(_ change: (inout Damage) -> Void = { _ in }) -> Damage {
        var damage = AlteredEvidenceTests.record(.alice) { $0.outcome ^= 1 }
        change(&damage)
        return damage
    }

    @Test("A sound campaign is signed: its certificate names the keys and counts every chunk")
    func sound() throws {
        let certificate = try SignatureTests.fixture.certificate()
        let chunks = UInt64(SignatureTests.fixture.arms().count)
        #expect(certificate.json["signatures"] == PerNode { _ in SignatureCount(signed: chunks) }.json)
        #expect(certificate.json["node_keys"] == (try CampaignFixture.publicKeys()).mapJSON)
        #expect(certificate.reasons.isEmpty && certificate.isCertified)
        #expect(certificate.text.contains(try CampaignFixture.key(.bob).publicKey.hex))
        let first = try #require(certificate.evidence.blocks.first)
        let last = try #require(certificate.evidence.blocks.last)
        #expect(first.evidenceRoots != last.evidenceRoots && last.evidenceRoots.alice != last.evidenceRoots.bob)
        #expect(try Certificate(parsing: certificate.fileBytes, source: "it").hash == certificate.hash)
    }

    @Test("A replaced chunk is found by its signature, without any certificate that was kept")
    func replacedChunk() throws {
        let path = try VerificationTests.write(SignatureTests.fixture, SignatureTests.replaced())
        let report = try VerificationTests.verify(path, nil)
        #expect(report.exitCode == .dataIntegrity && report.isCertified == nil)
        #expect(
            report.differences.contains {
                $0.hasPrefix("arm 1: the chunk of trials 128..<256 (arm 1) was not signed by alice's key")
            }, "\(report.text)")
        #expect(report.differences.contains { $0.contains("signatures.alice.bad: found 0, expected 1") })
    }

    @Test(
        "What is not signed stands against the claim, when the journal and a new certificate admit it", arguments: 0..<3
    )
    func admitted(kind: Int) throws {
        let damage: Damage =
            switch kind {
            case 0: SignatureTests.replaced { $0.isHonestAboutSignatures = true }
            case 1: Damage(signature: { $0 = nil }, isHonestAboutSignatures: true)
            default: Damage(signature: { $0?[0] ^= 1 }, isHonestAboutSignatures: true)
            }
        let path = try VerificationTests.write(SignatureTests.fixture, damage)
        let certificate = try VerificationTests.certificate(path, SignatureTests.fixture)
        let report = try VerificationTests.verify(path, certificate)
        #expect(report.matches && report.isCertified == false, "\(report.text)")
        // A signature of another key contradicts the named one; a missing one contradicts nothing.
        #expect(certificate.verdict == (kind == 1 ? .notCertified : .invalid) && report.verdict == certificate.verdict)
        #expect(report.exitCode == (kind == 1 ? .ok : .dataIntegrity))
        #expect(certificate.reasons.count == 1)
        #expect(certificate.reasons[0].contains("chunks in block 0 were not signed by alice's key"))
        #expect(
            certificate.reasons[0].contains(kind == 1 ? "0 have another signature, 1 none" : "1 have another signature")
        )
        #expect(certificate.json["signatures"]?["alice"]?[kind == 1 ? "unsigned" : "bad"] == 1)
    }

    @Test("A removed signature is found where the journal claims that all are there")
    func removed() throws {
        let path = try VerificationTests.write(SignatureTests.fixture, Damage(signature: { $0 = nil }))
        let report = try VerificationTests.verify(path, nil)
        #expect(report.differences.contains { $0.contains("it has no signature") }, "\(report.text)")
    }

    @Test(
        "Another key than the campaign's does not help, and one that is put in its place is seen beside the certificate"
    )
    func anotherKey() throws {
        let sound = try VerificationTests.write(SignatureTests.fixture)
        let kept = try VerificationTests.certificate(sound, SignatureTests.fixture)
        _ = try VerificationTests.verify(sound, kept)
        let signed = try VerificationTests.write(
            SignatureTests.fixture, SignatureTests.replaced { $0.signingSeed = 9 })
        let report = try VerificationTests.verify(signed, nil)
        #expect(report.differences.contains { $0.contains("was not signed by alice's key") }, "\(report.text)")
        let named = try VerificationTests.write(
            SignatureTests.fixture,
            SignatureTests.replaced {
                $0.signingSeed = 9
                $0.keySeed = 9
            })
        let forged = try VerificationTests.certificate(named, SignatureTests.fixture)
        #expect(forged.reasons.isEmpty, "a forger who may choose the keys signs what he likes")
        let beside = try VerificationTests.verify(named, kept)
        #expect(beside.differences.contains { $0.contains("devices.alice.key.public") }, "\(beside.text)")
        #expect(beside.differences.contains { $0.contains("node_keys.bob.public") })
    }

    /// What must stand against a certificate, or be refused as a contradiction.
    @Test("Keys that contradict the boards, or that are none, are refused", arguments: 0..<5)
    func keys(kind: Int) throws {
        let evidence = try SignatureTests.fixture.evidence()
        var devices = evidence.devices.objectValue ?? [:]
        func set(_ node: String, _ key: String, _ value: JSON?) {
            var object = devices[node]?.objectValue ?? [:]
            object[key] = value
            devices[node] = .object(object)
        }
        let bytes = try CampaignFixture.key(.bob).publicKey
        switch kind {
        case 0: set("alice", "key", ["public": .string(bytes.hex), "holder": "board"])
        case 1: set("bob", "key", ["public": .string(bytes.hex), "holder": "belld"])
        case 2: set("bob", "has_signing_key", false)
        case 3: set("bob", "key", ["public": "00", "holder": "board"])
        default: set("bob", "key", ["public": .string(bytes.hex), "holder": "mallory"])
        }
        let error = #expect(throws: BellError.self) {
            try CampaignEvidence(
                campaign: evidence.campaign, sealed: evidence.sealed, planHash: evidence.planHash,
                devices: .object(devices), simulated: evidence.simulated, software: evidence.software,
                blocks: evidence.blocks, eProcess: evidence.eProcess,
                predictionRatio: evidence.predictionRatio, training: evidence.training,
                settingHealth: evidence.settingHealth, end: evidence.end)
        }
        #expect(error?.code == (kind < 3 ? .certificateEvidence : .jsonShape))
    }

    @Test("Without a key there is no certificate, however many signatures are claimed")
    func noKey() throws {
        let evidence = try SignatureTests.fixture.evidence()
        var devices = evidence.devices.objectValue ?? [:]
        devices["bob"] = ["model": "mock"]
        let certificate = try Certificate.issue(
            try CampaignEvidence(
                campaign: evidence.campaign, sealed: evidence.sealed, planHash: evidence.planHash,
                devices: .object(devices), simulated: evidence.simulated, software: evidence.software,
                blocks: evidence.blocks, eProcess: evidence.eProcess,
                predictionRatio: evidence.predictionRatio, training: evidence.training,
                settingHealth: evidence.settingHealth, end: evidence.end))
        #expect(certificate.reasons == ["no key signs the chunks of bob"])
        #expect(certificate.json["node_keys"]?["bob"] == .null)
    }

    @Test("belld's own key is named as such: it binds records from their arrival on")
    func held() throws {
        let evidence = try SignatureTests.fixture.evidence()
        var devices = evidence.devices.objectValue ?? [:]
        devices["bob"] = [
            "model": "mock", "has_signing_key": false,
            "key": ["public": .string(try CampaignFixture.key(.bob).publicKey.hex), "holder": "belld"],
        ]
        let certificate = try Certificate.issue(
            try CampaignEvidence(
                campaign: evidence.campaign, sealed: evidence.sealed, planHash: evidence.planHash,
                devices: .object(devices), simulated: evidence.simulated, software: evidence.software,
                blocks: evidence.blocks, eProcess: evidence.eProcess,
                predictionRatio: evidence.predictionRatio, training: evidence.training,
                settingHealth: evidence.settingHealth, end: evidence.end))
        #expect(certificate.isCertified)
        #expect(certificate.text.contains("at their arrival: the board has none"))
        let words = certificate.json["assumptions"]?["boards-report-truly"]?.stringValue
        #expect(words?.contains("bob's records are bound by belld's key from their arrival on") == true)
    }
}

extension PerNode where Value == ChunkKey? {
    fileprivate var mapJSON: JSON { ["alice": alice?.json ?? .null, "bob": bob?.json ?? .null] }
}
