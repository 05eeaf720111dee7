import BellModel

/// The last lines of a log.
enum LogTail {
    /// At most `count` lines from the end of `bytes`, without line feeds, each made harmless for a terminal.
    static func lines(_ bytes: [UInt8], count: Int) -> [String] { ended(lines: bytes[...], count: count) }

    /// The lines that came after the first `start` bytes; from the first error on, if one is reported there, because
    /// what a program said before it is no news.
    static func failure(_ bytes: [UInt8], after start: Int, count: Int) -> [String] {
        let lines = ended(lines: bytes.dropFirst(max(0, start)), count: .max)
        let first = lines.firstIndex { $0.hasPrefix("error:") } ?? 0
        return Array(lines[first...].suffix(count))
    }

    private static func ended(lines bytes: ArraySlice<UInt8>, count: Int) -> [String] {
        guard count > 0 else { return [] }
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.suffix(count).map { Style.safe(String(decoding: $0, as: UTF8.self), limit: 4000) ?? "" }
    }
}
