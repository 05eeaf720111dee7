public import BellModel
import Glibc

/// Keeps a second process of a kind off a state directory; `flock`, so the system frees it when the process ends.
public final class InstanceLock: Sendable {
    private let file: Int32

    /// Takes the lock and writes this process's number into its file.
    ///
    /// - Parameter path: The lock's file, for example `belld.lock` of the state directory; it stays.
    /// - Throws: `host.already-running`, which names the process that holds it; `file.access`.
    public init(_ path: String) throws(BellError) {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw fileError("open", "The lock cannot be opened", at: path) }
        do throws(BellError) {
            if flock(file, LOCK_EX | LOCK_NB) != 0 {
                let reason = errno
                if reason != EWOULDBLOCK {
                    errno = reason
                    throw fileError("flock", "The lock cannot be taken", at: path)
                }
                let text = (try? readFile(path, limit: 100)).map { String(decoding: $0, as: UTF8.self) } ?? ""
                let holder = Int32(text.prefix { $0.isNumber }).map { "process \($0)" } ?? "another process"
                throw BellError(
                    .alreadyRunning, "It runs already: \(holder) holds the lock.", at: path,
                    fix: "stop \(holder), or use another state directory (--state)")
            }
            if ftruncate(file, 0) != 0 { throw fileError("ftruncate", "The lock cannot be written", at: path) }
            try writeAll(file, Array("\(getpid())\n".utf8), path: path)
        } catch {
            close(file)
            throw error
        }
        self.file = file
    }

    deinit { close(file) }
}
