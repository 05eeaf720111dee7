extension JSON {
    /// The canonical text: no white space, keys sorted by UTF-16 code units, shortest round-trip numbers.
    ///
    /// Equal values give equal bytes, so this text is what is hashed and signed.
    /// - SeeAlso: RFC 8785 (JSON Canonicalization Scheme), sections 3.2.2 and 3.2.3.
    public var text: String {
        var out = ""
        write(into: &out)
        return out
    }

    /// The text for people: two spaces a level, otherwise as ``text``.
    public var prettyText: String {
        var out = ""
        writePretty(into: &out, indent: "")
        return out
    }

    private func write(into out: inout String) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .int(let value): out += String(value)
        case .double(let value): out += JSON.number(value)
        case .string(let value): JSON.quote(value, into: &out)
        case .array(let items):
            out += "["
            for (i, item) in items.enumerated() {
                if i > 0 { out += "," }
                item.write(into: &out)
            }
            out += "]"
        case .object(let members):
            out += "{"
            for (i, key) in JSON.sorted(members.keys).enumerated() {
                if i > 0 { out += "," }
                JSON.quote(key, into: &out)
                out += ":"
                members[key]?.write(into: &out)
            }
            out += "}"
        }
    }

    private func writePretty(into out: inout String, indent: String) {
        let deeper = indent + "  "
        switch self {
        case .array(let items) where !items.isEmpty:
            out += "[\n"
            for (i, item) in items.enumerated() {
                if i > 0 { out += ",\n" }
                out += deeper
                item.writePretty(into: &out, indent: deeper)
            }
            out += "\n\(indent)]"
        case .object(let members) where !members.isEmpty:
            out += "{\n"
            for (i, key) in JSON.sorted(members.keys).enumerated() {
                if i > 0 { out += ",\n" }
                out += deeper
                JSON.quote(key, into: &out)
                out += ": "
                members[key]?.writePretty(into: &out, indent: deeper)
            }
            out += "\n\(indent)}"
        default: write(into: &out)
        }
    }

    private static func sorted(_ keys: Dictionary<String, JSON>.Keys) -> [String] {
        keys.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }
    }

    private static func quote(_ value: String, into out: inout String) {
        out += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\u{8}": out += "\\b"
            case "\u{c}": out += "\\f"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
        out += "\""
    }

    /// Writes a number as ECMAScript's `Number.prototype.toString` does, which RFC 8785 prescribes.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        if value == 0 { return "0" }
        if value < 0 { return "-" + number(-value) }
        // Swift prints the shortest digits that round-trip, too; only the layout differs.
        let (digits, exponent) = shortestDigits(value)
        let n = exponent + 1  // ECMAScript's n: value = 0.digits × 10^n
        let k = digits.count
        if k <= n && n <= 21 { return digits + String(repeating: "0", count: n - k) }
        if 0 < n && n <= 21 {
            return String(digits.prefix(n)) + "." + String(digits.dropFirst(n))
        }
        if -6 < n && n <= 0 { return "0." + String(repeating: "0", count: -n) + digits }
        let e = n - 1
        let tail = "e" + (e < 0 ? "-" : "+") + String(abs(e))
        return k == 1 ? digits + tail : String(digits.prefix(1)) + "." + String(digits.dropFirst()) + tail
    }

    /// The shortest significant digits (no leading or trailing zero) and the exponent of the first one.
    private static func shortestDigits(_ value: Double) -> (digits: String, exponent: Int) {
        var mantissa = "\(value)"
        var exponent = 0
        if let e = mantissa.firstIndex(of: "e") {
            exponent = Int(mantissa[mantissa.index(after: e)...]) ?? 0
            mantissa = String(mantissa[..<e])
        }
        let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        let whole = String(parts[0])
        var digits = whole + (parts.count > 1 ? String(parts[1]) : "")
        exponent += whole.count - 1
        while digits.count > 1 && digits.hasPrefix("0") {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.count > 1 && digits.hasSuffix("0") { digits.removeLast() }
        return (digits, exponent)
    }
}
