import BellCertification
import BellCrypto
import BellHost
import BellJournal
import BellModel
import BellStatistics
import Testing
import TestSupport

@testable import BellControlTool

@Suite("Commands about certificates")
struct CertificateCommandTests {
    static let id = "aa000000000000000000000000000001"
    let folder: TemporaryFolder
    let state: StateDirectory
    let key = SigningKey.generate()
    /// Certificate, signature and key without a journal.
    let path: String
    let publicKey: PublicKey

    init() throws {
        folder = try TemporaryFolder()
        state = try StateDirectory(path: folder.file("state"))
        publicKey = try #require(PublicKey(bytes: key.publicKey))
        path = folder.file("copy/certificate.json")
        try Self.write(try Self.certificate(), by: key, into: folder.file("copy"))
    }

    private static func sealed(trials: UInt64) -> SealedPlan {
        SealedPlan(
            plan: Plan(
                name: "p", trials: trials, trialsPerArm: 1024, trialsPerBlock: 1024, pattern: .minusOn11,
                inputBits: .board, hostBits: nil, settingBias: 0, localityK: 5,
                headline: .localRealism(significance: 1e-6), claims: [], pool: .public, onRestart: .resume,
                sequence: "s.yaml", sequenceHash: .zero),
            number: 1, previous: .zero, sealedAt: "2026-11-21T00:00:00.000Z")
    }

    /// Of a campaign that was stopped before its first trial.
    static func certificate(trials: UInt64 = 1024) throws -> Certificate {
        let sealed = sealed(trials: trials)
        return try Certificate.issue(
            try CampaignEvidence(
                campaign: try #require(CampaignID(hex: id)), sealed: sealed,
                planHash: Blake2b.hash(text: sealed.json.text), devices: [:], simulated: true, software: "test",
                blocks: [], eProcess: EProcessResult(EProcess(.uniform)),
                predictionRatio: EProcessResult(PredictionRatio(sealed.plan)), training: Training(sealed.plan),
                settingHealth: PerNode<SettingHealth>().extremes, end: .stopped(reason: "a test")))
    }

    static func write(_ certificate: Certificate, by key: SigningKey, into folder: String) throws {
        let (certificate, signature) = certificate.signed(by: key)
        try makeFolder(folder)
        try writeFileAtomically("\(folder)/certificate.json", certificate.fileBytes)
        try writeFileAtomically("\(folder)/certificate.sig", signature)
        try writeFileAtomically("\(folder)/certificate.pub.pem", text: try #require(certificate.signedBy).pem)
    }

    private func run(_ words: String...) throws -> (exit: ExitCode, json: JSON) {
        let terminal = Terminal()
        let exit = terminal.run(["certificate"] + words + ["--json", "--state", state.path])
        return (exit, try terminal.json)
    }

    /// The first error's code, or nil.
    private func code(_ json: JSON) -> String? { json["error"]?["code"]?.stringValue }

    @Test("three files anywhere are enough to check a certificate; whose key it is, is the reader's to say")
    func verify() throws {
        let (exit, json) = try run("verify", path)
        #expect(exit == .ok && json["match"] == true && json["certified"] == false && json["simulated"] == true)
        #expect(json["signature"]?["signed_by"]?.stringValue == publicKey.description)
        #expect(json["signature"]?["key_is_given"] == false)
        let page = Terminal()
        #expect(page.run("certificate", "verify", path) == .ok)
        #expect(page.out.contains("which is the file's own word") && page.out.contains("it was not recomputed"))
    }

    @Test("the laboratory's key is taken in hexadecimal digits and as PEM", arguments: [false, true])
    func trustedKey(asFile: Bool) throws {
        let file = folder.file("lab.pem")
        try writeFileAtomically(file, text: publicKey.pem)
        let (exit, json) = try run("verify", path, "--key", asFile ? file : publicKey.description)
        #expect(exit == .ok && json["signature"]?["key_is_given"] == true)
        let other = try #require(PublicKey(bytes: SigningKey.generate().publicKey))
        try writeFileAtomically(file, text: other.pem)
        for words in [[], ["--signature-only"]] {
            let terminal = Terminal()
            let key = asFile ? file : other.description
            #expect(terminal.run(["certificate", "verify", path, "--key", key] + words) == .dataIntegrity)
            #expect(terminal.err.contains("was not made by the given key"))
        }
    }

    @Test(
        "a key that is none is refused before anything is read", arguments: ["xyz", "/nonexistent/key.pem", "ab", ""])
    func badKey(_ text: String) throws {
        let (exit, json) = try run("verify", path, "--key", text)
        #expect(exit == .usage && json["error"]?["where"]?.stringValue?.contains(text) == true)
    }

    @Test("a missing, truncated or exchanged signature is exit 4, whichever command is used")
    func badSignatures() throws {
        let signature = folder.file("copy/certificate.sig")
        try Self.write(try Self.certificate(trials: 2048), by: key, into: folder.file("other"))
        let good = try readFile(signature)
        for bad in [Array(good.dropLast()), [], good + good, try readFile(folder.file("other/certificate.sig"))] {
            try writeFileAtomically(signature, bad)
            for words in [["verify", path], ["verify", path, "--signature-only"], ["show", path]] {
                let terminal = Terminal()
                #expect(terminal.run(["certificate"] + words) == .dataIntegrity, "\(words)")
                #expect(terminal.err.contains(path))
            }
        }
        try removeFile(signature)
        let (exit, json) = try run("verify", path)
        #expect(exit == .dataIntegrity && code(json) == "certificate.signature")
        let page = Terminal()
        #expect(page.run("certificate", "show", path) == .experiment)
        #expect(page.out.contains("NONE beside the certificate"))
    }

    @Test("a file with another key beside the certificate is named: openssl would check with that one")
    func otherKeyBeside() throws {
        let other = try #require(PublicKey(bytes: SigningKey.generate().publicKey))
        try writeFileAtomically(folder.file("copy/certificate.pub.pem"), text: other.pem)
        let (exit, json) = try run("verify", path)
        #expect(exit == .dataIntegrity)
        #expect(json["error"]?["where"]?.stringValue == folder.file("copy/certificate.pub.pem"))
        try removeFile(folder.file("copy/certificate.pub.pem"))
        #expect(try run("verify", path).exit == .ok)
    }

    @Test("what is wrong with signature and contents is said in one go")
    func altered() throws {
        let text = try readText(path).replacing("\"simulated\":true", with: "\"simulated\":false")
        try writeFileAtomically(path, text: text)
        let (exit, json) = try run("verify", path)
        #expect(exit == .dataIntegrity && code(json) == "certificate.signature")
        let others = json["error"]?["others"]?.arrayValue
        #expect(others?.map { $0["code"]?.stringValue } == ["certificate.altered"])
    }

    @Test("a future version's signature can be checked, and nothing else")
    func futureVersion() throws {
        let json = try JSON(parsing: try readFile(path), source: path)
        var members = try #require(json.objectValue)
        members["version"] = 99
        members["hash"] = nil
        members["hash"] = .string(Blake2b.hash(text: JSON.object(members).text).description)
        let bytes = Array((JSON.object(members).text + "\n").utf8)
        try writeFileAtomically(path, bytes)
        try writeFileAtomically(folder.file("copy/certificate.sig"), key.sign(bytes))
        #expect(try run("verify", path, "--signature-only").exit == .ok)
        let (exit, answer) = try run("verify", path)
        #expect(exit == .usage && code(answer) == "certificate.format")
    }

    @Test("with a journal the numbers are recomputed from it; one of another campaign is a mismatch")
    func journal() throws {
        let id = try #require(CampaignID(hex: Self.id))
        let campaign = state.folder(of: id)
        try Self.write(try Self.certificate(), by: key, into: campaign)
        let sealed = Self.sealed(trials: 4096)
        _ = try Journal.create(
            at: "\(campaign)/journal.sqlite", campaign: id, sealed: sealed,
            planHash: Blake2b.hash(text: sealed.json.text), devices: [:], simulated: true)
        for words in [["certificate", "verify"], ["campaign", "verify"], ["certificate", "verify", "1"]] {
            let terminal = Terminal()
            #expect(terminal.run(words + ["--json", "--state", state.path]) == .dataIntegrity)
            let json = try terminal.json
            #expect(json["match"] == false && json["signature"]?["is_good"] == true)
            let differences = json["differences"]?.arrayValue?.compactMap(\.stringValue) ?? []
            #expect(differences.contains { $0.hasPrefix("certificate: plan.trials: ") }, "\(differences)")
        }
        #expect(try run("verify", "--signature-only").exit == .ok)
        #expect(try run("verify", path, "--journal", "\(campaign)/journal.sqlite").exit == .dataIntegrity)
    }

    @Test("diff names the members in words, and ends with 1 when there are any")
    func diff() throws {
        try Self.write(try Self.certificate(trials: 2048), by: key, into: folder.file("other"))
        let other = folder.file("other/certificate.json")
        let (exit, json) = try run("diff", path, other)
        #expect(exit == .experiment && json["equal"] == false)
        let names = json["members"]?.arrayValue?.compactMap { $0["member"]?.stringValue } ?? []
        #expect(Set(names).isSuperset(of: ["hash", "plan", "plan_hash", "tally"]) && !names.contains("signed_by"))
        let page = Terminal()
        #expect(page.run("certificate", "diff", path, other) == .experiment)
        #expect(page.out.contains("plan   (the sealed plan)\n  plan.trials: 1024, then 2048\n"), "\(page.out)")
        #expect(try run("diff", path, path).exit == .ok)
        #expect(try run("diff", path, folder.file("copy/certificate.pub.pem")).exit == .usage)
    }

    @Test("diff reads altered certificates, and shows nothing that moves a terminal's cursor")
    func diffAltered() throws {
        let text = try readText(path).replacing("\"a test\"", with: "\"\u{9b}2J\u{202e}\"")
        let altered = folder.file("altered.json")
        try writeFileAtomically(altered, text: text)
        let page = Terminal()
        #expect(page.run("certificate", "diff", path, altered) == .experiment)
        #expect(page.out.contains("\n  end.reason: \"a test\", then \"·2J·\"\n"), "\(page.out)")
    }

    @Test("the public key is printed in digits and as PEM; without a key it says who makes it")
    func printedKey() throws {
        let (missing, error) = try run("key")
        #expect(missing == .usage && code(error) == "file.missing")
        _ = try state.key("certifier").open { key.seed }
        let page = Terminal()
        #expect(page.run("certificate", "key", state: state.path) == .ok)
        #expect(page.out == "\(publicKey)\n\(publicKey.pem)")
        let (exit, json) = try run("key")
        #expect(exit == .ok && json["public_key"]?.stringValue == publicKey.description)
        #expect(!json.text.contains(key.seed.hex) && !page.out.contains(key.seed.hex))
    }

    @Test("files that are not there are named", arguments: ["verify", "show"])
    func missingFile(_ verb: String) throws {
        let (exit, json) = try run(verb, folder.file("none.json"))
        #expect(exit == .usage && json["error"]?["where"]?.stringValue == folder.file("none.json"))
    }
}
