import BellHost
public import BellModel
import Glibc

/// A folder of its own for a test, that goes away with the value and with what is in it.
///
/// Its path is short, because a Unix socket's has at most 107 bytes.
public final class TemporaryFolder: Sendable {
    /// Absolute, without links.
    public let path: String

    /// - Throws: `host.system-failed` when no folder can be made in `/tmp`.
    public init() throws(BellError) {
        var template = Array("/tmp/bell-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw BellError(.systemFailed, "No temporary folder can be made.", cause: String(cString: strerror(errno)))
        }
        path = absolutePath(String(cString: made))
    }

    deinit { removeTree(path) }

    /// The path of what is called so in the folder; nothing is made.
    public func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// Removes a file, a link, or a folder with what is in it, as far as it can.
public func removeTree(_ path: String) {
    // Fails for a folder, and removes a link instead of what it leads to.
    if unlink(path) == 0 { return }
    for name in (try? folderContents(path)) ?? [] { removeTree("\(path)/\(name)") }
    rmdir(path)
}

/// The permission bits of a file; 0 when there is none.
public func mode(of path: String) -> UInt32 {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
}
