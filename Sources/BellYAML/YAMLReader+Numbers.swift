extension YAMLReader {
    /// A whole number.
    public mutating func int(_ key: String) -> Int { int(key, in: Int.min...Int.max, or: 0) }
    /// A whole number in a range; after an error the range's lower end.
    public mutating func int(_ key: String, in range: some RangeExpression<Int>) -> Int {
        int(key, in: range, or: harmless(range, 0))
    }
    /// A whole number in a range, or nil when the key is missing or empty.
    public mutating func optionalInt(_ key: String, in range: some RangeExpression<Int> = Int.min...Int.max) -> Int? {
        check(whole(optional(key), key, Int.self), key, range)
    }

    /// A count: a whole number from 0.
    public mutating func count(_ key: String) -> UInt64 { count(key, in: 0...UInt64.max) }
    /// A count in a range; after an error the range's lower end.
    public mutating func count(_ key: String, in range: some RangeExpression<UInt64>) -> UInt64 {
        check(whole(required(key), key, UInt64.self), key, range) ?? harmless(range, 0)
    }
    /// A count in a range, or nil when the key is missing or empty.
    public mutating func optionalCount(
        _ key: String, in range: some RangeExpression<UInt64> = 0...UInt64.max
    ) -> UInt64? {
        check(whole(optional(key), key, UInt64.self), key, range)
    }

    /// A finite number.
    public mutating func double(_ key: String) -> Double { number(required(key), key) ?? 0 }
    /// A finite number in a range; after an error the range's lower end.
    public mutating func double(_ key: String, in range: some RangeExpression<Double>) -> Double {
        note(check(number(required(key), key), key, range), key, range) ?? harmless(range, 0)
    }
    /// A finite number, or nil when the key is missing or empty.
    public mutating func optionalDouble(_ key: String) -> Double? { number(optional(key), key) }
    /// A finite number in a range, or nil when the key is missing or empty.
    public mutating func optionalDouble(_ key: String, in range: some RangeExpression<Double>) -> Double? {
        note(check(number(optional(key), key), key, range), key, range)
    }

    /// Remembers that a number was asked for.
    private func note(_ value: Double?, _ key: String, _ range: some RangeExpression<Double>) -> Double? {
        if let range = AskedNumber.closed(range) {
            state.log.numbers.append(AskedNumber(path: full(key), range: range, value: value))
        }
        return value
    }

    private mutating func int(_ key: String, in range: some RangeExpression<Int>, or other: Int) -> Int {
        check(whole(required(key), key, Int.self), key, range) ?? other
    }

    private func number(_ value: YAMLNode?, _ key: String) -> Double? {
        convert(value, key, "a number", Self.number)
    }

    private func whole<T: FixedWidthInteger>(_ value: YAMLNode?, _ key: String, _ type: T.Type) -> T? {
        convert(value, key, T.isSigned ? "a whole number" : "a count (a whole number from 0)") { node in
            guard case .scalar(let text, quoted: false) = node.content else { return nil }
            return Scalar.integer(text).flatMap { T(exactly: $0) }
        }
    }

    static func number(_ node: YAMLNode) -> Double? {
        if case .scalar(let text, quoted: false) = node.content { Scalar.double(text) } else { nil }
    }
}
