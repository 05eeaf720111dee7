import BellHost
import BellModel
import Glibc

/// Writes a new file piece by piece; it takes its name only when it is complete.
final class FileSink {
    private let path: String
    private let partial: String
    private let descriptor: Int32

    /// Begins the file beside its final place.
    init(path: String) throws(BellError) {
        if isFolder(path) {
            throw BellError(
                BellError.Code("tool.file", exit: .usage), "The file cannot be written: a folder has its name.",
                at: path, fix: "give the path of a file")
        }
        self.path = path
        partial = path + ".partial"
        descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw FileSink.error(path, "open") }
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) throws(BellError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.write(descriptor, raw.baseAddress.map { $0 + offset }, raw.count - offset)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw FileSink.error(partial, "write") }
            offset += count
        }
    }

    /// Syncs the file and gives it its name; `fsync`, `rename`.
    func finish() throws(BellError) {
        guard fsync(descriptor) == 0 else { throw FileSink.error(partial, "fsync") }
        guard rename(partial, path) == 0 else { throw FileSink.error(path, "rename") }
    }

    private static func error(_ path: String, _ call: String) -> BellError {
        BellError(
            BellError.Code("tool.file", exit: .usage), "The file cannot be written.", at: path,
            cause: "\(call): \(String(cString: strerror(errno)))",
            fix: errno == ENOENT
                ? "make its folder, or choose another path" : "choose another file, or make room on its disk")
    }
}
