import BellHost
import Glibc
import Testing

/// A folder that goes away with the value, with what is in it.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/bellhost-XXXXXX".utf8CString)
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
