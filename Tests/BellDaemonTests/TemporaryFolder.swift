import BellHost
import Glibc
import Testing

/// A folder that goes away with the value, with what is in it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/belldaemon-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        path = absolutePath(String(cString: made))
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        // Fails for a folder, and removes a link instead of what it leads to.
        if unlink(path) == 0 { return }
        for name in (try? folderContents(path)) ?? [] { remove("\(path)/\(name)") }
        rmdir(path)
    }
}

/// The permission bits of a file.
func mode(of path: String) -> UInt32 {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
}

/// Waits until something holds; generous, because machines are slow sometimes.
func eventually(
    _ what: Comment, seconds: Int = 30, _ holds: @Sendable () async throws -> Bool
) async throws {
    for _ in 0..<seconds * 200 {
        if try await holds() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("waited \(seconds) s in vain: \(what)")
    throw Waited()
}

struct Waited: Error {}

func removeIfThere(_ path: String) throws { try removeFile(path) }

/// Makes a file one that is no database.
func overwrite(_ path: String) throws {
    try writeFileAtomically(path, text: String(repeating: "no database ", count: 1000))
}
