import BellYAML

extension YAMLReader {
    /// A span of time with its unit, for example `90s`, `20min` or `3h`; nil when the key is missing.
    ///
    /// - Parameter range: Seconds.
    /// - Returns: Seconds; nil after an error, too.
    mutating func optionalSpan(_ key: String, in range: ClosedRange<Double>) -> Double? {
        guard let text = optionalValue(key).map({ $0.scalar ?? "" }) else { return nil }
        guard let seconds = Span.seconds(text) else {
            fail(key, "`\(text.prefix(40))` is no span of time.", fix: "write a number with ms, s, min or h, as 20min")
            return nil
        }
        guard range.contains(seconds) else {
            fail(key, "\(text) is out of range.", fix: "allowed: \(range.lowerBound) s to \(range.upperBound) s")
            return nil
        }
        return seconds
    }

    /// The same for a key that must be there; after an error the range's lower end.
    mutating func span(_ key: String, in range: ClosedRange<Double>) -> Double {
        // `string` records the missing key.
        optionalValue(key) == nil
            ? (string(key).isEmpty ? range.lowerBound : 0) : optionalSpan(key, in: range) ?? range.lowerBound
    }
}

/// Spans of time as people write them.
enum Span {
    private static let units: [(name: String, seconds: Double)] = [("ms", 0.001), ("min", 60), ("s", 1), ("h", 3600)]

    /// Seconds; nil when it is no decimal number with a unit.
    static func seconds(_ text: String) -> Double? {
        guard text.utf8.count <= 40, let unit = units.first(where: { text.hasSuffix($0.name) }) else { return nil }
        let digits = text.dropLast(unit.name.count).trimmingPrefix(" ")
        let number = digits.last == " " ? digits.dropLast() : digits
        // `Double` reads words and hexadecimal numbers, too.
        guard number.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) }),
            let value = Double(number), value.isFinite
        else { return nil }
        return value * unit.seconds
    }
}
