import BellCrypto
import BellModel
import TestSupport
import Testing

@testable import BellCertification

@Suite("Plan chain and anchors in a certificate")
struct PlanRecordCertificateTests {
    private static let good = CampaignFixture(table1Counts)

    private static func evidence(
        _ record: PlanRecord, sealed: SealedPlan? = nil
    ) throws -> CampaignEvidence {
        let (old, sealed) = (try good.evidence(), sealed ?? good.sealed)
        let hash = Blake2b.hash(text: sealed.json.text)
        return try CampaignEvidence(
            campaign: CampaignID(planHash: hash), sealed: sealed, planHash: hash, devices: old.devices,
            simulated: old.simulated, software: old.software, record: record, blocks: old.blocks,
            eProcess: old.eProcess, predictionRatio: old.predictionRatio, training: old.training,
            settingHealth: old.settingHealth,
            end: old.end)
    }

    /// Plan n has the hash n, repeated; the fixture's own is number 3 and follows zeroes.
    private static func entry(_ number: UInt8, _ fate: PlanChain.Fate, hash: Digest? = nil) throws -> PlanChain.Entry {
        PlanChain.Entry(
            number: UInt64(number), hash: hash, previous: nil, name: "plan \(number)", sealedAt: "2026-11-20T00:00:00Z",
            fate: fate)
    }

    private static func anchors() throws -> [PlanAnchor] {
        let text = Array(good.sealed.json.text.utf8)
        let key = SigningKey.generate()
        let stamp = HandmadeStamp(SHA2.sha256.hash(text), time: "20261121073000Z").bytes
        return [
            .timeStamp(try TimeStamp(stamp, place: "reply")),
            .signature(key.sign(text), key: try #require(PublicKey(bytes: key.publicKey)), by: "a notary"),
        ]
    }

    @Test("without an anchor the date is the laboratory's own word; with one it is said who dates it")
    func dating() throws {
        let bare = try Certificate.issue(try Self.evidence(PlanRecord()))
        let word = "The plan's time of sealing is the laboratory's own word"
        #expect(bare.json["assumptions"]?["date-of-sealing"]?.stringValue?.contains(word) == true)
        #expect(bare.json["plan_chain"] == .null && bare.json["anchors"] == [])
        #expect(bare.planWords.first == "the chain of plans was not recorded")
        let anchored = try Certificate.issue(try Self.evidence(PlanRecord(anchors: try Self.anchors())))
        let sentence = try #require(anchored.json["assumptions"]?["date-of-sealing"]?.stringValue)
        #expect(!sentence.contains(word))
        #expect(sentence.contains("The plan existed at 2026-11-21T07:30:00Z, if"))
        #expect(sentence.contains("when a notary signed it"))
        #expect(anchored.planWords.last?.hasSuffix("whoever signed a chunk signed it for this plan") == true)
        #expect(anchored.text.contains("time stamp (RFC 3161) of 2026-11-21T07:30:00Z"))
        // What dates a plan decides nothing.
        #expect(anchored.isCertified == bare.isCertified && anchored.reasons == bare.reasons)
        let again = try Certificate(parsing: anchored.fileBytes, source: "certificate.json")
        #expect(again.evidence == anchored.evidence)
    }

    @Test("the page says which plan it is, and how the others ended")
    func place() throws {
        let chain = PlanChain(
            of: 3, others: [try Self.entry(1, .abandoned), try Self.entry(4, .sealed), try Self.entry(6, .certified)])
        let certificate = try Certificate.issue(try Self.evidence(PlanRecord(chain: chain)))
        let line =
            "this is plan 3; 5 others were known when it was begun: 1 certified, 1 abandoned (1), 1 sealed and never begun "
            + "(4), 2 missing (2, 5)"
        #expect(certificate.planWords.first == line)
        #expect(certificate.text.contains("this is plan 3; 5 others"))
        #expect(certificate.json["plan_chain"]?["head"] == 6)
        let only = try Certificate.issue(try Self.evidence(PlanRecord(chain: PlanChain(of: 3, others: []))))
        #expect(only.planWords.first?.contains("2 missing (1, 2)") == true)
    }

    @Test("a broken chain stands against the claim, a damaged plan does not")
    func broken() throws {
        let damaged = PlanChain(of: 3, others: [try Self.entry(2, .damaged), try Self.entry(1, .missing)])
        let whole = try Certificate.issue(try Self.evidence(PlanRecord(chain: damaged)))
        #expect(whole.isCertified, "\(whole.reasons)")
        let another = try #require(Digest(bytes: [UInt8](repeating: 2, count: 32)))
        let chain = PlanChain(of: 3, others: [try Self.entry(2, .notCertified, hash: another)])
        let certificate = try Certificate.issue(try Self.evidence(PlanRecord(chain: chain)))
        #expect(!certificate.isCertified)
        #expect(
            certificate.reasons == ["the chain of plans is broken at plan 2: the next one was sealed after another"])
    }

    @Test("an anchor of another plan, a chain that ends before the plan, and a pulse from after the sealing contradict")
    func contradictions() throws {
        var other = Self.good.sealed
        other.number = 4
        for (record, sealed, place) in [
            (PlanRecord(anchors: try Self.anchors()), other, "anchors[0]"),
            (PlanRecord(chain: PlanChain(of: 2, others: [])), Self.good.sealed, "plan_chain.head"),
        ] {
            let error = try #require(throws: BellError.self) { try Self.evidence(record, sealed: sealed) }
            #expect(error.code == .certificateEvidence && error.place == place)
        }
        var quoting = Self.good.sealed
        for (time, isGood) in [("2026-11-21T08:00:59Z", true), ("2026-11-21T08:01:01Z", false)] {
            quoting.beacon = try BeaconPulse(
                json: [
                    "uri": "https://beacon.example/7", "index": 7, "time": .string(time),
                    "value": .string(String(repeating: "0", count: 64)),
                ], path: "beacon")
            guard isGood else {
                #expect(throws: BellError.self) { try Self.evidence(PlanRecord(), sealed: quoting) }
                continue
            }
            let certificate = try Certificate.issue(try Self.evidence(PlanRecord(), sealed: quoting))
            #expect(certificate.text.contains("quotes pulse 7 of 2026-11-21T08:00:59Z"))
            #expect(certificate.text.contains("It was sealed after 2026-11-21T08:00:59Z"))
        }
    }

    @Test("a changed anchor is noticed, also with a hash that fits")
    func forged() throws {
        let chain = PlanChain(of: 3, others: [try Self.entry(2, .abandoned)])
        let certificate = try Certificate.issue(
            try Self.evidence(PlanRecord(chain: chain, anchors: try Self.anchors())))
        let anchors = try #require(certificate.json["anchors"]?.arrayValue)
        var earlier = try #require(anchors[0].objectValue)
        earlier["time"] = "2020-01-01T00:00:00Z"
        var renamed = try #require(anchors[1].objectValue)
        renamed["by"] = "a minister"
        for change: (inout [String: JSON]) -> Void in [
            { $0["anchors"] = [.object(earlier), anchors[1]] }, { $0["anchors"] = [anchors[0], .object(renamed)] },
            { $0["anchors"] = .array(anchors.reversed()) }, { $0["anchors"] = .null }, { $0["plan_chain"] = 1 },
            { $0["anchors"] = nil }, { $0["plan_chain"] = nil },
        ] {
            let bytes = try CertificateParsingTests.forged(certificate, change)
            #expect(CertificateParsingTests.error(bytes) != nil)
        }
    }
}
