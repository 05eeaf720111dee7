/// Takes a program message apart: units between semicolons, each a header and its parameters.
///
/// Quoted text and blocks (`#` with a length) are passed over as a whole, so that their bytes separate nothing.
///
/// - SeeAlso: IEEE 488.2-1992, section 7.
struct SCPIMessageUnit: Equatable, Sendable {
    /// Without `?`; `*IDN`, `:SOUR:FREQ`.
    var header: String
    var isQuery: Bool
    var parameters: [[UInt8]]

    /// The units of a message.
    static func all(of message: [UInt8]) -> [SCPIMessageUnit] {
        split(message[...], at: UInt8(ascii: ";")).compactMap(SCPIMessageUnit.init)
    }

    private init?(_ unit: ArraySlice<UInt8>) {
        // Only its front: the last byte may belong to a block.
        let unit = unit.drop { $0 <= 32 }
        guard !unit.isEmpty else { return nil }
        let head = unit.prefix { $0 > 32 }
        isQuery = head.last == UInt8(ascii: "?")
        header = String(decoding: isQuery ? head.dropLast() : head, as: UTF8.self)
        let rest = unit.dropFirst(head.count).drop { $0 <= 32 }
        parameters =
            rest.isEmpty
            ? []
            : SCPIMessageUnit.split(rest, at: UInt8(ascii: ",")).map { Array(SCPIMessageUnit.trimmed($0)) }
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let start = bytes.drop { $0 <= 32 }
        // The white space after a block is its content's neighbour, never its content: blocks carry their length.
        if let first = start.first, first == UInt8(ascii: "#"), let length = blockLength(start) {
            return start.prefix(length)
        }
        var end = start
        while let last = end.last, last <= 32 { end = end.dropLast() }
        return end
    }

    private static func split(_ bytes: ArraySlice<UInt8>, at separator: UInt8) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var index = start
        var quote: UInt8?
        while index < bytes.endIndex {
            let byte = bytes[index]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: "#"), let length = blockLength(bytes[index...]) {
                index = min(index + length, bytes.endIndex)
                continue
            } else if byte == separator {
                parts.append(bytes[start..<index])
                start = index + 1
            }
            index += 1
        }
        return parts + [bytes[start...]]
    }

    /// Bytes of a definite block at the start, header included; nil when there is none or its header is not all there.
    static func blockLength(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= 2, bytes.first == 0x23 else { return nil }
        let digits = Int(bytes[bytes.startIndex + 1]) - 0x30
        guard (1...9).contains(digits), bytes.count >= 2 + digits else { return nil }
        let text = String(decoding: bytes.dropFirst(2).prefix(digits), as: UTF8.self)
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(text) else { return nil }
        return 2 + digits + length
    }

    /// The content of a parameter that is a definite block.
    static func blockContent(_ parameter: [UInt8]) -> [UInt8]? {
        guard let length = blockLength(parameter[...]), length == parameter.count else { return nil }
        return Array(parameter.dropFirst(2 + Int(parameter[1]) - 0x30))
    }
}
