public import BellModel
import DriverKit

/// Values as SCPI writes them in answers and commands.
///
/// - SeeAlso: SCPI-1999 volume 1, sections 7.2 (numbers) and 7.3 (booleans); IEEE 488.2-1992, section 8.7.
public enum SCPIText {
    /// 9.91E37: not a number (SCPI-1999 volume 1, section 7.2.1.5).
    public static let notANumber = 9.91e37
    /// 9.9E37: infinity; with a minus, negative infinity (section 7.2.1.4).
    public static let infinity = 9.9e37

    /// Reads a number: `+5.80000000E+09`, `12`, `#H1F`, and the two values above as `nan` and `infinity`.
    ///
    /// - Throws: `instrument.protocol`.
    public static func number(_ text: String) throws(BellError) -> Double {
        let word = trimmed(text)
        if word.hasPrefix("#"), let value = nonDecimal(word.dropFirst()) { return value }
        // Double(_:) also takes "nan", "inf" and hexadecimal, which no instrument may send.
        guard !word.isEmpty, word.utf8.allSatisfy({ "+-.0123456789eE".utf8.contains($0) }), let value = Double(word)
        else { throw .scpi("\"\(printable(Array(text.utf8).prefix(40)))\" is not a number") }
        return switch value {
        case notANumber: .nan
        case infinity: .infinity
        case -infinity: -.infinity
        default: value
        }
    }

    /// Reads `1`, `0`, `ON` or `OFF`.
    ///
    /// - Throws: `instrument.protocol`.
    public static func boolean(_ text: String) throws(BellError) -> Bool {
        switch trimmed(text).uppercased() {
        case "1", "+1", "ON": return true
        case "0", "+0", "OFF": return false
        default: throw .scpi("\"\(printable(Array(text.utf8).prefix(40)))\" is neither on nor off")
        }
    }

    /// Writes a number so that reading it gives the same one.
    ///
    /// - Precondition: Finite.
    public static func text(_ number: Double) -> String {
        precondition(number.isFinite)
        return number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)".uppercased()
    }

    /// Without white space and control characters around it.
    public static func trimmed(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        guard let first = scalars.firstIndex(where: { $0.value > 32 }),
            let last = scalars.lastIndex(where: { $0.value > 32 })
        else { return "" }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars[first...last])
        return String(result)
    }

    /// Splits at commas that stand outside of quotes; spaces around the fields are dropped.
    static func fields(_ text: String) -> [String] {
        var fields = [""]
        var isQuoted = false
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character == ",", !isQuoted { fields.append("") } else { fields[fields.count - 1].append(character) }
        }
        return fields.map(trimmed)
    }

    /// A string as a device sent it, for an error: bytes other than printable ASCII as `\x..`.
    static func printable(_ bytes: some Sequence<UInt8>) -> String {
        bytes.reduce(into: "") { text, byte in
            if byte >= 32, byte < 127 {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
    }

    /// `H1F`, `Q17`, `B101` (IEEE 488.2-1992, section 8.7.4 to 8.7.6).
    private static func nonDecimal(_ text: Substring) -> Double? {
        let radix = ["H": 16, "Q": 8, "B": 2][text.prefix(1).uppercased()]
        guard let radix, text.dropFirst().allSatisfy(\.isHexDigit) else { return nil }
        return UInt64(text.dropFirst(), radix: radix).map { Double($0) }
    }
}
