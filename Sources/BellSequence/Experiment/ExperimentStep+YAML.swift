import BellModel
import BellYAML

extension ExperimentStep {
    static let words = [
        "reset", "wait", "rotation", "pulse", "emit", "absorb", "input_bit", "latch", "readout", "stop", "repeat",
        "clifford_sequence",
    ]
    /// Repeats inside repeats.
    static let maximumDepth = 4

    /// Reads a list of operations; those that cannot be read are left out after their errors.
    static func list(
        _ items: [YAMLNode], _ path: String, of parent: inout YAMLReader, _ scope: inout ExperimentScope
    ) -> [ExperimentStep] {
        var steps: [ExperimentStep] = []
        for (i, item) in items.enumerated() {
            scope.count += 1
            guard scope.count <= ExperimentSequence.maximumOperations else {
                if scope.count == ExperimentSequence.maximumOperations + 1 {
                    var entry = parent.child(item, "\(path)[\(i)]")
                    entry.fail("", "A file can have \(ExperimentSequence.maximumOperations) operations.")
                    _ = entry.entries()
                }
                break
            }
            // `- stop` is as good as `- stop: {}`.
            var entry = parent.child(item.asMapping, "\(path)[\(i)]")
            if let step = ExperimentStep(&entry, &scope) { steps.append(step) }
        }
        return steps
    }

    private init?(_ entry: inout YAMLReader, _ scope: inout ExperimentScope) {
        let members = entry.entries()
        guard let first = members.first else { return nil }
        guard members.count == 1 else {
            entry.fail(
                members[1].name, "An item of the list is one operation; this one has \(members.count) keys.",
                fix: "write each operation as its own item: - \(first.name): {…}")
            return nil
        }
        guard Self.words.contains(first.name) else {
            let known = "operations: \(Self.words.joined(separator: ", "))"
            entry.fail(
                first.name, "Unknown operation \"\(first.name.prefix(40))\".",
                fix: nearestWord(to: first.name, among: Self.words).map { "did you mean \"\($0)\"? (\(known))" }
                    ?? known)
            return nil
        }
        let empty = YAMLNode(
            .mapping([]), line: first.value.line, column: first.value.column, source: first.value.source)
        var reader = entry.child(
            first.value.isNull ? empty : first.value, "\(entry.path).\(first.name)")
        name = reader.optionalString("name") ?? first.name
        line = entry.node.line
        gap = scope.optional(&reader, .gap)
        start = Self.start(&reader, &scope)
        switch first.name {
        case "reset": kind = .reset(scope.number(&reader, .duration))
        case "wait": kind = .wait(scope.number(&reader, .duration))
        case "input_bit": kind = .inputBit(scope.number(&reader, .duration))
        case "latch": kind = .latch
        case "stop": kind = .stop
        case "readout": kind = .readout(ExperimentReadout(&reader, &scope))
        case "repeat":
            let times = scope.number(&reader, .times)
            kind = .repeated(times: times, Self.body(&reader, &scope))
        case "clifford_sequence":
            kind = .cliffords(
                seed: scope.number(&reader, .seed), length: scope.number(&reader, .length),
                gap: scope.optional(&reader, .pulseGap))
        default: kind = .pulse(ExperimentPulse(first.name, &reader, &scope))
        }
        guard scope.depth > 0 else { return }
        switch kind {
        case .readout, .stop, .inputBit, .latch:
            entry.fail(first.name, "\(first.name) cannot be repeated.", fix: "put it outside of repeat")
        case .reset, .wait, .pulse, .repeated, .cliffords: break
        }
    }

    private static func body(_ reader: inout YAMLReader, _ scope: inout ExperimentScope) -> [ExperimentStep] {
        let items = reader.list("operations")
        guard scope.depth < maximumDepth else {
            reader.fail("operations", "Repeats can stand in each other \(maximumDepth) deep.")
            return []
        }
        if items.isEmpty && reader.node["operations"] != nil {
            reader.fail("operations", "There is nothing to repeat.", fix: "remove the repeat")
        }
        scope.depth += 1
        let steps = list(items, "\(reader.path).operations", of: &reader, &scope)
        scope.depth -= 1
        return steps
    }

    private static func start(_ reader: inout YAMLReader, _ scope: inout ExperimentScope) -> Start {
        let at = scope.optional(&reader, .start)
        let after = reader.optionalString("after")
        guard scope.depth == 0 else {
            for key in ["at_ns", "after"] where reader.node[key] != nil {
                reader.fail(
                    key, "Inside of repeat operations follow one another.", fix: "use gap_ns, or a wait before it")
            }
            return .next
        }
        if let at {
            if after != nil {
                reader.fail("at_ns", "An operation has either at_ns or after, not both.", fix: "remove one of them")
            }
            if reader.node["gap_ns"] != nil {
                reader.fail("gap_ns", "An operation at at_ns has no gap.", fix: "add it to at_ns")
            }
            return .at(at)
        }
        guard let after else { return .next }
        return target(after, &reader, scope).map { .after($0) } ?? .next
    }

    private static func target(_ text: String, _ reader: inout YAMLReader, _ scope: ExperimentScope) -> Target? {
        guard let reference = Operation.Reference(text, from: scope.node ?? .alice) else {
            reader.fail(
                "after", "\"\(text.prefix(80))\" names no operation.", fix: "write name, name.start or name.end")
            return nil
        }
        if scope.node == nil && reference.node != .alice || scope.node == nil && text.hasPrefix("alice.") {
            reader.fail(
                "after", "The file is for one node; \"\(text.prefix(80))\" names another.",
                fix: "write lists for both under nodes:, or leave the node out")
            return nil
        }
        let names = scope.names[reference.node]
        let places = names.places(of: reference.name)
        guard let place = places.first, places.count == 1 else {
            let list = "operations: \(names.all.prefix(40).joined(separator: ", "))"
            reader.fail(
                "after",
                places.isEmpty
                    ? "There is no operation \"\(reference.name.prefix(40))\"."
                    : "There are \(places.count) operations \"\(reference.name.prefix(40))\".",
                fix: places.isEmpty
                    ? nearestWord(to: reference.name, among: names.all).map { "did you mean \"\($0)\"? (\(list))" }
                        ?? list
                    : "give the one that is meant a name:")
            return nil
        }
        return Target(
            node: scope.node == nil ? nil : reference.node.rawValue, index: place, isStart: reference.isStart)
    }
}

extension YAMLNode {
    /// A word as a mapping of that word to nothing.
    fileprivate var asMapping: YAMLNode {
        guard case .scalar = content, !isNull else { return self }
        return YAMLNode(
            .mapping([(key: self, value: YAMLNode(.mapping([]), line: line, column: column, source: source))]),
            line: line, column: column, source: source)
    }
}
