import BellModel
import Glibc
import Testing
import TestSupport

@testable import BellHost

@Suite("Key files")
struct KeyFileTests {
    let folder: TemporaryFolder
    let file: KeyFile
    let seed = [UInt8](1...32)

    init() throws {
        folder = try TemporaryFolder()
        file = KeyFile(folder.file("keys/certifier.ed25519"))
    }

    private func refusal() -> BellError? {
        do throws(BellError) {
            _ = try file.read()
            return nil
        } catch {
            return error
        }
    }

    private func write(_ bytes: [UInt8], mode: UInt32 = 0o600) throws {
        try makeFolder(folder.file("keys"))
        try writeFileAtomically(file.path, bytes, mode: mode)
    }

    @Test("a key is made once, for its owner only, and read again as it was")
    func once() throws {
        #expect(try file.open { seed } == seed)
        #expect(mode(of: file.path) == 0o600 && mode(of: folder.file("keys")) == 0o700)
        #expect(try file.open { [UInt8](repeating: 9, count: 32) } == seed)
        #expect(try readText(file.path) == seed.hex + "\n")
        #expect(try folderContents(folder.file("keys")) == ["certifier.ed25519"])
    }

    @Test("programs that make it at the same moment get the same key")
    func race() async throws {
        let file = file
        let seeds = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for i in 0..<16 { group.addTask { try file.open { [UInt8](repeating: UInt8(i + 1), count: 32) } } }
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        #expect(seeds.count == 1)
        #expect(try folderContents(folder.file("keys")) == ["certifier.ed25519"])
    }

    @Test(
        "what is wider than 0600 is refused and says how to mend it",
        arguments: [0o644, 0o640, 0o604, 0o700, 0o601, 0o666] as [UInt32])
    func wideMode(_ wide: UInt32) throws {
        try write(Array((seed.hex + "\n").utf8), mode: wide)
        let error = try #require(refusal())
        #expect(error.code == .keyFile && error.place == file.path)
        #expect(error.what == "The key's mode is \(String(wide, radix: 8)), wider than 600.")
        #expect(error.fix?.hasPrefix("chmod 600 \(file.path)") == true)
        // Nor does it count as missing.
        #expect(throws: BellError.self) { try file.open { seed } }
        #expect(mode(of: file.path) == wide)
    }

    @Test("a key that only can be read is fine")
    func readOnly() throws {
        try write(Array((seed.hex + "\n").utf8), mode: 0o400)
        #expect(try file.read() == seed)
    }

    @Test(
        "another size or content is refused and stays as it is",
        arguments: [
            "", "\n", String(repeating: "a", count: 64), String(repeating: "a", count: 63) + "\n",
            String(repeating: "a", count: 66) + "\n", String(repeating: "g", count: 64) + "\n",
            String(repeating: "a", count: 65), String(repeating: "0", count: 64) + "\n",
            String(repeating: "a", count: 64) + "\r\n", String(repeating: "\0", count: 65),
        ])
    func otherContent(_ text: String) throws {
        try write(Array(text.utf8))
        #expect(refusal()?.code == .keyFile)
        #expect(throws: BellError.self) { try file.open { seed } }
        #expect(try readText(file.path) == text)
    }

    @Test("neither a folder nor a FIFO in its place holds anybody up")
    func notPlain() throws {
        try makeFolder(file.path)
        #expect(refusal() != nil)
        rmdir(file.path)
        #expect(mkfifo(file.path, 0o600) == 0)
        #expect(refusal()?.what == "The key is no plain file.")
    }

    @Test("a missing key is a missing file; a folder that cannot be made is said")
    func missing() throws {
        #expect(refusal()?.code == .fileMissing)
        try writeFileAtomically(folder.file("keys"), text: "x")
        #expect(throws: BellError.self) { try file.open { seed } }
    }
}
