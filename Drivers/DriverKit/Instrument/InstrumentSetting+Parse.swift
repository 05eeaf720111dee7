public import BellModel

extension InstrumentSetting {
    /// The values that are taken, for people: `1 … 4`, `on, off`.
    public var range: String {
        switch kind {
        case .number(let range): "\(range.lowerBound) … \(range.upperBound)"
        case .integer(let range): "\(range.lowerBound) … \(range.upperBound)"
        case .toggle: "on, off"
        case .choice(let words): words.joined(separator: ", ")
        }
    }

    /// Reads a value as people write it, and checks its range.
    ///
    /// - Throws: `instrument.range`.
    public func value(parsing text: String, of instrument: String) throws(BellError) -> InstrumentValue {
        let value: InstrumentValue? =
            switch kind {
            case .number: Double(text).map { .number($0) }
            case .integer: Int(text).map { .integer($0) }
            case .toggle:
                ["on": true, "off": false, "true": true, "false": false, "1": true, "0": false][text].map {
                    .toggle($0)
                }
            case .choice: .choice(text)
            }
        guard let value else { throw refused(text, of: instrument) }
        try check(value, of: instrument)
        return value
    }

    /// Checks that a value is of this setting's kind and in its range.
    ///
    /// - Throws: `instrument.range`; `instrument.read-only` when it cannot be set.
    public func check(_ value: InstrumentValue, of instrument: String) throws(BellError) {
        guard isWritable else {
            throw BellError(
                .instrumentReadOnly, "\(key) of \(instrument) cannot be set, only read.", at: "\(instrument) \(key)")
        }
        let isAllowed =
            switch (kind, value) {
            case (.number(let range), .number(let number)): range.contains(number)
            case (.integer(let range), .integer(let number)): range.contains(number)
            case (.toggle, .toggle): true
            case (.choice(let words), .choice(let word)): words.contains(word)
            default: false
            }
        guard isAllowed else { throw refused(value.text, of: instrument) }
    }

    /// Whether what was read back is what was set, within the tolerance.
    public func agrees(_ wanted: InstrumentValue, _ got: InstrumentValue) -> Bool {
        if case (.number(let wanted), .number(let got)) = (wanted, got) { return abs(wanted - got) <= tolerance }
        return wanted == got
    }

    private func refused(_ text: String, of instrument: String) -> BellError {
        BellError(
            .instrumentRange, "\(instrument) cannot set \(key) to \(text.prefix(40)).", at: "\(instrument) \(key)",
            state: "nothing was sent to the instrument", fix: "allowed: \(range)")
    }
}
