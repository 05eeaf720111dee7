/// Finds the members of one JSON object without building values, so that a short request costs next to nothing.
///
/// Only the object's outline is checked; each slice must still be parsed strictly before it is believed.
enum JSONEnvelope {
    /// Where a member's key (with its quotes) and value lie.
    struct Member {
        var key: Range<Int>
        var value: Range<Int>

        /// Whether the key is `name`, written without escapes.
        func isNamed(_ name: StaticString, in bytes: [UInt8]) -> Bool {
            key.count == name.utf8CodeUnitCount + 2
                && name.withUTF8Buffer { bytes[(key.lowerBound + 1)..<(key.upperBound - 1)].elementsEqual($0) }
        }
    }

    /// The members in their order, or nil when the outline is not that of one object.
    static func members(of bytes: [UInt8]) -> [Member]? {
        var scan = Scan(bytes: bytes)
        guard scan.take("{") else { return nil }
        var members: [Member] = []
        if !scan.take("}") {
            repeat {
                guard let key = scan.string(), scan.take(":"), let value = scan.value() else { return nil }
                members.append(Member(key: key, value: value))
            } while scan.take(",")
            guard scan.take("}") else { return nil }
        }
        scan.skipSpace()
        return scan.at == bytes.count ? members : nil
    }

    private struct Scan {
        let bytes: [UInt8]
        var at = 0

        mutating func skipSpace() {
            while at < bytes.count, [0x20, 0x0a, 0x0d, 0x09].contains(bytes[at]) { at += 1 }
        }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: character) else { return false }
            at += 1
            return true
        }

        mutating func string() -> Range<Int>? {
            skipSpace()
            let start = at
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { return nil }
            at += 1
            while at < bytes.count {
                switch bytes[at] {
                case UInt8(ascii: "\""):
                    at += 1
                    return start..<at
                case UInt8(ascii: "\\"): at += 2
                default: at += 1
                }
            }
            return nil
        }

        /// Skips one value; nesting is counted, not recursed into.
        mutating func value() -> Range<Int>? {
            skipSpace()
            let start = at
            var depth = 0
            while at < bytes.count {
                switch bytes[at] {
                case UInt8(ascii: "\""): guard string() != nil else { return nil }
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    at += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    if depth == 0 { return trimmed(start) }
                    depth -= 1
                    at += 1
                case UInt8(ascii: ","):
                    if depth == 0 { return trimmed(start) }
                    at += 1
                default: at += 1
                }
            }
            return nil
        }

        private func trimmed(_ start: Int) -> Range<Int>? {
            var end = at
            while end > start, [0x20, 0x0a, 0x0d, 0x09].contains(bytes[end - 1]) { end -= 1 }
            return end > start ? start..<end : nil
        }
    }
}
