import BellCrypto
import BellModel
import Testing
import TestSupport

@testable import BellCertification

@Suite("Signed certificates")
struct CertificateSignatureTests {
    static let source = "certificate.json"
    let key = SigningKey.generate()
    let signed: (certificate: Certificate, signature: [UInt8])

    init() throws { signed = try CampaignFixture(table1Counts.map { $0 / 10 }).certificate().signed(by: key) }

    private func refusal(
        _ signature: [UInt8], _ bytes: [UInt8], trusted: PublicKey? = nil
    ) -> BellError? {
        do throws(BellError) {
            _ = try Certificate.checkSignature(signature, of: bytes, trusted: trusted, source: Self.source)
            return nil
        } catch {
            return error
        }
    }

    private func changed(_ change: (inout [String: JSON]) -> Void) throws -> [UInt8] {
        var members = try #require(signed.certificate.json.objectValue)
        change(&members)
        return Array((JSON.object(members).text + "\n").utf8)
    }

    @Test("a signed certificate names its key, is whole, and signing it twice gives the same bytes")
    func roundTrip() throws {
        let bytes = signed.certificate.fileBytes
        let again = try Certificate(parsing: bytes, source: Self.source)
        #expect(again.signedBy?.bytes == key.publicKey && again.fileBytes == bytes)
        #expect(again.signed(by: key).signature == signed.signature)
        let named = try Certificate.checkSignature(
            signed.signature, of: bytes, trusted: PublicKey(bytes: key.publicKey), source: Self.source)
        #expect(named == again.signedBy)
        #expect(again.text.contains("signed by     \(named)"))
    }

    @Test("one flipped bit of the certificate or of the signature is noticed")
    func flippedBits() {
        var random = SplitMix(seed: 11)
        for _ in 0..<100 {
            var bytes = signed.certificate.fileBytes
            bytes[Int(random.next() % UInt64(bytes.count))] ^= 1 << UInt8(random.next() % 8)
            #expect(refusal(signed.signature, bytes) != nil)
            var signature = signed.signature
            signature[Int(random.next() % 64)] ^= 1 << UInt8(random.next() % 8)
            #expect(refusal(signature, signed.certificate.fileBytes)?.code == .certificateSignature)
        }
    }

    @Test(
        "a truncated, a longer and an empty signature are refused with their size", arguments: [0, 1, 32, 63, 65, 128])
    func size(_ count: Int) throws {
        let signature = Array((signed.signature + signed.signature).prefix(count))
        let error = try #require(refusal(signature, signed.certificate.fileBytes))
        #expect(error.what == "The signature has \(count) bytes, not 64." && error.code.exit == .dataIntegrity)
    }

    @Test("another certificate's signature by the same key is refused")
    func swapped() throws {
        let other = try CampaignFixture(table1Counts.map { $0 / 20 }).certificate().signed(by: key)
        #expect(refusal(other.signature, other.certificate.fileBytes) == nil)
        #expect(refusal(other.signature, signed.certificate.fileBytes)?.code == .certificateSignature)
        #expect(refusal(signed.signature, other.certificate.fileBytes)?.code == .certificateSignature)
    }

    @Test("the trusted key decides, not the one that the file names")
    func wrongKey() throws {
        let forger = SigningKey.generate()
        let forged = signed.certificate.signed(by: forger)
        #expect(refusal(forged.signature, forged.certificate.fileBytes) == nil)
        let trusted = PublicKey(bytes: key.publicKey)
        let error = try #require(refusal(forged.signature, forged.certificate.fileBytes, trusted: trusted))
        #expect(error.what == "The certificate was not made by the given key.")
        #expect(error.cause?.contains(forger.publicKey.hex) == true && error.cause?.contains(key.publicKey.hex) == true)
    }

    @Test("a forger's signature under the laboratory's name is refused")
    func borrowedName() {
        let bytes = signed.certificate.fileBytes
        #expect(refusal(SigningKey.generate().sign(bytes), bytes)?.code == .certificateSignature)
    }

    @Test("the same numbers laid out otherwise are not what was signed")
    func canonicalForm() {
        let json = signed.certificate.json
        for text in [json.prettyText, json.text, json.text + "\n\n", " " + json.text + "\n", json.text + "\r\n"] {
            #expect(refusal(signed.signature, Array(text.utf8))?.code == .certificateSignature)
        }
    }

    @Test("the signature of another version or with unknown members can be checked, their contents are refused")
    func otherVersions() throws {
        for change: (inout [String: JSON]) -> Void in [{ $0["version"] = 9 }, { $0["extra"] = 1 }] {
            let bytes = try changed { members in
                change(&members)
                members["hash"] = .string(Certificate.hash(members).description)
            }
            #expect(refusal(key.sign(bytes), bytes) == nil)
            #expect(CertificateParsingTests.error(bytes) != nil)
        }
    }

    @Test("what names no key was not signed", arguments: [nil, "", "00", 1, [], "zz"] as [JSON])
    func noKey(_ value: JSON) throws {
        let bytes = try changed { $0["signed_by"] = value }
        #expect(refusal(key.sign(bytes), bytes)?.what == "The certificate names no key: it was never signed.")
        let missing = try changed { $0["signed_by"] = nil }
        #expect(refusal(key.sign(missing), missing)?.code == .certificateSignature)
    }

    @Test("a certificate whose member signed_by is no key, or is missing, is refused whatever its hash")
    func shape() throws {
        for value in ["00", 1, [], "zz", .string(key.publicKey.hex.uppercased())] as [JSON] {
            let forged = try CertificateParsingTests.forged(signed.certificate) { $0["signed_by"] = value }
            #expect(CertificateParsingTests.error(forged) != nil, "\(value.text)")
        }
        let missing = try CertificateParsingTests.forged(signed.certificate) { $0["signed_by"] = nil }
        #expect(CertificateParsingTests.error(missing) != nil)
    }

    @Test("other files are no certificates", arguments: ["{}", "[]", "1", "{\"kind\":\"x\"}"])
    func otherFiles(_ text: String) {
        #expect(refusal(signed.signature, Array(text.utf8))?.code == .certificateFormat)
    }
}
