import BellModel

/// Puts the outermost operations of both nodes in an order in which each comes after those it refers to.
enum ExperimentOrder {
    struct Item: Equatable, Sendable {
        var node: Node
        var index: Int
    }

    /// What one node needs, both nodes' items included where it refers to the other.
    ///
    /// Without recursion, because a file may chain a thousand.
    /// - Throws: `sequence.reference` for a circle, with the names.
    static func of(_ node: Node, _ steps: PerNode<[ExperimentStep]>, source: String) throws(BellError) -> [Item] {
        var result: [Item] = []
        // 0 untouched, 1 on the way, 2 done.
        var states = steps.map { [UInt8](repeating: 0, count: $0.count) }
        for last in steps[node].indices {
            var chain = [Item(node: node, index: last)]
            while let item = chain.last {
                guard states[item.node][item.index] != 2 else {
                    chain.removeLast()
                    continue
                }
                states[item.node][item.index] = 1
                let needed = needs(item, steps).first { states[$0.node][$0.index] != 2 }
                guard let needed else {
                    states[item.node][item.index] = 2
                    result.append(item)
                    chain.removeLast()
                    continue
                }
                guard states[needed.node][needed.index] == 0 else {
                    let step = steps[item.node][item.index]
                    let from = chain.firstIndex(of: needed) ?? 0
                    let circle = (chain[from...] + [needed]).prefix(12)
                        .map { "\($0.node.name)/\(steps[$0.node][$0.index].name)" }
                    throw BellError(
                        .sequenceReference,
                        "The operations wait for each other in a circle: \(circle.joined(separator: " → ")).",
                        at: "\(source):\(step.line) \(item.node.name)/\(step.name)",
                        fix: "give one of them at_ns instead of after")
                }
                chain.append(needed)
            }
        }
        return result
    }

    private static func needs(_ item: Item, _ steps: PerNode<[ExperimentStep]>) -> [Item] {
        switch steps[item.node][item.index].start {
        case .at: []
        case .next: item.index == 0 ? [] : [Item(node: item.node, index: item.index - 1)]
        case .after(let target):
            [Item(node: target.node.flatMap(Node.init(rawValue:)) ?? item.node, index: target.index)]
        }
    }
}
