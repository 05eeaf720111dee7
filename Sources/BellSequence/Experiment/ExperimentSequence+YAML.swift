public import BellModel
public import BellYAML

extension ExperimentSequence {
    /// The most operations that a list can have as written; repeats are counted when they are played.
    static let maximumOperations = 1000
    static let maximumParameters = 64

    /// Whether a file is an experiment and not a sequence of trials.
    public static func recognises(_ yaml: YAMLNode) -> Bool { yaml["experiment"] != nil }

    /// Reads an experiment file.
    ///
    /// - Throws: All failures at once, as `yaml.*` and `sequence.*`: unknown operations, keys and parameters with the
    ///   nearest known one, units that do not fit, numbers that no laboratory has.
    public init(yaml: YAMLNode) throws(BellError) {
        var reader = YAMLReader(yaml)
        let name = reader.string("experiment")
        let period = Picoseconds(nanoseconds: reader.double("trial_period_ns", in: 1...4e8))
        let clockEvery = UInt32(clamping: reader.optionalCount("clock_every", in: 1...1_000_000) ?? 64)
        var scope = ExperimentScope(parameters: Self.parameters(&reader))
        let isForBoth = reader.node["nodes"] != nil
        var steps = PerNode<[ExperimentStep]>(alice: [], bob: [])
        if isForBoth {
            if reader.optionalValue("operations") != nil {
                reader.fail(
                    "operations", "A file has either operations, for one node, or nodes, for both.",
                    fix: "remove one of them")
            }
            var nodes = reader.mapping("nodes")
            let items = PerNode { nodes.list($0.name) }
            let names = items.map { ExperimentNames($0) }
            for node in Node.allCases {
                scope.names = names
                scope.node = node
                steps[node] = ExperimentStep.list(items[node], "nodes.\(node.name)", of: &nodes, &scope)
                Self.check(steps[node], &nodes, node.name)
            }
        } else {
            let items = reader.list("operations")
            scope.names = PerNode(alice: ExperimentNames(items), bob: ExperimentNames([]))
            let list = ExperimentStep.list(items, "operations", of: &reader, &scope)
            Self.check(list, &reader, "operations")
            steps = PerNode(alice: list, bob: list)
        }
        for (i, parameter) in scope.parameters.enumerated() where !scope.used.contains(i) {
            reader.fail(
                "parameters", "The parameter \(parameter.name) (line \(parameter.place.line)) is used nowhere.",
                fix: "write $\(parameter.name) where it belongs, or remove it")
        }
        try reader.finish()
        let ordered = try PerNode { (node) throws(BellError) in
            try ExperimentOrder.of(node, steps, source: yaml.source)
        }
        self.init(
            name: name, source: yaml.source, trialPeriod: period, clockEvery: clockEvery,
            parameters: scope.parameters, isForBoth: isForBoth,
            place: SourcePlace(file: yaml.source, line: yaml["trial_period_ns"]?.line ?? yaml.line), steps: steps,
            order: ordered, uses: scope.uses)
    }

    private static func parameters(_ reader: inout YAMLReader) -> [Parameter] {
        guard var section = reader.optionalMapping("parameters") else { return [] }
        var parameters: [Parameter] = []
        for (name, reader) in section.mappingEntries() {
            var entry = reader
            let isWord = name.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5f }
            if !isWord || name.isEmpty || name.utf8.count > 40 {
                section.fail(
                    name, "\"\(name.prefix(40))\" is no name of a parameter.",
                    fix: "use at most 40 small letters, digits and _")
            }
            parameters.append(
                Parameter(
                    name: name, unit: entry.choice("unit", of: ExperimentSlot.units),
                    standard: entry.optionalDouble("default"), meaning: entry.string("meaning"),
                    place: SourcePlace(file: entry.node.source, line: entry.node.line)))
        }
        if parameters.count > maximumParameters {
            reader.fail("parameters", "An experiment can have \(maximumParameters) parameters.")
        }
        return parameters
    }

    /// A shot ends with one readout, and has at most one of what a board can do only once.
    private static func check(_ steps: [ExperimentStep], _ reader: inout YAMLReader, _ key: String) {
        let readouts = steps.filter { if case .readout = $0.kind { true } else { false } }
        if readouts.count != 1 {
            let lines = readouts.map { "\($0.line)" }.joined(separator: ", ")
            reader.fail(
                key, readouts.isEmpty ? "There is no readout." : "There are several readouts, in lines \(lines).",
                fix: "a shot has exactly one readout: - readout: {}")
        }
        let stops = steps.filter { $0.kind == .stop }
        let latches = steps.filter { $0.kind == .latch }
        let bits = steps.filter { if case .inputBit = $0.kind { true } else { false } }
        for several in [stops, latches, bits] where several.count > 1 {
            let lines = several.map { "\($0.line)" }.joined(separator: ", ")
            reader.fail(key, "There are several operations \(several[0].name), in lines \(lines).", fix: "keep one")
        }
    }
}
