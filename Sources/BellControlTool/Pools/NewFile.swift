import BellHost
import BellModel
import Glibc

/// A file that did not exist before, for its owner only; a secret is written into it once.
final class NewFile {
    private let path: String
    private let descriptor: Int32

    /// Makes it, empty; `open` with O_EXCL.
    ///
    /// - Throws: `tool.file` for one that exists, or that cannot be made.
    init(_ path: String) throws(BellError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            let exists = errno == EEXIST
            throw BellError(
                BellError.Code("tool.file", exit: .usage),
                exists ? "The file exists, and a key never replaces anything." : "The file cannot be made.", at: path,
                cause: "open: \(String(cString: strerror(errno)))", state: "nothing was taken",
                fix: exists ? "choose another name" : "check the folder, its owner and mode")
        }
    }

    deinit { close(descriptor) }

    /// Writes everything and syncs it and the folder; `write`, `fsync`.
    func finish(_ bytes: [UInt8]) throws(BellError) {
        var offset = 0
        // A mode given to open is cut by the umask, never widened.
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                write(descriptor, raw.baseAddress.map { $0 + offset }, raw.count - offset)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failed("write") }
            offset += count
        }
        guard fsync(descriptor) == 0 else { throw failed("fsync") }
        try syncFolder(parent(of: path))
    }

    /// Removes it again, because nothing was taken.
    func discard() { unlink(path) }

    private func failed(_ call: String) -> BellError {
        BellError(
            BellError.Code("tool.file", exit: .usage), "The key's file cannot be written.", at: path,
            cause: "\(call): \(String(cString: strerror(errno)))",
            state: "the bits are taken and lost: they are never given again",
            fix: "make room on the disk and take another key")
    }
}
