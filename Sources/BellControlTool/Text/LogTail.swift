import BellModel

/// The last lines of a log.
enum LogTail {
    /// At most `count` lines from the end of `bytes`, without line feeds, each made harmless for a terminal.
    static func lines(_ bytes: [UInt8], count: Int) -> [String] {
        guard count > 0 else { return [] }
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.suffix(count).map { Style.safe(String(decoding: $0, as: UTF8.self), limit: 4000) ?? "" }
    }
}
