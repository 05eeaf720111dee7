import BellModel

/// Takes values off hostile bytes from front to back.
struct ByteReader {
    private let all: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { all = bytes }

    /// How many bytes are left.
    var left: Int { all.count - at }

    mutating func bytes(_ count: Int) throws(BellError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= left else {
            throw Self.malformed("it ends at byte \(all.count), where \(count) more were expected after \(at)")
        }
        defer { at += count }
        return all[at..<at + count]
    }

    mutating func integer<T: FixedWidthInteger & UnsignedInteger>() throws(BellError) -> T {
        var value: T = 0
        for byte in try bytes(T.bitWidth / 8).reversed() { value = value << 8 | T(byte) }
        return value
    }

    /// A trial index: below 2^63, so that every database can hold it.
    mutating func index() throws(BellError) -> UInt64 {
        let value: UInt64 = try integer()
        guard value <= UInt64(Int64.max) else { throw Self.malformed("the trial index \(value) is not below 2^63") }
        return value
    }

    mutating func digest() throws(BellError) -> Digest {
        guard let digest = Digest(bytes: try bytes(32)) else { throw Self.malformed("a hash is cut short") }
        return digest
    }

    mutating func rest() -> ArraySlice<UInt8> {
        defer { at = all.count }
        return all[at...]
    }

    mutating func json(_ name: String) throws(BellError) -> JSON {
        try JSON(parsing: rest(), source: name)
    }

    func finish() throws(BellError) {
        guard left == 0 else { throw Self.malformed("\(left) bytes follow its end") }
    }

    static func malformed(_ why: String) -> BellError {
        BellError(
            .streamMalformed, "A frame of the outcome stream is malformed: \(why).", at: "outcome stream",
            state: "the frame is not used", fix: "see docs/stream-protocol.md; use the same version on both sides")
    }
}
