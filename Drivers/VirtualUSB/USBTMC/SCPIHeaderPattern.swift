/// A command as manuals write it: `[SOURce]:FREQuency[:CW]`. Capitals are the short form, brackets may be left out.
///
/// - SeeAlso: SCPI-1999 volume 1, sections 5.1 and 6.2.
struct SCPIHeaderPattern: Sendable {
    private struct Node {
        var short: String
        var long: String
        var isOptional: Bool
    }

    private let nodes: [Node]

    init(_ text: String) {
        var nodes: [Node] = []
        var word = ""
        var isOptional = false
        func end() {
            guard !word.isEmpty else { return }
            let short = word.filter { !$0.isLowercase }
            nodes.append(Node(short: short, long: word.uppercased(), isOptional: isOptional))
            word = ""
        }
        for character in text {
            switch character {
            case "[":
                end()
                isOptional = true
            case "]":
                end()
                isOptional = false
            case ":": end()
            default: word.append(character)
            }
        }
        end()
        self.nodes = nodes
    }

    /// Whether a header without `?`, such as `FREQ` or `:SOUR:FREQ:CW`, means this command.
    func matches(_ header: Substring) -> Bool {
        let words = header.split(separator: ":").map { $0.uppercased() }
        return matches(words[...], nodes[...])
    }

    private func matches(_ words: ArraySlice<String>, _ nodes: ArraySlice<Node>) -> Bool {
        guard let node = nodes.first else { return words.isEmpty }
        if let word = words.first, word == node.short || word == node.long,
            matches(words.dropFirst(), nodes.dropFirst())
        {
            return true
        }
        return node.isOptional && matches(words, nodes.dropFirst())
    }
}
