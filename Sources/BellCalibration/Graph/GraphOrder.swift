import BellModel

/// Puts the routines of a table into an order in which each comes after what it needs.
struct GraphOrder {
    private let table: [CalibrationGraph.Entry]
    private let places: [String: Int]

    init(_ table: [CalibrationGraph.Entry]) {
        self.table = table
        places = Dictionary(table.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { a, _ in a })
    }

    /// The names; independent ones in the order of the table.
    func sorted() throws(BellError) -> [String] {
        if let error = BellError.all(table.indices.flatMap(problems)) { throw error }
        var done: Set<String> = []
        var order: [String] = []
        while order.count < table.count {
            // Always the first that can come: the order is the table's wherever nothing speaks against it.
            guard let next = table.first(where: { !done.contains($0.name) && done.isSuperset(of: $0.dependencies) })
            else { throw circle(without: done) }
            done.insert(next.name)
            order.append(next.name)
        }
        return order
    }

    private func problems(_ place: Int) -> [BellError] {
        let entry = table[place]
        var problems: [BellError] = []
        if places[entry.name] != place { problems.append(error("The routine \(entry.name) stands twice.")) }
        for name in entry.dependencies + entry.repeatAfter {
            guard let other = places[name].map({ table[$0] }) else {
                let near = nearestWord(to: name, among: table.map(\.name))
                problems.append(
                    error(
                        "The routine \(entry.name) names the routine \"\(name)\", which there is not.",
                        fix: near.map { "did you mean \($0)?" }))
                continue
            }
            if entry.scope == .node, other.scope == .link, entry.dependencies.contains(name) {
                problems.append(
                    error("The routine \(entry.name) of one node needs \(name), which needs both nodes."))
            }
        }
        return problems
    }

    /// Names the routines of a circle, in its order.
    private func circle(without done: Set<String>) -> BellError {
        // Everything left needs something left: walking back long enough goes round.
        var path: [String] = []
        var name = table.first { !done.contains($0.name) }?.name
        while let current = name {
            if let begin = path.firstIndex(of: current) {
                return error(
                    "Routines need each other in a circle: \((path[begin...] + [current]).joined(separator: " → ")).")
            }
            path.append(current)
            name = places[current].flatMap { table[$0].dependencies.first { !done.contains($0) } }
        }
        return error("Routines need each other in a circle.")
    }

    private func error(_ what: String, fix: String? = nil) -> BellError {
        BellError(.calibrationGraph, what, at: "the table of routines", state: "nothing was measured", fix: fix)
    }
}
