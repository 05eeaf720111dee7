import BellModel

/// Reads a payload's fields in order; every read checks the bounds first.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int
    private let type: UInt16

    init(_ bytes: ArraySlice<UInt8>, type: UInt16) {
        self.bytes = bytes
        position = bytes.startIndex
        self.type = type
    }

    /// Bytes not yet read.
    var remaining: Int { bytes.endIndex - position }

    /// The error for a field that is missing or out of its range.
    func bad(_ field: String) -> FrameError { .badPayload(type: type, field: field) }

    /// Reads a little-endian integer.
    mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
        _ field: String, as _: T.Type = T.self
    ) throws(FrameError) -> T {
        let size = MemoryLayout<T>.size
        guard remaining >= size else { throw bad(field) }
        let offset = position - bytes.startIndex
        let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) }
        position += size
        return T(littleEndian: value)
    }

    /// Reads an integer that must lie in a range.
    mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
        _ field: String, in range: ClosedRange<T>
    ) throws(FrameError) -> T {
        let value = try integer(field, as: T.self)
        guard range.contains(value) else { throw bad(field) }
        return value
    }

    /// Reads `count` bytes; one copy.
    mutating func array(_ field: String, count: Int) throws(FrameError) -> [UInt8] {
        guard count >= 0, remaining >= count else { throw bad(field) }
        defer { position += count }
        return [UInt8](bytes[position..<position + count])
    }

    /// Passes over bytes that version 1 does not use.
    mutating func skip(_ count: Int) throws(FrameError) {
        guard remaining >= count else { throw bad("reserved") }
        position += count
    }

    /// Reads 16 bytes that name a campaign.
    mutating func campaign() throws(FrameError) -> CampaignID {
        guard let id = CampaignID(bytes: try array("campaign", count: 16)) else { throw bad("campaign") }
        return id
    }

    /// Reads u16 length and UTF-8; unreadable bytes and control characters become U+FFFD, because the text is shown.
    mutating func text(_ field: String) throws(FrameError) -> String {
        let length = try integer(field, as: UInt16.self)
        guard length <= ByteReader.maximumText else { throw bad(field) }
        let text = String(decoding: try array(field, count: Int(length)), as: UTF8.self)
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            clean.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
        }
        return String(clean)
    }

    /// Reads a count of bits as u32, a reserved u32, and the bits, MSB first.
    mutating func packedBits() throws(FrameError) -> PackedBits {
        let count = try integer("bit count", as: UInt32.self)
        try skip(4)
        let bytes = try array("bits", count: (Int(count) + 7) / 8)
        return PackedBits(count: count, bytes: bytes)
    }

    /// Checks that nothing follows.
    func finish() throws(FrameError) {
        guard remaining == 0 else { throw bad("length: \(remaining) bytes too many") }
    }

    /// The longest text in bytes.
    static let maximumText = 1024
}

extension [UInt8] {
    /// Appends u16 length and UTF-8, cut to 1024 bytes.
    mutating func appendText(_ text: String) {
        let bytes = text.utf8.prefix(ByteReader.maximumText)
        appendLittleEndian(UInt16(bytes.count))
        append(contentsOf: bytes)
    }

    /// Appends `count` zero bytes.
    mutating func appendZeroes(_ count: Int) { append(contentsOf: repeatElement(0, count: count)) }
}
