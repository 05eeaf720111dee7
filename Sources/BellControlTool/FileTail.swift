import BellHost
import BellModel
import Glibc

/// Reads what is appended to a file; a file that shrinks or is replaced is read from its start.
struct FileTail {
    let path: String
    private var offset: off_t = 0
    private var inode: ino_t = 0

    /// - Throws: `tool.no-log` when the file is not there.
    init(path: String) throws(BellError) {
        self.path = path
        _ = try FileTail.information(path)
    }

    /// At most the last `count` bytes of the file; ``new()`` goes on behind them.
    mutating func last(bytes count: Int) throws(BellError) -> [UInt8] {
        let information = try FileTail.information(path)
        inode = information.st_ino
        offset = max(0, information.st_size - off_t(count))
        return try read()
    }

    /// What was appended since.
    mutating func new() throws(BellError) -> [UInt8] {
        let information = try FileTail.information(path)
        if information.st_ino != inode || information.st_size < offset { offset = 0 }
        inode = information.st_ino
        return information.st_size > offset ? try read() : []
    }

    private mutating func read() throws(BellError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileTail.error(path, "open") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = pread(descriptor, &buffer, buffer.count, offset)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileTail.error(path, "pread") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            offset += off_t(count)
        }
    }

    private static func information(_ path: String) throws(BellError) -> stat {
        var information = stat()
        guard stat(path, &information) == 0 else { throw error(path, "stat") }
        return information
    }

    private static func error(_ path: String, _ call: String) -> BellError {
        BellError(
            BellError.Code("tool.no-log", exit: .usage), "The log cannot be read.", at: path,
            cause: "\(call): \(String(cString: strerror(errno)))",
            fix: "check --state, and --of belld|bellcert|mocklab|lab; `bellctl lab up` writes the logs")
    }
}
