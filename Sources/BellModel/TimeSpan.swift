/// A length of time as people write it in files: `90s`, `30min`, `12h`, `7d`, `2w`.
public struct TimeSpan: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Finite, ≥ 0.
    public let seconds: Double

    /// Makes a span; nil unless `seconds` is finite, ≥ 0 and below 10^10 (317 years).
    public init?(seconds: Double) {
        guard seconds >= 0, seconds < 1e10 else { return nil }
        self.seconds = seconds
    }

    public static func < (a: TimeSpan, b: TimeSpan) -> Bool { a.seconds < b.seconds }

    /// The units, the longest first.
    private static let units: [(name: String, seconds: Double)] = [
        ("w", 604_800), ("d", 86_400), ("h", 3600), ("min", 60), ("s", 1),
    ]

    /// Reads a number with one of the units s, min, h, d, w right behind it, or a bare number of seconds.
    ///
    /// Strict: nil for a sign, an exponent, blanks, several units, or another spelling (`m` could be a month).
    public init?(_ text: String) {
        guard text.utf8.count <= 40 else { return nil }
        let number = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        let unit = text.dropFirst(number.count)
        guard number.first?.isNumber == true, number.last?.isNumber == true, let value = Double(number) else {
            return nil
        }
        if unit.isEmpty {
            self.init(seconds: value)
        } else {
            guard let factor = Self.units.first(where: { $0.name == unit })?.seconds else { return nil }
            self.init(seconds: value * factor)
        }
    }

    /// In the longest unit that makes it a whole number, `12h`; fractions of a second as `0.5s`. Reads back as the same.
    public var description: String {
        for (name, size) in Self.units where seconds >= size && seconds.truncatingRemainder(dividingBy: size) == 0 {
            return "\(Int64(seconds / size))\(name)"
        }
        // Shortest digits; below 10^-4 Swift would write an exponent, which nobody means by a time span.
        return seconds < 1e-4 ? "0s" : "\(seconds)s"
    }

    /// How old something is, for people, in its two largest units: `8 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`.
    public var age: String {
        let total = Int64(seconds.rounded())
        var parts: [String] = []
        var rest = total
        for (name, size) in Self.units.dropFirst() {
            let count = rest / Int64(size)
            rest %= Int64(size)
            if count > 0 || !parts.isEmpty { parts.append("\(count) \(name)") }
            if parts.count == 2 { break }
        }
        if parts.count == 2, parts[1].hasPrefix("0 ") { parts.removeLast() }
        return parts.isEmpty ? "0 s" : parts.joined(separator: " ")
    }
}
