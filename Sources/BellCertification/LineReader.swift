/// Splits a file's bytes into trimmed lines; ends of line may be LF or CR LF.
struct LineReader {
    /// A line without the white space around it.
    struct Line {
        /// From 1.
        let number: Int
        let bytes: ArraySlice<UInt8>

        /// What commas separate, without the white space around it.
        var fields: [ArraySlice<UInt8>] {
            bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(LineReader.trimmed)
        }
    }

    private let bytes: [UInt8]
    private var at: Int
    /// Lines read so far, at least 1.
    private(set) var lineCount = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A byte-order mark is not part of the first line.
        at = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    }

    mutating func next() -> Line? {
        guard at < bytes.count else { return nil }
        let start = at
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
        let end = at
        at += 1
        lineCount += 1
        return Line(number: lineCount, bytes: LineReader.trimmed(bytes[start..<end]))
    }

    static func trimmed(_ slice: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var slice = slice
        while let first = slice.first, first == 0x20 || first == 0x09 || first == 0x0d { slice.removeFirst() }
        while let last = slice.last, last == 0x20 || last == 0x09 || last == 0x0d { slice.removeLast() }
        return slice
    }
}
