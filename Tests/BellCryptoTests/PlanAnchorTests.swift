import BellModel
import TestSupport
import Testing

@testable import BellCrypto

@Suite("What anchors a plan outside")
struct PlanAnchorTests {
    private static func sealed(_ number: UInt64 = 3) -> SealedPlan {
        let plan = Plan(
            name: "anchored", trials: 100, trialsPerArm: 10, trialsPerBlock: 50, pattern: .minusOn11,
            inputBits: .board, hostBits: nil, settingBias: 0, localityK: 5,
            headline: .localRealism(significance: 0.01), claims: [], pool: .public, onRestart: .resume,
            sequence: "s.yaml", sequenceHash: .zero)
        return SealedPlan(plan: plan, number: number, previous: .zero, sealedAt: "2026-11-21T00:00:00Z")
    }

    @Test("a signature is one of the plan's text, by its key, or refused")
    func signature() throws {
        let sealed = Self.sealed()
        let text = Array(sealed.json.text.utf8)
        let key = SigningKey.generate()
        let name = try #require(PublicKey(bytes: key.publicKey))
        let anchor = PlanAnchor.signature(key.sign(text), key: name, by: "a notary")
        try anchor.check(sealed, place: "anchor")
        #expect(try PlanAnchor(json: anchor.json, path: "anchor") == anchor)
        let stranger = try #require(PublicKey(bytes: SigningKey.generate().publicKey))
        for bad in [
            PlanAnchor.signature(key.sign(text + [0x0a]), key: name, by: "a notary"),
            .signature(key.sign(text), key: stranger, by: "a notary"), .signature([], key: name, by: "a notary"),
            .signature(key.sign(text), key: name, by: ""), .signature(key.sign(text), key: name, by: "a\u{1b}[2J"),
            .signature(key.sign(text), key: name, by: String(repeating: "n", count: 201)),
        ] {
            let error = #expect(throws: BellError.self) { try bad.check(sealed, place: "anchor") }
            #expect(error?.code == .planAnchor && error?.fix != nil)
        }
        #expect(throws: BellError.self) { try anchor.check(Self.sealed(4), place: "anchor") }
    }

    @Test("a time stamp is one of the plan's text or refused, with both hashes")
    func stamp() throws {
        let sealed = Self.sealed()
        let imprint = SHA2.sha256.hash(Array(sealed.json.text.utf8))
        let stamp = try TimeStamp(HandmadeStamp(imprint, time: "20261121233000Z").bytes, place: "reply")
        let anchor = PlanAnchor.timeStamp(stamp)
        try anchor.check(sealed, place: "reply")
        #expect(try PlanAnchor(json: anchor.json, path: "anchor") == anchor)
        let error = #expect(throws: BellError.self) { try anchor.check(Self.sealed(4), place: "reply") }
        #expect(error?.cause?.contains(imprint.hex) == true)
    }

    @Test("a record of hostile members is refused")
    func hostile() throws {
        let key = SigningKey.generate()
        let name = try #require(PublicKey(bytes: key.publicKey))
        let good = PlanAnchor.signature(key.sign([1]), key: name, by: "x").json
        func changed(_ key: String, _ value: JSON) -> JSON {
            var members = good.objectValue ?? [:]
            members[key] = value
            return .object(members)
        }
        #expect(try PlanRecord(chain: .null, anchors: [good], path: "BEGIN").anchors.count == 1)
        for anchors in [
            .null, [1], [changed("kind", "beacon")], [changed("key", "00")], [changed("signature", "xyz")],
            [changed("signature", .string(String(repeating: "0", count: 130)))], [changed("more", 1)],
            .array([JSON](repeating: good, count: 17)),
            [["kind": "rfc3161", "token": .string(String(repeating: "30", count: TimeStamp.mostBytes + 1))]],
        ] as [JSON] {
            #expect(throws: BellError.self, "\(anchors.text.prefix(100))") {
                try PlanRecord(chain: .null, anchors: anchors, path: "BEGIN")
            }
        }
        #expect(throws: BellError.self) { try PlanRecord(chain: [:], anchors: [], path: "BEGIN") }
    }

    @Test("a campaign's identifier follows from the plan's hash")
    func identifier() throws {
        let hash = Blake2b.hash(text: Self.sealed().json.text)
        let again = Blake2b.hash(Array("bell campaign id 1".utf8) + hash.bytes)
        #expect(CampaignID(planHash: hash).bytes == Array(again.bytes.prefix(16)))
        #expect(CampaignID(planHash: hash) != CampaignID(planHash: .zero))
    }
}
