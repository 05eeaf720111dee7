import BellModel
import Glibc
import Testing
import TestSupport

@testable import BellHost

@Suite struct FileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("a file is replaced as a whole, with its mode, and leaves nothing beside it")
    func atomicWrite() throws {
        let path = folder.file("certificate.json")
        try writeFileAtomically(path, text: "old")
        #expect(mode(of: path) == 0o600)
        let big = [UInt8](repeating: 7, count: 300_000)
        try writeFileAtomically(path, big, mode: 0o644)
        #expect(try readFile(path) == big)
        #expect(mode(of: path) == 0o644)
        #expect(try folderContents(folder.path) == ["certificate.json"])
    }

    @Test(
        "a rewritten file keeps its mode and its group, and a link stays one",
        arguments: [0o664, 0o640, 0o600, 0o2660] as [UInt32])
    func rewrite(wanted: UInt32) throws {
        let path = folder.file("lab.yaml")
        try writeFileAtomically(path, text: "old", mode: wanted)
        // A group beside the first one, as a laboratory's shared folder has; root may use any.
        var groups = [gid_t](repeating: 0, count: 64)
        let count = Int(max(getgroups(64, &groups), 0))
        let group = geteuid() == 0 ? 12_345 : groups[..<count].first { $0 != getegid() } ?? getegid()
        #expect(chown(path, uid_t.max, group) == 0)
        // chown may take the set-group bit away.
        #expect(chmod(path, wanted) == 0)
        #expect(symlink("lab.yaml", folder.file("link")) == 0)
        try rewriteFileAtomically(folder.file("link"), text: "new")
        #expect(try readText(path) == "new")
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_gid == group)
        #expect(status.st_uid == geteuid())
        #expect(status.st_mode & 0o7777 == wanted)
        #expect(lstat(folder.file("link"), &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFLNK)
        #expect(try folderContents(folder.path) == ["lab.yaml", "link"])
        let missing = #expect(throws: BellError.self) { try rewriteFileAtomically(folder.file("no"), text: "") }
        #expect(missing?.code == .fileMissing)
    }

    @Test("a failed write leaves the old content, and says where and why")
    func failedWrite() throws {
        let missing = #expect(throws: BellError.self) { try writeFileAtomically(folder.file("no/x"), []) }
        #expect(missing?.code == .fileMissing)
        #expect(missing?.place == folder.file("no/x"))
        #expect(missing?.fix?.contains(folder.file("no")) == true)
        // A folder cannot be replaced by a file.
        try makeFolder(folder.file("taken/inside"))
        let taken = #expect(throws: BellError.self) { try writeFileAtomically(folder.file("taken"), [1]) }
        #expect(taken?.code == .fileAccess)
        #expect(taken?.place == folder.file("taken"))
        #expect(try folderContents(folder.path) == ["taken"])
        // /dev/full is a disk without room.
        let file = open("/dev/full", O_WRONLY)
        defer { close(file) }
        let full = #expect(throws: BellError.self) { try writeAll(file, [1, 2, 3], path: "/dev/full") }
        #expect(full?.code == .diskFull)
    }

    @Test("what cannot be read is named")
    func reading() throws {
        let missing = #expect(throws: BellError.self) { try readText(folder.file("lab.yaml")) }
        #expect(missing?.code == .fileMissing)
        #expect(missing?.place == folder.file("lab.yaml"))
        let directory = #expect(throws: BellError.self) { try readFile(folder.path) }
        #expect(directory?.what == "The file cannot be read: it is a folder.")
        try writeFileAtomically(folder.file("bad"), Array("ok\n".utf8) + [0xff, 0xfe, 10])
        let bad = #expect(throws: BellError.self) { try readText(folder.file("bad")) }
        #expect(bad?.code == .fileContent)
        #expect(bad?.place == folder.file("bad") + ":2")
        let large = #expect(throws: BellError.self) { try readFile(folder.file("bad"), limit: 3) }
        #expect(large?.code == .fileContent)
        let endless = #expect(throws: BellError.self) { try readFile("/dev/zero", limit: 1 << 20) }
        #expect(endless?.code == .fileContent)
    }

    @Test("removing a missing file is fine, and folders are made with those above them")
    func folders() throws {
        try removeFile(folder.file("nothing"))
        try makeFolder(folder.file("a/b/c"))
        try makeFolder(folder.file("a/b/c/"))
        #expect(isFolder(folder.file("a/b/c")))
        #expect(mode(of: folder.file("a/b")) == 0o700)
        try writeFileAtomically(folder.file("f"), [])
        #expect(throws: BellError.self) { try makeFolder(folder.file("f")) }
        #expect(throws: BellError.self) { try makeFolder(folder.file("f/g")) }
    }

    @Test("a disk has some room, a missing path none")
    func space() throws {
        #expect(try freeBytes(at: folder.path) > 0)
        let error = #expect(throws: BellError.self) { try freeBytes(at: "/no/such/path") }
        #expect(error?.code == .fileMissing)
    }

    @Test(
        "paths are made absolute without the file system's help",
        arguments: [
            ("/no/./such/../path", "/no/path"), ("/", "/"), ("/../../nowhere", "/nowhere"), ("/nowhere/", "/nowhere"),
        ])
    func paths(path: String, expected: String) { #expect(absolutePath(path) == expected) }

    @Test("a relative path counts from the working folder, a link leads to its target")
    func relative() throws {
        #expect(absolutePath("no-such-file") == absolutePath(currentFolder()) + "/no-such-file")
        try makeFolder(folder.file("real"))
        symlink(folder.file("real"), folder.file("link"))
        #expect(absolutePath(folder.file("link")) == folder.file("real"))
    }

    @Test(
        "the last lines of a log", arguments: [(0, []), (2, ["b", "c"]), (9, ["a", "b", "c"])] as [(Int, [String])])
    func tail(count: Int, expected: [String]) throws {
        try writeFileAtomically(folder.file("log"), text: "a\nb\nc\n")
        #expect(try lastLines(count, of: folder.file("log")) == expected)
    }
}
