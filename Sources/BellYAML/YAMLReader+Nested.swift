extension YAMLReader {
    /// The nested mapping of a key; an empty reader after an error.
    public mutating func mapping(_ key: String) -> YAMLReader {
        guard let value = required(key) else { return YAMLReader(absentAt: full(key), in: self) }
        return child(value, full(key))
    }

    /// The nested mapping of a key, or nil when the key is missing or empty.
    public mutating func optionalMapping(_ key: String) -> YAMLReader? {
        optional(key).map { child($0, full(key)) }
    }

    /// The items of a key's list.
    public mutating func list(_ key: String) -> [YAMLNode] { items(required(key), key) ?? [] }
    /// The items of a key's list, or nil when the key is missing or empty.
    public mutating func optionalList(_ key: String) -> [YAMLNode]? { items(optional(key), key) }

    /// The items of a key's list, each a mapping.
    public mutating func mappings(_ key: String) -> [YAMLReader] {
        var readers: [YAMLReader] = []
        for (i, item) in list(key).enumerated() { readers.append(child(item, "\(full(key))[\(i)]")) }
        return readers
    }

    /// The items of a key's list, or none when the key is missing or empty, each a mapping.
    public mutating func optionalMappings(_ key: String) -> [YAMLReader] {
        optional(key) == nil ? [] : mappings(key)
    }

    /// The items of a key's list, each a number.
    public mutating func doubles(_ key: String) -> [Double] {
        var numbers: [Double] = []
        for (i, item) in list(key).enumerated() {
            numbers.append(convert(item, "\(key)[\(i)]", "a number", Self.number) ?? 0)
        }
        return numbers
    }

    /// The items of a key's list, each a text.
    public mutating func strings(_ key: String) -> [String] {
        var texts: [String] = []
        for (i, item) in list(key).enumerated() {
            texts.append(convert(item, "\(key)[\(i)]", "a text", \.scalar) ?? "")
        }
        return texts
    }

    /// Any value of a key, or nil after an error.
    public mutating func value(_ key: String) -> YAMLNode? { required(key) }
    /// Any value of a key, or nil when the key is missing or empty.
    public mutating func optionalValue(_ key: String) -> YAMLNode? { optional(key) }

    /// All keys with their values, for mappings whose keys are names that the writer chose.
    public mutating func entries() -> [(name: String, value: YAMLNode)] {
        members.compactMap { key, value in
            guard let name = key.scalar else { return nil }
            if !state.asked.contains(name) { state.asked.append(name) }
            return (name, value)
        }
    }

    /// All keys with their values, each a mapping, for mappings whose keys are names that the writer chose.
    public mutating func mappingEntries() -> [(name: String, reader: YAMLReader)] {
        entries().map { ($0.name, child($0.value, full($0.name))) }
    }

    /// Reads a node of the same text, for example an item of ``list(_:)``, as a mapping that is finished with this one.
    public mutating func child(_ value: YAMLNode, _ path: String) -> YAMLReader {
        let reader = YAMLReader(value, path: path, log: state.log)
        state.children.append(reader)
        return reader
    }

    private func items(_ value: YAMLNode?, _ key: String) -> [YAMLNode]? {
        convert(value, key, "a list") { if case .sequence(let items) = $0.content { items } else { nil } }
    }
}
