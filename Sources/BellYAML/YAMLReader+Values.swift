import BellModel

extension YAMLReader {
    /// Finds a key's value; records an error when it is missing or left empty.
    mutating func required(_ key: String) -> YAMLNode? {
        if let value = optional(key) { return value }
        if state.isAbsent { return nil }
        var fix: String?
        if let near = nearestWord(to: key, among: keys.filter { !state.asked.contains($0) }) {
            fix = "is \"\(near)\" meant to be \"\(key)\"?"
        }
        let place = node[key]?.place ?? node.place
        state.log.errors.append(
            BellError(.yamlMissingKey, "The key \"\(key)\" is missing or empty.", at: "\(place) \(full(key))", fix: fix)
        )
        return nil
    }

    /// Finds a key's value, or nil when it is missing or left empty.
    mutating func optional(_ key: String) -> YAMLNode? {
        if !state.asked.contains(key) { state.asked.append(key) }
        guard let value = node[key], !value.isNull else { return nil }
        return value
    }

    /// Reads a value, recording `expected …` when `read` returns nil.
    func convert<T>(_ value: YAMLNode?, _ key: String, _ expected: String, _ read: (YAMLNode) -> T?) -> T? {
        guard let value else { return nil }
        if let result = read(value) { return result }
        state.log.errors.append(
            BellError(
                .yamlValue, "Expected \(expected), found \(value.summary).",
                at: "\(value.place) \(full(key)) = \(value.summary)", fix: numberHint(key, value)))
        return nil
    }

    /// Explains the commonest wrong numbers: one with its unit behind it, one in groups of digits, one in quotes.
    private func numberHint(_ key: String, _ value: YAMLNode) -> String? {
        guard case .scalar(let text, let quoted) = value.content, let last = text.last,
            let digit = text.first, digit.isNumber || digit == "-" || digit == "."
        else { return nil }
        let plain = text.filter { !" ,'\u{a0}\u{202f}".contains($0) }
        if Scalar.double(plain) != nil {
            if plain != text { return "write \(plain), or group the digits with _" }
            return quoted ? "write it without quotes" : nil
        }
        guard last.isLetter || last == "%" else { return nil }
        return "write the number alone; the key's ending says its unit (\(key))"
    }

    /// Records an error when the value is outside its range.
    func check<R: RangeExpression>(_ number: R.Bound?, _ key: String, _ range: R) -> R.Bound? {
        guard let number else { return nil }
        if range.contains(number) { return number }
        let place = node[key]?.place ?? node.place
        state.log.errors.append(
            BellError(
                .yamlValue, "\(key) = \(number) is out of range.", at: "\(place) \(full(key)) = \(number)",
                fix: "allowed: \(describe(range, key))"))
        return nil
    }

    private func describe<R: RangeExpression>(_ range: R, _ key: String) -> String {
        switch range {
        case let range as ClosedRange<R.Bound>: "\(range.lowerBound) ≤ \(key) ≤ \(range.upperBound)"
        case let range as Range<R.Bound>: "\(range.lowerBound) ≤ \(key) < \(range.upperBound)"
        case let range as PartialRangeFrom<R.Bound>: "\(key) ≥ \(range.lowerBound)"
        case let range as PartialRangeThrough<R.Bound>: "\(key) ≤ \(range.upperBound)"
        case let range as PartialRangeUpTo<R.Bound>: "\(key) < \(range.upperBound)"
        default: "\(range)"
        }
    }

    /// The value to go on with after an error: the range's end, so that later arithmetic meets nothing impossible.
    func harmless<R: RangeExpression>(_ range: R, _ zero: R.Bound) -> R.Bound {
        switch range {
        case let range as ClosedRange<R.Bound>: range.lowerBound
        case let range as Range<R.Bound>: range.lowerBound
        case let range as PartialRangeFrom<R.Bound>: range.lowerBound
        case let range as PartialRangeThrough<R.Bound>: range.upperBound
        default: zero
        }
    }
}

extension YAMLReader {
    /// A text: a quoted or an unquoted scalar.
    public mutating func string(_ key: String) -> String { text(required(key), key) ?? "" }
    /// A text, or nil when the key is missing or empty.
    public mutating func optionalString(_ key: String) -> String? { text(optional(key), key) }

    /// One of `words`; after an error the first of them.
    public mutating func choice(_ key: String, of words: [String]) -> String {
        word(required(key), key, words) ?? words.first ?? ""
    }
    /// One of `words`, or nil when the key is missing or empty.
    public mutating func optionalChoice(_ key: String, of words: [String]) -> String? {
        word(optional(key), key, words)
    }

    /// `true` or `false`, unquoted.
    public mutating func bool(_ key: String) -> Bool { flag(required(key), key) ?? false }
    /// `true` or `false`, or nil when the key is missing or empty.
    public mutating func optionalBool(_ key: String) -> Bool? { flag(optional(key), key) }

    private func text(_ value: YAMLNode?, _ key: String) -> String? { convert(value, key, "a text", \.scalar) }

    private func flag(_ value: YAMLNode?, _ key: String) -> Bool? {
        convert(value, key, "true or false") {
            if case .scalar(let text, quoted: false) = $0.content { Scalar.bool(text) } else { nil }
        }
    }

    private func word(_ value: YAMLNode?, _ key: String, _ words: [String]) -> String? {
        guard let value, let text = text(value, key) else { return nil }
        if words.contains(text) { return text }
        let known = "allowed: \(words.joined(separator: ", "))"
        let fix = nearestWord(to: text, among: words).map { "did you mean \"\($0)\"? (\(known))" } ?? known
        state.log.errors.append(
            BellError(
                .yamlValue, "\(key) cannot be \"\(text.prefix(80))\".",
                at: "\(value.place) \(full(key)) = \(value.summary)", fix: fix))
        return nil
    }
}
