import BellModel
import Foundation
import Testing
import TestSupport

@testable import BellCertification

@Suite("What differs between certificates")
struct CertificateDifferenceTests {
    @Test("a certificate does not differ from itself")
    func same() throws {
        let json = try CampaignFixture(table1Counts.map { $0 / 10 }).certificate().json
        let found = CertificateDifference(json, json)
        #expect(found.isEmpty && found.text.isEmpty && found.json == [])
    }

    @Test("values, missing members and longer lists are named by their path, to the last digit")
    func differences() {
        let a: JSON = ["plan": ["trials": 1, "name": "x"], "statistics": ["s": 2.5], "reasons": ["a"], "old": 1]
        let b: JSON = [
            "plan": ["trials": 2, "name": "x"], "statistics": ["s": 2.500_000_000_000_1], "reasons": ["a", "b"],
            "simulated": true,
        ]
        let found = CertificateDifference(a, b)
        #expect(
            found.members.map(\.name) == ["old", "plan", "reasons", "simulated", "statistics"])
        #expect(
            found.members.flatMap(\.differences) == [
                "old: 1, then missing", "plan.trials: 1, then 2", "reasons[1]: missing, then \"b\"",
                "simulated: missing, then true", "statistics.s: 2.5, then 2.5000000000001",
            ])
        #expect(found.text.contains("plan   (the sealed plan)\n  plan.trials: 1, then 2\n"))
        #expect(found.text.contains("old   (no certificate of this version has it)\n"))
    }

    @Test("lists and values stay short, however large the files")
    func bounded() throws {
        let a: JSON = [
            "blocks": .array((0..<5000).map { .int($0) }), "end": .string(String(repeating: "x", count: 9999)),
        ]
        let found = CertificateDifference(a, ["blocks": [], "end": ""])
        let blocks = try #require(found.members.first)
        #expect(blocks.count == 5000 && blocks.differences.count == CertificateDifference.listLimit)
        #expect(found.text.contains("… and 4900 more") && found.text.utf8.count < 20_000)
    }

    @Test("every member of a certificate has words, and docs/certificate.md has a row for each")
    func words() throws {
        let members = try #require(try CampaignFixture(table1Counts).certificate().json.objectValue)
        let file = URL(filePath: #filePath).appending(path: "../../../docs/certificate.md").standardized
        let document = try String(contentsOf: file, encoding: .utf8)
        for name in Set(members.keys).union(CertificateMembers.all.keys) {
            #expect(CertificateMembers.words(name) != nil, "\(name)")
            #expect(document.contains("\n| `\(name)` |"), "\(name)")
        }
    }
}
