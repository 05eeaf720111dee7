public import BellModel

extension BellError.Code {
    /// A text is not the YAML that belld reads.
    public static let yamlSyntax = BellError.Code("yaml.syntax", exit: .usage)
    /// A value is of another kind than its key asks for, or out of range.
    public static let yamlValue = BellError.Code("yaml.value", exit: .usage)
    /// A required key is missing.
    public static let yamlMissingKey = BellError.Code("yaml.missing-key", exit: .usage)
    /// A key that nobody knows.
    public static let yamlUnknownKey = BellError.Code("yaml.unknown-key", exit: .usage)
}

/// A value in a YAML text, with the place where it begins.
public struct YAMLNode: Sendable {
    /// The three kinds of value.
    public enum Content: Sendable {
        /// A word, number or text; `quoted` when it cannot be anything but text.
        case scalar(String, quoted: Bool)
        case sequence([YAMLNode])
        /// In the order of the text; keys are scalars and differ from each other.
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    public let content: Content
    /// Counted from 1.
    public let line: Int
    /// Counted from 1, in characters.
    public let column: Int
    /// What the text is called in errors, for example a file's path.
    public let source: String
    /// Where the value stands in the text, in Unicode scalars from its start; quotes and brackets belong to it.
    ///
    /// Empty, after the colon, for a value that was left out; of a block mapping or list it ends with its last value.
    public let extent: Range<Int>

    /// Makes a node by hand, for values that do not come from a text.
    public init(_ content: Content, line: Int = 1, column: Int = 1, source: String, extent: Range<Int> = 0..<0) {
        self.content = content
        self.line = line
        self.column = column
        self.source = source
        self.extent = extent
    }
}

extension YAMLNode {
    /// `source:line:column`.
    public var place: String { "\(source):\(line):\(column)" }

    /// The text of a scalar, or nil.
    public var scalar: String? { if case .scalar(let text, _) = content { text } else { nil } }

    /// Whether the value was left out (`key:`) or is written as `null` or `~`.
    public var isNull: Bool {
        if case .scalar(let text, quoted: false) = content { ["", "null", "~"].contains(text) } else { false }
    }

    /// The value of a mapping's key, or nil.
    public subscript(key: String) -> YAMLNode? {
        guard case .mapping(let members) = content else { return nil }
        return members.first { $0.key.scalar == key }?.value
    }

    /// What the value is, for errors: the text itself, or how much of it there is.
    var summary: String {
        switch content {
        case .scalar(let text, quoted: true): "\"\(text.prefix(80))\""
        case .scalar(let text, quoted: false): isNull ? "nothing" : String(text.prefix(80))
        case .sequence(let items): "a list of \(items.count)"
        case .mapping(let members): "a mapping of \(members.count) \(members.count == 1 ? "key" : "keys")"
        }
    }

    /// The same value as JSON; unquoted scalars become numbers, booleans and `null` where they read as such.
    public var json: JSON {
        switch content {
        case .scalar(let text, quoted: true): .string(text)
        case .scalar(let text, quoted: false):
            if isNull {
                .null
            } else if let value = Scalar.bool(text) {
                .bool(value)
            } else if let value = Scalar.integer(text).flatMap({ Int64(exactly: $0) }) {
                .int(value)
            } else if let value = Scalar.double(text) {
                .double(value)
            } else {
                .string(text)
            }
        case .sequence(let items): .array(items.map(\.json))
        case .mapping(let members):
            .object(
                Dictionary(
                    members.map { ($0.key.scalar ?? "", $0.value.json) }, uniquingKeysWith: { first, _ in first }))
        }
    }
}

/// How unquoted scalars read: numbers as in JSON, plus `_` between digits and a leading `+`.
enum Scalar {
    static func bool(_ text: String) -> Bool? { text == "true" ? true : text == "false" ? false : nil }

    /// A whole number, also when written as `1e6`; nil when it does not fit 128 bits.
    static func integer(_ text: String) -> Int128? {
        guard let plain = digits(text) else { return nil }
        if let value = Int128(plain) { return value }
        // A double is exact for whole numbers up to 2^53 only.
        guard let value = Double(plain), value.magnitude <= 0x1p53 else { return nil }
        return Int128(exactly: value)
    }

    /// A finite number in decimal digits.
    static func double(_ text: String) -> Double? {
        guard let plain = digits(text), let value = Double(plain), value.isFinite else { return nil }
        return value
    }

    /// The text without `_` between digits; nil when another character than those of a decimal number occurs.
    private static func digits(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        guard bytes.count <= 100 else { return nil }
        func isDigit(_ i: Int) -> Bool { bytes.indices.contains(i) && (0x30...0x39).contains(bytes[i]) }
        var plain: [UInt8] = []
        for (i, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "_"): if !isDigit(i - 1) || !isDigit(i + 1) { return nil }
            case 0x30...0x39, UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "e"),
                UInt8(ascii: "E"):
                plain.append(byte)
            default: return nil
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
