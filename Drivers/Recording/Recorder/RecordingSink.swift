public import BellModel
import Glibc

/// Where a recording's bytes go; called from the recorder's own thread only.
public protocol RecordingSink: AnyObject, Sendable {
    /// Appends all bytes; may take as long as it needs.
    func write(_ bytes: [UInt8]) throws(BellError)
    /// Everything has been written.
    func finish() throws(BellError)
}

/// A new file, readable by its owner only, because a recording contains outcomes.
public final class RecordingFile: RecordingSink {
    private let file: Int32
    private let path: String

    /// Makes the file with mode 0600; `open(2)` with `O_EXCL`, so that no recording is ever overwritten.
    ///
    /// - Throws: `recording.write` when there is such a file already, or it cannot be made.
    public init(_ path: String) throws(BellError) {
        self.path = path
        file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            throw RecordingFile.error(
                "open", "The recording cannot be made", path,
                fix: errno == EEXIST ? "choose another name: a recording is never overwritten" : "check the folder")
        }
    }

    deinit { close(file) }

    public func write(_ bytes: [UInt8]) throws(BellError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.write(file, raw.baseAddress.map { $0 + done }, raw.count - done)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw RecordingFile.error(
                    "write", "The recording cannot be written", path, fix: "make room on the disk, or use another one")
            }
            done += count
        }
    }

    public func finish() throws(BellError) {
        guard fsync(file) == 0 else {
            throw RecordingFile.error("fsync", "The recording cannot be written", path, fix: "check the disk")
        }
    }

    /// Turns `errno` into our error; call it right after the failing function.
    private static func error(_ function: String, _ what: String, _ path: String, fix: String) -> BellError {
        let number = errno
        return BellError(
            .recordingWrite, "\(what).", at: path,
            cause: "\(function): \(String(cString: strerror(number))) (\(number))",
            state: "the device goes on; what was written before can be read", fix: fix)
    }
}
