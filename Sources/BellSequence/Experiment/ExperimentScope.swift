import BellModel
import BellYAML

/// What an item of an experiment's list can refer to while the file is read.
struct ExperimentScope {
    let parameters: [ExperimentSequence.Parameter]
    /// Places of the parameters that stand somewhere.
    var used: Set<Int> = []
    var uses: [ExperimentNumber] = []
    /// Of the outermost lists.
    var names = PerNode(alice: ExperimentNames([]), bob: ExperimentNames([]))
    /// Whose list is read; nil in a file for any one node.
    var node: Node?
    /// How many repeats are around.
    var depth = 0
    /// Operations of all lists so far.
    var count = 0

    init(parameters: [ExperimentSequence.Parameter]) { self.parameters = parameters }

    /// Reads a number or `$name` or `-$name`; a harmless number after an error.
    mutating func number(_ reader: inout YAMLReader, _ slot: ExperimentSlot) -> ExperimentNumber {
        if let value = optional(&reader, slot) { return value }
        // Asked as required, so that the error says what is missing.
        _ = reader.node[slot.key] == nil || reader.node[slot.key]?.isNull == true ? reader.double(slot.key) : 0
        return ExperimentNumber(source: .literal(slot.range.lowerBound), slot: slot, line: 1, column: 1)
    }

    /// Reads a number or `$name` or `-$name`; nil when the key is missing, and after an error.
    mutating func optional(_ reader: inout YAMLReader, _ slot: ExperimentSlot) -> ExperimentNumber? {
        guard let node = reader.optionalValue(slot.key) else { return nil }
        guard let text = node.scalar, text.hasPrefix("$") || text.hasPrefix("-$") else {
            guard let value = reader.optionalDouble(slot.key, in: slot.range) else { return nil }
            if !slot.accepts(value) { reader.fail(slot.key, "\(slot.key) must be a whole number.") }
            return ExperimentNumber(source: .literal(value), slot: slot, line: node.line, column: node.column)
        }
        let isNegative = text.hasPrefix("-")
        let name = String(text.dropFirst(isNegative ? 2 : 1))
        guard let place = parameters.firstIndex(where: { $0.name == name }) else {
            let words = parameters.map(\.name)
            let known = words.isEmpty ? "declare it under parameters" : "parameters: \(words.joined(separator: ", "))"
            reader.fail(
                slot.key, "There is no parameter \"\(name.prefix(40))\".",
                fix: nearestWord(to: name, among: words).map { "did you mean \"$\($0)\"? (\(known))" } ?? known)
            return nil
        }
        used.insert(place)
        if parameters[place].unit != slot.unit {
            reader.fail(
                slot.key,
                "\(slot.key) has the unit \(slot.unit), the parameter \(name) has \(parameters[place].unit) "
                    + "(line \(parameters[place].place.line)).",
                fix: "declare \(name) with unit: \"\(slot.unit)\"")
        }
        let number = ExperimentNumber(
            source: .parameter(place, sign: isNegative ? -1 : 1), slot: slot, line: node.line, column: node.column)
        uses.append(number)
        return number
    }
}

/// The names of a list's operations, known before the list is read, because references may point forwards.
struct ExperimentNames {
    private(set) var all: [String] = []

    init(_ items: [YAMLNode]) {
        for item in items.prefix(ExperimentSequence.maximumOperations) {
            guard case .mapping(let members) = item.content, let first = members.first else {
                all.append(item.scalar ?? "")
                continue
            }
            all.append(first.value["name"]?.scalar ?? first.key.scalar ?? "")
        }
    }

    func places(of name: String) -> [Int] { all.indices.filter { all[$0] == name } }
}
