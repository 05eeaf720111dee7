/// String descriptors as a device sends them (USB 2.0, section 9.6.7); pure.
enum USBStringDescriptor {
    /// The largest descriptor: its length is one byte.
    static let maximumSize = 255
    private static let type: UInt8 = 3

    /// The text of a descriptor: length, type 3, UTF-16 little-endian. Nil when it is none.
    ///
    /// Trusts no length, stops at a zero, as some devices pad with them, and shows control characters as U+FFFD.
    static func text(_ bytes: [UInt8]) -> String? {
        guard let units = body(bytes) else { return nil }
        let text = String(decoding: units.prefix { $0 != 0 }, as: UTF16.self)
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
    }

    /// The first language of descriptor 0; nil when it names none.
    static func language(_ bytes: [UInt8]) -> UInt16? { body(bytes)?.first }

    private static func body(_ bytes: [UInt8]) -> [UInt16]? {
        guard bytes.count >= 2, bytes[1] == type, bytes[0] >= 2 else { return nil }
        let end = min(Int(bytes[0]), bytes.count)
        return stride(from: 2, to: end - 1, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .control }
}
