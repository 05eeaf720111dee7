public import BellModel
import Glibc

/// A file that lines are appended to; several processes may share it.
public final class LogFile: Sendable {
    private let file: Int32
    private let owns: Bool

    /// Opens or makes the file, readable by its owner only.
    ///
    /// - Throws: `file.missing` without the folder, `file.access`.
    public init(_ path: String) throws(BellError) {
        file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        owns = true
        if file < 0 { throw fileError("open", "The log cannot be opened", at: path) }
    }

    private init(standard stream: StandardStream) {
        file = stream.rawValue
        owns = false
    }

    /// Standard error.
    public static let standardError = LogFile(standard: .error)

    deinit { if owns { close(file) } }

    /// Appends one line in one call, so that lines of several threads do not mix; a full disk loses it.
    func append(_ line: String) { try? writeAll(file, Array((line + "\n").utf8), path: "log") }
}

/// The last lines of a text file, oldest first; at most the last 256 KiB are looked at.
///
/// - Throws: `file.missing`, `file.access`.
public func lastLines(_ count: Int, of path: String) throws(BellError) -> [String] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw fileError("open", "The file cannot be read", at: path) }
    defer { close(file) }
    let window = 256 << 10
    let size = Int(lseek(file, 0, SEEK_END))
    var buffer = [UInt8](repeating: 0, count: window)
    let start = max(0, size - window)
    let got = pread(file, &buffer, window, start)
    if got < 0 { throw fileError("pread", "The file cannot be read", at: path) }
    var lines = buffer.prefix(got).split(separator: UInt8(ascii: "\n"))
    // The first line of the window is cut unless the file begins there.
    if start > 0 && lines.count > 1 { lines.removeFirst() }
    return lines.suffix(max(0, count)).map { String(decoding: $0, as: UTF8.self) }
}
