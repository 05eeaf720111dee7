import BellCertification
import BellCrypto
import BellHost
import BellModel
import BellStream
import Glibc
import Testing

@testable import BellCertifier

@Suite("The certifier")
struct CertifierTests {
    let folder: TemporaryState
    let key: SigningKey
    let certifier: Certifier

    init() throws {
        folder = try TemporaryState()
        key = try CertifierKey.open(in: folder.state)
        certifier = Certifier(state: folder.state, log: Logger(to: try LogFile("/dev/null")), key: key)
    }

    private func store(_ fixture: Fixture) throws {
        _ = try certifier.begin(fixture.campaign, fixture.begin)
        for item in fixture.items {
            switch item {
            case .outcomes(let arm): try certifier.store(fixture.campaign, arm)
            case .blockEnd(let block): try certifier.store(fixture.campaign, block)
            case .end: break
            }
        }
    }

    private func certificate(_ fixture: Fixture) throws -> Certificate {
        let path = certifier.certificatePath(fixture.campaign)
        return try Certificate(parsing: try readFile(path), source: path)
    }

    @Test("at the end the certificate is on disk, is whole, and says simulated")
    func issues() throws {
        let fixture = try Fixture()
        try store(fixture)
        #expect(!fileExists(certifier.certificatePath(fixture.campaign)))
        try certifier.finish(fixture.campaign, fixture.end)
        let certificate = try certificate(fixture)
        #expect(certificate.tally == fixture.tally)
        #expect(certificate.isSimulated)
        let progress = try certifier.begin(fixture.campaign, fixture.begin)
        #expect(progress == OutcomeProgress(nextIndex: 4096, blocksEnd: 4096, isFinished: true))
    }

    @Test(
        "a missing certificate is issued again with the same bytes, at the start and at the next BEGIN",
        arguments: [false, true])
    func missing(atStart: Bool) throws {
        let fixture = try Fixture()
        try store(fixture)
        try certifier.finish(fixture.campaign, fixture.end)
        let path = certifier.certificatePath(fixture.campaign)
        let bytes = try readFile(path)
        try removeFile(path)
        let next = Certifier(
            state: folder.state, log: Logger(to: try LogFile("/dev/null")),
            key: try CertifierKey.open(in: folder.state))
        if atStart { next.issueMissing() } else { _ = try next.begin(fixture.campaign, fixture.begin) }
        #expect(try readFile(path) == bytes)
    }

    @Test("the certificate is signed: its bytes, by the key that it names and that lies beside it")
    func signature() throws {
        let fixture = try Fixture()
        try store(fixture)
        try certifier.finish(fixture.campaign, fixture.end)
        let path = certifier.certificatePath(fixture.campaign)
        let campaign = folder.state.folder(of: fixture.campaign)
        let trusted = try #require(PublicKey(bytes: key.publicKey))
        let signature = try readFile("\(campaign)/certificate.sig")
        #expect(
            try Certificate.checkSignature(signature, of: try readFile(path), trusted: trusted, source: path) == trusted
        )
        #expect(try readText("\(campaign)/certificate.pub.pem") == trusted.pem)
    }

    @Test("a kill between signature and certificate is mended; the old half is not left")
    func killBetween() throws {
        let fixture = try Fixture()
        try store(fixture)
        try certifier.finish(fixture.campaign, fixture.end)
        let campaign = folder.state.folder(of: fixture.campaign)
        let good = try readFile("\(campaign)/certificate.sig")
        try removeFile(certifier.certificatePath(fixture.campaign))
        try writeFileAtomically("\(campaign)/certificate.sig", [1, 2, 3])
        certifier.issueMissing()
        #expect(try readFile("\(campaign)/certificate.sig") == good)
        #expect(fileExists(certifier.certificatePath(fixture.campaign)))
    }

    @Test("without a signature that can be written there is no certificate")
    func signatureFails() throws {
        let fixture = try Fixture()
        try store(fixture)
        let path = "\(folder.state.folder(of: fixture.campaign))/certificate.sig"
        try makeFolder(path)
        #expect(throws: BellError.self) { try certifier.finish(fixture.campaign, fixture.end) }
        #expect(!fileExists(certifier.certificatePath(fixture.campaign)))
        rmdir(path)
        certifier.abandon()
        certifier.issueMissing()
        #expect(try certificate(fixture).signedBy?.bytes == key.publicKey)
    }

    @Test("nothing is issued for a campaign without an end, and a foreign folder is left alone")
    func unfinished() throws {
        let fixture = try Fixture()
        try store(fixture)
        try certifier.commit()
        certifier.abandon()
        try makeFolder(folder.state.file("campaigns/not-a-campaign"))
        certifier.issueMissing()
        #expect(!fileExists(certifier.certificatePath(fixture.campaign)))
        #expect(try certifier.begin(fixture.campaign, fixture.begin).nextIndex == 4096)
    }

    @Test("a certificate that cannot be written leaves the campaign unfinished, and it is written later")
    func cannotWrite() throws {
        let fixture = try Fixture()
        try store(fixture)
        // A folder stands where the file should be: rename fails.
        let path = certifier.certificatePath(fixture.campaign)
        try makeFolder(path)
        #expect(throws: BellError.self) { try certifier.finish(fixture.campaign, fixture.end) }
        certifier.abandon()
        rmdir(path)
        let progress = try certifier.begin(fixture.campaign, fixture.begin)
        #expect(progress.isFinished)
        #expect(try certificate(fixture).tally == fixture.tally)
    }

    @Test("outcomes of a campaign that was not begun are refused")
    func notBegun() throws {
        let fixture = try Fixture()
        #expect(throws: BellError.self) { try certifier.store(fixture.campaign, fixture.arms[0]) }
    }
}
