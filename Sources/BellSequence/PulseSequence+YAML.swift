public import BellModel
public import BellYAML

extension PulseSequence {
    /// The most operations a node can have.
    public static let maximumOperations = 1000

    /// Reads a sequence file.
    ///
    /// - Throws: All failures at once, as `yaml.*`: unknown operations and keys with the nearest known one, numbers
    ///   that no laboratory has, names that occur twice.
    public init(yaml: YAMLNode) throws(BellError) {
        var reader = YAMLReader(yaml)
        let name = reader.string("sequence")
        let period = Picoseconds(nanoseconds: reader.double("trial_period_ns", in: 1...4e8))
        let clockEvery = UInt32(clamping: reader.count("clock_every", in: 1...1_000_000))
        var nodes = reader.mapping("nodes")
        let operations = PerNode { node in
            let items = nodes.list(node.name)
            if items.count > Self.maximumOperations {
                nodes.fail(node.name, "A node can have \(Self.maximumOperations) operations.")
            }
            return items.prefix(Self.maximumOperations).enumerated().compactMap { i, item in
                var entry = nodes.child(item, "nodes.\(node.name)[\(i)]")
                return Operation(&entry, node: node)
            }
        }
        for node in Node.allCases {
            var seen: [String: Int] = [:]
            for operation in operations[node] {
                guard let line = seen.updateValue(operation.place.line, forKey: operation.name) else { continue }
                nodes.fail(
                    node.name,
                    "Two operations have the name \"\(operation.name)\" (lines \(line) and \(operation.place.line)).",
                    fix: "give one of them another name:")
            }
        }
        try reader.finish()
        self.init(
            name: name, source: yaml.source, trialPeriod: period, clockEvery: clockEvery, operations: operations,
            place: SourcePlace(file: yaml.source, line: yaml["trial_period_ns"]?.line ?? yaml.line))
    }
}

extension Operation {
    /// Reads `- kind: {…}`; nil after an error that leaves nothing to go on with.
    fileprivate init?(_ entry: inout YAMLReader, node: Node) {
        let members = entry.entries()
        guard let first = members.first else { return nil }
        guard members.count == 1 else {
            entry.fail(
                members[1].name, "An item of the list is one operation; this one has \(members.count) keys.",
                fix: "write each operation as its own item: - \(first.name): {…}")
            return nil
        }
        let words = Kind.allCases.map(\.rawValue)
        guard let kind = Kind(rawValue: first.name) else {
            let known = "operations: \(words.joined(separator: ", "))"
            entry.fail(
                first.name, "Unknown operation \"\(first.name.prefix(40))\".",
                fix: nearestWord(to: first.name, among: words).map { "did you mean \"\($0)\"? (\(known))" } ?? known)
            return nil
        }
        var reader = entry.mapping(first.name)
        self.init(
            kind: kind, name: reader.optionalString("name") ?? kind.rawValue, node: node,
            start: Self.start(&reader, node), duration: nil,
            place: SourcePlace(file: entry.node.source, line: entry.node.line))
        switch kind {
        case .reset, .inputBit: duration = Self.time(reader.double("duration_ns", in: 0...1e8))
        case .readout: duration = Self.time(reader.double("window_ns", in: 0.01...1e8))
        case .latch, .stop: duration = .zero
        case .emit, .absorb: break
        case .rotation, .gatedRotation:
            angle = reader.optionalDouble("angle_deg", in: 1...360) ?? 90
            axis = reader.double("axis_deg", in: -360...360)
        }
        if name.contains(".") {
            reader.fail("name", "A name cannot contain a point: it separates node, name and edge in `after:`.")
        }
    }

    private static func start(_ reader: inout YAMLReader, _ node: Node) -> Start {
        guard let text = reader.optionalString("after") else {
            return .at(time(reader.double("at_ns", in: 0...4e8)))
        }
        let gap = time(reader.optionalDouble("gap_ns", in: -1e6...4e8) ?? 0)
        if reader.optionalDouble("at_ns") != nil {
            reader.fail("at_ns", "An operation has either at_ns or after, not both.", fix: "remove one of them")
        }
        guard let reference = Reference(text, from: node) else {
            reader.fail(
                "after", "\"\(text.prefix(80))\" names no operation.",
                fix: "write name, name.start, name.end or, for the other node, \(node.other.name).name")
            return .at(.zero)
        }
        return .after(reference, gap: gap)
    }

    private static func time(_ nanoseconds: Double) -> Picoseconds { Picoseconds(nanoseconds: nanoseconds) }
}

extension Operation.Reference {
    /// Reads `[node.]name[.start|.end]`; nil for another form.
    init?(_ text: String, from node: Node) {
        var parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        self.init(node: node, name: "", isStart: false)
        if parts.count > 1, let other = Node(name: parts[0]) {
            self.node = other
            parts.removeFirst()
        }
        if parts.count == 2, parts[1] == "start" || parts[1] == "end" {
            isStart = parts[1] == "start"
            parts.removeLast()
        }
        guard parts.count == 1, let name = parts.first, !name.isEmpty else { return nil }
        self.name = name
    }
}
