import BellHost
import BellModel
import Glibc
import TestSupport
import Testing

@Suite("Replacing a person's file")
struct ReplaceTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("a.yaml")
        try writeFileAtomically(path, text: "old", mode: 0o640)
    }

    @Test("keeps the mode and leaves nothing else behind")
    func replaced() throws {
        try replaceFile(path, Array("new".utf8), ifStill: Array("old".utf8))
        #expect(try readText(path) == "new")
        #expect(mode(of: path) == 0o640)
        #expect(try folderContents(folder.path) == ["a.yaml"])
    }

    @Test("does not overwrite what somebody else has saved meanwhile")
    func changed() throws {
        let error = #expect(throws: BellError.self) {
            try replaceFile(path, Array("new".utf8), ifStill: Array("older".utf8))
        }
        #expect(error?.code == .fileChanged)
        #expect(try readText(path) == "old")
        #expect(try folderContents(folder.path) == ["a.yaml"])
    }

    @Test("refuses a missing and a read-only file")
    func refused() throws {
        let missing = #expect(throws: BellError.self) { try replaceFile(folder.file("b"), [], ifStill: []) }
        #expect(missing?.code == .fileMissing)
        chmod(path, 0o400)
        let error = #expect(throws: BellError.self) { try replaceFile(path, [], ifStill: Array("old".utf8)) }
        #expect(error?.code == .fileAccess)
        #expect(try readText(path) == "old")
    }

    @Test("A lock keeps a second holder off until it goes")
    func lock() throws {
        let name = folder.file("lock")
        var first: FileLock? = try FileLock(name, wait: 0)
        let error = #expect(throws: BellError.self) { try FileLock(name, wait: 20) }
        #expect(error?.code == .fileLocked)
        #expect(error?.cause == "process \(getpid()) holds the lock")
        #expect(first != nil)
        first = nil
        _ = try FileLock(name, wait: 0)
    }
}
