import BellHost
public import BellModel
import Glibc

/// A file of packed bits, read in pieces.
public final class BitFile {
    private let file: Int32
    private let path: String
    /// Bytes.
    public let size: UInt64

    /// Opens a plain file.
    ///
    /// - Throws: `file.missing`, `file.access` also when it is no plain file.
    public init(_ path: String) throws(BellError) {
        self.path = path
        // Not to wait for the other end of a FIFO that stands in its place.
        file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            let cause = "open: \(String(cString: strerror(errno)))"
            throw BellError(
                errno == ENOENT ? .fileMissing : .fileAccess, "The file cannot be read.", at: path, cause: cause,
                fix: "check the path, the owner and the mode")
        }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, let size = UInt64(exactly: status.st_size)
        else {
            close(file)
            throw BellError(.fileAccess, "It is no plain file.", at: path, fix: "give the path of a file")
        }
        self.size = size
    }

    deinit { close(file) }

    /// Bytes from one place on; all of them.
    ///
    /// - Throws: `file.access` when the file ends before.
    public func read(at offset: UInt64, count: Int) throws(BellError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let room = count - done
            let got = bytes.withUnsafeMutableBytes {
                pread(file, $0.baseAddress.map { $0 + done }, room, off_t(clamping: offset) + off_t(done))
            }
            if got < 0 && errno == EINTR { continue }
            guard got > 0 else {
                let cause = got == 0 ? "it ends after \(done) of \(count) bytes" : String(cString: strerror(errno))
                throw BellError(.fileAccess, "The file cannot be read.", at: path, cause: cause)
            }
            done += got
        }
        return bytes
    }

    /// Hands out the whole file in order, at most 1 MiB at a time.
    public func pieces(_ body: ([UInt8]) throws(BellError) -> Void) throws(BellError) {
        var at: UInt64 = 0
        while at < size {
            let count = Int(min(1 << 20, size - at))
            try body(try read(at: at, count: count))
            at += UInt64(count)
        }
    }
}
