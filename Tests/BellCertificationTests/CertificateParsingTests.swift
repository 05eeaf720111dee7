import BellCrypto
import BellModel
import Testing
import TestSupport

@testable import BellCertification

@Suite struct CertificateParsingTests {
    static func error(_ bytes: [UInt8]) -> BellError? {
        do throws(BellError) {
            _ = try Certificate(parsing: bytes, source: "certificate.json")
            return nil
        } catch {
            return error
        }
    }

    /// The certificate with one member replaced and a hash that fits again.
    static func forged(_ certificate: Certificate, _ change: (inout [String: JSON]) -> Void) throws -> [UInt8] {
        var members = try #require(certificate.json.objectValue)
        change(&members)
        members["hash"] = .string(Certificate.hash(members).description)
        return Array(JSON.object(members).text.utf8)
    }

    @Test("What was written is read back, byte for byte")
    func roundTrip() throws {
        let certificate = try CampaignFixture(table1Counts, losses: 3).certificate()
        let again = try Certificate(parsing: certificate.fileBytes, source: "certificate.json")
        #expect(again.json == (try JSON(parsing: certificate.fileBytes)) && again.hash == certificate.hash)
        #expect(again.fileBytes == certificate.fileBytes && again.text == certificate.text)
        #expect(again.evidence == certificate.evidence)
    }

    @Test("One flipped bit anywhere is noticed, with a place")
    func flippedBits() throws {
        let bytes = try CampaignFixture(Array(table1Counts.map { $0 / 10 })).certificate().fileBytes
        var random = SplitMix(seed: 5)
        for _ in 0..<150 {
            var damaged = bytes
            let at = Int(random.next() % UInt64(bytes.count))
            damaged[at] ^= 1 << UInt8(random.next() % 8)
            let error = try #require(CertificateParsingTests.error(damaged), "byte \(at)")
            #expect(error.place?.hasPrefix("certificate.json") == true, "\(error)")
        }
    }

    @Test("An altered count is named")
    func alteredCount() throws {
        let certificate = try CampaignFixture(table1Counts).certificate()
        let text = certificate.json.text.replacing(
            "\"lost\":0,\"valid\":3016", with: "\"lost\":0,\"valid\":3017", maxReplacements: 9)
        let error = try #require(CertificateParsingTests.error(Array(text.utf8)))
        #expect(error.code == .certificateAltered && error.code.exit == .dataIntegrity)
        #expect(error.cause?.contains("tally") == true, "\(error)")
    }

    @Test("A better verdict with a hash that fits is refused, too")
    func forgedVerdict() throws {
        let certificate = try CampaignFixture([750, 0, 0, 0, 750, 0, 0, 0, 750, 0, 0, 0, 750, 0, 0, 0]).certificate()
        let forged = try CertificateParsingTests.forged(certificate) {
            $0["verdict"] = "certified"
            $0["reasons"] = []
        }
        let error = try #require(CertificateParsingTests.error(forged))
        #expect(error.code == .certificateAltered)
        #expect(error.place?.contains("reasons") == true && error.cause == "2 members differ")
    }

    @Test("The simulated flag cannot be taken off without a trace")
    func simulatedFlag() throws {
        let certificate = try CampaignFixture(table1Counts).certificate()
        let forged = try CertificateParsingTests.forged(certificate) { $0["simulated"] = false }
        let error = try #require(CertificateParsingTests.error(forged))
        #expect(error.place?.contains("audit.simulated") == true, "\(error)")
    }

    @Test("Unknown keys, newer versions and other files are refused")
    func otherFiles() throws {
        let certificate = try CampaignFixture(table1Counts).certificate()
        let unknown = try CertificateParsingTests.forged(certificate) { $0["extra"] = 1 }
        #expect(CertificateParsingTests.error(unknown)?.what == "Unknown key \"extra\".")
        let newer = try CertificateParsingTests.forged(certificate) { $0["version"] = 4 }
        let error = try #require(CertificateParsingTests.error(newer))
        #expect(error.code == .certificateFormat && error.place == "certificate.json: version")
        for text in ["{}", "[]", "1", "{\"a\":1}"] {
            #expect(CertificateParsingTests.error(Array(text.utf8))?.code == .certificateFormat)
        }
        #expect(CertificateParsingTests.error([])?.code == .jsonSyntax)
    }

    @Test("A certificate that was laid out anew is not taken for the original")
    func notCanonical() throws {
        let certificate = try CampaignFixture(table1Counts).certificate()
        let error = try #require(CertificateParsingTests.error(Array(certificate.json.prettyText.utf8)))
        #expect(error.code == .certificateAltered && error.place == "certificate.json:1:2")
    }

    @Test("Numbers of a hostile certificate never trap")
    func hostile() throws {
        var fixture = CampaignFixture(table1Counts)
        fixture.plan.headline = .probabilityEstimation(bits: 9, power: .trained(trials: 1000), epsilon: 0.01)
        let certificate = try fixture.certificate()
        for key in [
            "campaign", "plan", "blocks", "e_process", "prediction_ratio", "training", "end", "plan_hash", "simulated",
        ] {
            for value in [JSON.null, .int(-1), .string(String(UInt64.max)), [], [:], .double(1e300)] {
                let forged = try CertificateParsingTests.forged(certificate) { $0[key] = value }
                #expect(CertificateParsingTests.error(forged) != nil)
            }
        }
        let huge = try CertificateParsingTests.forged(certificate) { members in
            members["blocks"] = .array(
                (members["blocks"]?.arrayValue ?? []).map { block in
                    var object = block.objectValue ?? [:]
                    object["next_index"] = .string(String(UInt64.max))
                    return .object(object)
                })
        }
        #expect(CertificateParsingTests.error(huge)?.code == .certificateEvidence)
    }

    @Test("Differences are named by their path, and the last digits are forgiven")
    func differences() {
        let a: JSON = ["x": 1, "y": [1.5, "z"], "n": -10.5]
        let b: JSON = ["x": 2, "y": [1.500_000_000_1, "w"], "m": true, "n": -10.500_000_000_001]
        let list = JSONDifference.list(a, expected: b, path: "")
        #expect(list == ["m: is missing", "x: found 1, expected 2", "y[1]: found \"z\", expected \"w\""])
        #expect(JSONDifference.list([1, 2], expected: [1], path: "l") == ["l: has 2 elements, expected 1"])
        #expect(JSONDifference.list(1_000_000_001, expected: 1_000_000_000, path: "n").count == 1)
    }
}
