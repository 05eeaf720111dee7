public import BellModel
import Glibc

/// Keeps everybody else, other threads of this process included, off something for a short while; `flock(2)`.
///
/// The system frees it when the value goes, or when the process ends however.
public final class FileLock: Sendable {
    private let file: Int32

    /// Waits for the lock.
    ///
    /// - Parameters:
    ///   - path: The lock's own file; made when missing, and never removed, because removing it would let two in.
    ///   - wait: At most so long, in milliseconds.
    /// - Throws: `file.locked` with the process that holds it, `file.access`, `file.missing` without the folder.
    public init(_ path: String, wait milliseconds: UInt64) throws(BellError) {
        // A lock that somebody else made may be readable only; that is enough for flock.
        var file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        if file < 0 && errno == EACCES { file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
        guard file >= 0 else { throw fileError("open", "The lock cannot be opened", at: path) }
        let end = monotonicNanoseconds() &+ milliseconds &* 1_000_000
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            let reason = errno
            if (reason == EWOULDBLOCK || reason == EINTR) && monotonicNanoseconds() < end {
                usleep(5000)
                continue
            }
            close(file)
            guard reason == EWOULDBLOCK else {
                errno = reason
                throw fileError("flock", "The lock cannot be taken", at: path)
            }
            let text = (try? readFile(path, limit: 100)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            let holder = Int32(text.prefix { $0.isNumber }).map { "process \($0)" } ?? "another process"
            throw BellError(
                .fileLocked, "Still locked after \(milliseconds) ms.", at: path, cause: "\(holder) holds the lock",
                state: "nothing was changed", fix: "wait until \(holder) is done, then try again")
        }
        // Only for the message above; that it cannot be written matters to nobody.
        if ftruncate(file, 0) == 0 { try? writeAll(file, Array("\(getpid())\n".utf8), path: path) }
        self.file = file
    }

    deinit { close(file) }
}
