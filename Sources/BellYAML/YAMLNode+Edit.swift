public import BellModel

extension YAMLNode {
    /// Replaces this scalar in the text that it was parsed from; comments, order and everything else stay as written.
    ///
    /// - Parameters:
    ///   - text: The text that this node was parsed from.
    ///   - value: The new value; it is quoted when YAML would read it otherwise.
    /// - Throws: `yaml.value` when the node is no scalar of one line that stands in the text as it reads.
    public func replacing(in text: String, with value: String) throws(BellError) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let old = scalar, lines.indices.contains(line - 1),
            let range = YAMLNode.token(in: lines[line - 1], from: column - 1, reading: old)
        else {
            throw BellError(
                .yamlValue, "The value is no plain word that could be replaced.", at: place,
                state: "nothing was changed", fix: "change it by hand")
        }
        lines[line - 1].replaceSubrange(range, with: YAMLNode.written(value))
        let new = lines.joined(separator: "\n")
        // The proof that nothing else was touched.
        guard try YAMLNode.parse(new, source: source).find(line: line, column: column)?.scalar == value else {
            throw BellError(
                .yamlValue, "\"\(value.prefix(80))\" cannot be written there.", at: place, state: "nothing was changed",
                fix: "change it by hand")
        }
        return new
    }

    /// Where the scalar stands in its line.
    private static func token(in line: String, from column: Int, reading old: String) -> Range<String.Index>? {
        guard let start = line.index(line.startIndex, offsetBy: column, limitedBy: line.endIndex) else { return nil }
        let rest = line[start...]
        for written in [old, "\"\(old)\"", "'\(old)'"] where rest.hasPrefix(written) {
            return start..<line.index(start, offsetBy: written.count)
        }
        return nil
    }

    /// A text as a YAML scalar of one line.
    private static func written(_ value: String) -> String {
        let isPlain = value.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "/", ".", "_", "-", "+", ":", "@": true
            default: false
            }
        }
        // `@` may not begin a plain scalar, and a colon may not end one.
        let isSafe = isPlain && value.first?.isLetter == true && value.last != ":"
        if isSafe && !["true", "false", "null"].contains(value) { return value }
        return "\"" + value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// The scalar that begins at a place.
    private func find(line: Int, column: Int) -> YAMLNode? {
        switch content {
        case .scalar: self.line == line && self.column == column ? self : nil
        case .sequence(let items): items.lazy.compactMap { $0.find(line: line, column: column) }.first
        case .mapping(let members): members.lazy.compactMap { $0.value.find(line: line, column: column) }.first
        }
    }
}
