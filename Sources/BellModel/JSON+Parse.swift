extension BellError.Code {
    /// A text is not JSON.
    public static let jsonSyntax = BellError.Code("json.syntax", exit: .usage)
    /// A JSON value lacks a member, or has one of another kind.
    public static let jsonShape = BellError.Code("json.shape", exit: .usage)
}

extension JSON {
    /// Parses one JSON text strictly: no comments, no duplicate keys, at most 64 levels deep.
    ///
    /// - Parameters:
    ///   - text: UTF-8 bytes. Anything from a wire is hostile: ill-formed UTF-8 is refused.
    ///   - source: What the text is called in errors, for example a file's path.
    /// - Throws: `json.syntax` with line and column.
    /// - SeeAlso: RFC 8259.
    public init(parsing text: some Sequence<UInt8>, source: String = "JSON") throws(BellError) {
        var parser = JSONParser(bytes: Array(text), source: source)
        self = try parser.document()
    }

    /// Parses one JSON text.
    public init(parsing text: String, source: String = "JSON") throws(BellError) {
        try self.init(parsing: Array(text.utf8), source: source)
    }
}

private struct JSONParser {
    let bytes: [UInt8]
    let source: String
    var at = 0

    mutating func document() throws(BellError) -> JSON {
        let value = try self.value(depth: 0)
        skipSpace()
        if at < bytes.count { throw error("something follows the value") }
        return value
    }

    private func error(_ what: String) -> BellError {
        var line = 1
        var column = 1
        for byte in bytes.prefix(at) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        return BellError(
            .jsonSyntax, "Not JSON: \(what).", at: "\(source):\(line):\(column)",
            fix: "correct the text at this place")
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { at += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        at += 1
        return true
    }

    private mutating func value(depth: Int) throws(BellError) -> JSON {
        if depth > 64 { throw error("more than 64 levels deep") }
        skipSpace()
        switch next {
        case nil: throw error("the text ends where a value should begin")
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(BellError) -> JSON {
        let expected = Array("\(word)".utf8)
        guard bytes.count - at >= expected.count, Array(bytes[at..<at + expected.count]) == expected else {
            throw error("expected \(word)")
        }
        at += expected.count
        return value
    }

    private mutating func array(depth: Int) throws(BellError) -> JSON {
        at += 1
        var items: [JSON] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array([]) }
        while true {
            items.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(items) }
            if !take(UInt8(ascii: ",")) { throw error("expected , or ] in an array") }
        }
    }

    private mutating func object(depth: Int) throws(BellError) -> JSON {
        at += 1
        var members: [String: JSON] = [:]
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object([:]) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error("expected a key in double quotes") }
            let key = try string()
            skipSpace()
            if !take(UInt8(ascii: ":")) { throw error("expected : after the key \"\(key)\"") }
            let value = try self.value(depth: depth + 1)
            if members.updateValue(value, forKey: key) != nil { throw error("the key \"\(key)\" appears twice") }
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            if !take(UInt8(ascii: ",")) { throw error("expected , or } in an object") }
        }
    }

    private mutating func string() throws(BellError) -> String {
        at += 1
        var out: [UInt8] = []
        while true {
            guard let byte = next else { throw error("the text ends inside a string") }
            at += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: out, as: UTF8.self) else { throw error("ill-formed UTF-8") }
                return text
            case UInt8(ascii: "\\"): try escape(into: &out)
            case 0..<0x20: throw error("a control character inside a string")
            default: out.append(byte)
            }
        }
    }

    private mutating func escape(into out: inout [UInt8]) throws(BellError) {
        guard let byte = next else { throw error("the text ends inside a string") }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0c)
        case UInt8(ascii: "n"): out.append(0x0a)
        case UInt8(ascii: "r"): out.append(0x0d)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hex4()
            if code >= 0xd800 && code < 0xdc00 {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw error("half a surrogate pair") }
                let low = try hex4()
                guard low >= 0xdc00 && low < 0xe000 else { throw error("half a surrogate pair") }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
            out.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
        default: throw error("an unknown escape in a string")
        }
    }

    private mutating func hex4() throws(BellError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("expected four hexadecimal digits")
            }
            at += 1
            code = code << 4 | UInt32(digit)
        }
        return code
    }

    private mutating func number() throws(BellError) -> JSON {
        let start = at
        _ = take(UInt8(ascii: "-"))
        let digits = at
        skipDigits()
        if at == digits || (bytes[digits] == UInt8(ascii: "0") && at > digits + 1) { throw error("expected a value") }
        var whole = true
        if take(UInt8(ascii: ".")) {
            whole = false
            let fraction = at
            skipDigits()
            if at == fraction { throw error("digits must follow the point") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            whole = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            let exponent = at
            skipDigits()
            if at == exponent { throw error("digits must follow the exponent's sign") }
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if whole, let value = Int64(text) { return .int(value) }
        guard let value = Double(text), value.isFinite else { throw error("the number \(text) is out of range") }
        return .double(value)
    }

    private mutating func skipDigits() {
        while let byte = next, byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") { at += 1 }
    }
}

/// Reads the members of an object and refuses what is missing, of another kind, or unknown.
///
/// For objects that come from a wire or from the journal; `finish()` reports the keys nobody asked for.
public struct JSONReader {
    private let members: [String: JSON]
    private let path: String
    private var asked: Set<String> = []

    /// Begins to read an object; `path` names it in errors, for example `plan.claims[0]`.
    public init(_ json: JSON, path: String) throws(BellError) {
        guard let members = json.objectValue else {
            throw BellError(.jsonShape, "Expected an object, found \(json.text.prefix(80)).", at: path)
        }
        self.members = members
        self.path = path
    }

    private mutating func get<T>(_ key: String, _ kind: String, _ read: (JSON) -> T?) throws(BellError) -> T {
        asked.insert(key)
        guard let value = members[key] else {
            throw BellError(.jsonShape, "The key \"\(key)\" is missing.", at: "\(path).\(key)")
        }
        guard let result = read(value) else {
            throw BellError(.jsonShape, "Expected \(kind), found \(value.text.prefix(80)).", at: "\(path).\(key)")
        }
        return result
    }

    public mutating func string(_ key: String) throws(BellError) -> String {
        try get(key, "a string", \.stringValue)
    }
    public mutating func bool(_ key: String) throws(BellError) -> Bool { try get(key, "true or false", \.boolValue) }
    public mutating func double(_ key: String) throws(BellError) -> Double { try get(key, "a number", \.doubleValue) }
    public mutating func int(_ key: String) throws(BellError) -> Int {
        try get(key, "a whole number") { $0.intValue.flatMap { Int(exactly: $0) } }
    }
    public mutating func count(_ key: String) throws(BellError) -> UInt64 { try get(key, "a count", \.countValue) }
    public mutating func array(_ key: String) throws(BellError) -> [JSON] { try get(key, "an array", \.arrayValue) }
    public mutating func digest(_ key: String) throws(BellError) -> Digest {
        try get(key, "64 hexadecimal digits") { $0.stringValue.flatMap(Digest.init(hex:)) }
    }
    public mutating func value(_ key: String) throws(BellError) -> JSON { try get(key, "a value") { $0 } }

    /// The member, or nil when it is missing or `null`.
    public mutating func optional(_ key: String) -> JSON? {
        asked.insert(key)
        return members[key] == .null ? nil : members[key]
    }

    /// Refuses members that were not asked for.
    public func finish() throws(BellError) {
        guard let key = members.keys.filter({ !asked.contains($0) }).min() else { return }
        throw BellError(
            .jsonShape, "Unknown key \"\(key)\".", at: "\(path).\(key)",
            fix: "known keys: \(asked.sorted().joined(separator: ", "))")
    }
}
