import BellCrypto
import BellHost
import BellModel
import Glibc
import Testing
import TestSupport

@testable import BellDaemon

@Suite struct NodeKeysTests {
    @Test("a node's key is made once, for its owner only, and is the same ever after")
    func once() throws {
        let folder = try TemporaryFolder()
        let keys = NodeKeys(folder: folder.file("keys"))
        let first = try keys.all()
        let alice = try #require(first.alice)
        let bob = try #require(first.bob)
        #expect(alice.publicKey != bob.publicKey)
        #expect(try filePermissions(keys.path(of: .alice)) == 0o600)
        #expect(try NodeKeys(folder: folder.file("keys")).all().alice?.publicKey == alice.publicKey)
        #expect(try folderContents(keys.folder).sorted() == ["alice.ed25519", "bob.ed25519"])
    }

    @Test("a key that others may read, or a file that holds none, is refused and left alone")
    func refused() throws {
        let folder = try TemporaryFolder()
        let keys = NodeKeys(folder: folder.file("keys"))
        _ = try keys.all()
        #expect(chmod(keys.path(of: .alice), 0o640) == 0)
        #expect(throws: BellError.self) { try keys.key(of: .alice) }
        for text in ["", "00", "not a key\n", String(repeating: "0", count: 66)] {
            try writeFileAtomically(keys.path(of: .bob), text: text, mode: 0o600)
            do throws(BellError) {
                _ = try keys.key(of: .bob)
                Issue.record("\(text) was taken")
            } catch {
                #expect(error.code == .keyFile && error.place == keys.path(of: .bob))
            }
            #expect(try readText(keys.path(of: .bob)) == text)
        }
    }

    @Test("belld's keys lie in its state directory, beside the campaigns")
    func place() throws {
        #expect(CampaignStore(folder: "/state/campaigns").keys.folder == "/state/keys")
    }
}
