import BellHost
import BellModel
import Glibc

/// Packed bits to be tested: a file that is read where it is wanted, or what came from a pipe.
final class BitSource: Sendable {
    private enum Storage: Sendable {
        case file(Int32)
        case memory([UInt8])
    }

    /// As messages and reports call it.
    let name: String
    /// How many bits there are to test; the last byte may have more.
    let bits: Int
    /// The path of a file all of whose bits are meant, for programs that read it themselves.
    let wholeFile: String?
    private let storage: Storage

    /// What a pipe may give: it is held in memory.
    static let mostPiped = 1 << 30

    /// - Parameters:
    ///   - path: A file, a device, or `-` for stdin.
    ///   - wanted: How many bits to test; nil for all.
    /// - Throws: `tool.file` when it cannot be read, is empty, or has fewer bits than wanted. `open(2)`, `fstat(2)`.
    init(path: String, bits wanted: Int?) throws(BellError) {
        name = path == "-" ? "stdin" : path
        let file = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw BitSource.error(name, "open") }
        var status = stat()
        guard fstat(file, &status) == 0 else {
            close(file)
            throw BitSource.error(name, "fstat")
        }
        let isFile = path != "-" && status.st_mode & S_IFMT == S_IFREG
        // Nothing is stored before all is checked, so that deinit closes only what an object holds.
        var isKept = false
        defer { if !isKept { close(file) } }
        let piped = isFile ? [] : try BitSource.drain(file, name, limit: wanted.map { ($0 + 7) / 8 })
        let found = isFile ? Int(status.st_size) : piped.count
        let count = wanted ?? 8 * found
        guard found > 0, count <= 8 * found else {
            throw BellError(
                BitSource.code, found == 0 ? "There are no bits." : "There are fewer bits than \(count): \(8 * found).",
                at: name, state: "nothing was tested",
                fix: found == 0 ? "give a file of packed bits" : "check the file, or give at most --bits \(8 * found)")
        }
        isKept = isFile
        bits = count
        wholeFile = isFile && count == 8 * found ? path : nil
        storage = isFile ? .file(file) : .memory(piped)
    }

    deinit { if case .file(let file) = storage { close(file) } }

    private static let code = BellError.Code("tool.file", exit: .usage)

    private static func error(_ name: String, _ call: String) -> BellError {
        BellError(
            code, "The bits cannot be read.", at: name, cause: "\(call): \(String(cString: strerror(errno)))",
            fix: "give a file of packed bits that you may read, or - for stdin")
    }

    /// Fills `buffer` from a byte on; any thread may call it. `pread(2)`.
    ///
    /// - Throws: `tool.file` when the file became shorter.
    func read(at byte: Int, into buffer: UnsafeMutableRawBufferPointer) throws(BellError) {
        switch storage {
        case .memory(let bytes):
            guard byte + buffer.count <= bytes.count else { throw BitSource.shorter(name) }
            bytes.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[byte..<byte + buffer.count])) }
        case .file(let file):
            var done = 0
            while done < buffer.count {
                let count = pread(file, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(byte + done))
                if count < 0 && errno == EINTR { continue }
                if count < 0 { throw BitSource.error(name, "pread") }
                if count == 0 { throw BitSource.shorter(name) }
                done += count
            }
        }
    }

    /// The first bytes, at most `count` of them.
    func prefix(bytes count: Int) throws(BellError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: min(count, (bits + 7) / 8))
        let (result, error): (Int, BellError?) = bytes.withUnsafeMutableBytes { raw in
            do throws(BellError) {
                try read(at: 0, into: raw)
                return (raw.count, nil)
            } catch { return (0, error) }
        }
        if let error { throw error }
        return Array(bytes.prefix(result))
    }

    private static func shorter(_ name: String) -> BellError {
        BellError(code, "The file became shorter while it was read.", at: name, fix: "test a file that nobody writes")
    }

    private static func drain(_ file: Int32, _ name: String, limit: Int?) throws(BellError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let room = limit.map { min(buffer.count, $0 - bytes.count) } ?? buffer.count
            if room == 0 { return bytes }
            let count = Glibc.read(file, &buffer, room)
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw error(name, "read") }
            if count == 0 { return bytes }
            bytes += buffer.prefix(count)
            if bytes.count > mostPiped {
                throw BellError(
                    code, "A pipe may give \(mostPiped) bytes at most.", at: name,
                    fix: "say --bits N, or write the bits into a file")
            }
        }
    }
}
