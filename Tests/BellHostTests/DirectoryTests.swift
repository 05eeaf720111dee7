import BellModel
import Glibc
import Testing
import TestSupport

@testable import BellHost

@Suite struct DirectoryTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("a state directory is private and has its folders")
    func state() throws {
        let state = try StateDirectory(path: folder.file("state/"))
        #expect(state.path == folder.file("state"))
        #expect(try folderContents(state.path) == ["campaigns", "logs"])
        #expect(mode(of: state.path) == 0o700)
        #expect(state.file("belld.lock") == folder.file("state/belld.lock"))
    }

    @Test("looking for a state directory makes nothing, and finds the same sockets as making it")
    func lookOnly() throws {
        let looked = try StateDirectory(path: folder.file("state"), create: false)
        #expect(!fileExists(folder.file("state")))
        let made = try StateDirectory(path: folder.file("state"))
        #expect(looked.path == made.path)
        let runs = (try RunDirectory(for: looked, create: false), try RunDirectory(for: made, create: false))
        #expect(runs.0.path == runs.1.path)
    }

    /// FNV-1a, 64 bit: the published values of "" and "a" (draft-eastlake-fnv, appendix C).
    @Test("the run directory's digits are the beginning of FNV-1a", arguments: [("", "cbf29ce4"), ("a", "af63dc4c")])
    func hash(text: String, digits: String) { #expect(RunDirectory.digits(of: text) == digits) }

    @Test("the run directory is private, short enough for sockets, and resolves addresses")
    func run() throws {
        let run = try RunDirectory(for: try StateDirectory(path: folder.file("state")))
        defer { rmdir(run.path) }
        #expect(mode(of: run.path) == 0o700)
        #expect(run.endpoint("telemetry") == "ipc://\(run.path)/telemetry")
        #expect(run.resolve("zmq+ipc://@run/alice") == "zmq+ipc://\(run.path)/alice")
        #expect(run.resolve("mock://lab/alice") == "mock://lab/alice")
        #expect(run.resolve("@run/x") == "@run/x")
        #expect(run.path.hasSuffix("/belld-\(getuid())/" + RunDirectory.digits(of: folder.file("state"))))
    }

    @Test("a run directory that others may enter is refused")
    func unsafe() throws {
        let run = try RunDirectory(for: try StateDirectory(path: folder.file("open")))
        defer { rmdir(run.path) }
        chmod(run.path, 0o755)
        let error = #expect(throws: BellError.self) {
            try RunDirectory(for: try StateDirectory(path: folder.file("open")))
        }
        #expect(error?.code == .unsafeFolder)
        #expect(error?.place == run.path)
        #expect(error?.cause?.contains("mode 755") == true)
    }

    @Test("a second lock names the process that holds the first, and a freed one can be taken")
    func lock() throws {
        let path = folder.file("belld.lock")
        var lock: InstanceLock? = try InstanceLock(path)
        let error = #expect(throws: BellError.self) { try InstanceLock(path) }
        #expect(error?.code == .alreadyRunning)
        #expect(error?.code.exit == .usage)
        #expect(error?.what.contains("process \(getpid())") == true)
        #expect(error?.place == path)
        #expect(lock != nil)
        lock = nil
        #expect(throws: Never.self) { try InstanceLock(path) }
    }
}
