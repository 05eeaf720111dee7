import BellModel
import BellYAML

/// The text of a calibration file, in which entries are changed and everything else stays as a person wrote it.
///
/// Works on the places that the parser saw: bytes outside a replaced or added member are never built anew. The result is
/// parsed again and must say the old content with the new members, or nothing is given back.
struct CalibrationText {
    private let source: String
    private let scalars: [Unicode.Scalar]
    private let root: YAMLNode
    private let newline: String

    /// - Throws: `yaml.syntax`.
    init(_ text: String, source: String) throws(BellError) {
        self.source = source
        let scalars = Array(text.unicodeScalars)
        self.scalars = scalars
        root = try YAMLNode.parse(text, source: source)
        newline = Self.newline(of: scalars)
    }

    /// How the text's first line ends.
    private static func newline(of scalars: [Unicode.Scalar]) -> String {
        guard let first = scalars.firstIndex(where: { $0 == "\n" || $0 == "\r" }) else { return "\n" }
        if scalars[first] == "\n" { return "\n" }
        return scalars[first...].dropFirst().first == "\n" ? "\r\n" : "\r"
    }

    /// A piece of the text and what comes instead.
    private struct Cut {
        var range: Range<Int>
        var text: String
    }

    /// The text with the entries changed; missing ones are added at the end of their section, in the file's style.
    ///
    /// - Throws: `calibration.layout`.
    func applying(_ edits: [EntryEdit]) throws(BellError) -> String {
        var cuts: [Cut] = []
        var added: [Cut] = []
        var expected = YAMLTree(root)
        for edit in edits {
            let section = try find(edit.section)
            if let entry = section[edit.name], !entry.isNull {
                cuts += try change(entry, by: edit, expecting: &expected)
            } else {
                added.append(try add(edit, to: section, expecting: &expected))
            }
        }
        // New members go before a new entry that begins at the same place; the order of equal places is kept.
        let ordered = (cuts + added).enumerated().sorted {
            ($0.element.range.lowerBound, $0.offset) < ($1.element.range.lowerBound, $1.offset)
        }
        var result = String.UnicodeScalarView()
        var at = 0
        for (_, cut) in ordered {
            guard cut.range.lowerBound >= at else { throw layout(root, "its parts overlap") }
            result.append(contentsOf: scalars[at..<cut.range.lowerBound])
            result.append(contentsOf: cut.text.unicodeScalars)
            at = cut.range.upperBound
        }
        result.append(contentsOf: scalars[at...])
        let text = String(result)
        do throws(BellError) {
            if YAMLTree(try YAMLNode.parse(text, source: source)) == expected { return text }
        } catch {
            throw layout(root, "after the change: \(error.what)")
        }
        throw layout(root, "the change would touch more than the values")
    }

    // MARK: - An entry that is there

    private func change(
        _ entry: YAMLNode, by edit: EntryEdit, expecting tree: inout YAMLTree
    ) throws(BellError) -> [Cut] {
        guard case .mapping(let members) = entry.content, let last = members.last else {
            throw layout(entry, "\(edit.name) is no mapping")
        }
        var cuts: [Cut] = []
        var appended = ""
        for member in edit.members {
            let path = edit.section + [edit.name, member.key]
            if let old = members.first(where: { $0.key.scalar == member.key })?.value {
                guard member.kind != .onlyWhenNew, !says(old, member) else { continue }
                let token = String(String.UnicodeScalarView(scalars[old.extent]))
                guard old.scalar != nil, !token.hasPrefix("|"), !token.hasPrefix(">") else {
                    throw layout(old, "\(member.key) is not written in one line")
                }
                let new = YAMLToken.written(member, replacing: token)
                let isRoomNeeded =
                    old.extent.isEmpty && old.extent.lowerBound > 0 && scalars[old.extent.lowerBound - 1] == ":"
                cuts.append(Cut(range: old.extent, text: isRoomNeeded ? " \(new)" : new))
                tree.set(path[...], .scalar(member.text, quoted: YAMLToken.isQuoted(new)))
            } else {
                let new = YAMLToken.written(member)
                appended +=
                    isFlow(entry)
                    ? ", \(member.key): \(new)"
                    : newline + indent(entry) + lead(member.key, among: members) + new
                tree.set(path[...], .scalar(member.text, quoted: YAMLToken.isQuoted(new)))
            }
        }
        if !appended.isEmpty {
            let end = last.value.extent.upperBound
            let at = isFlow(entry) ? end : endOfLine(end)
            cuts.append(Cut(range: at..<at, text: appended))
        }
        return cuts
    }

    /// Whether the old token already says the same, so that its digits and quotes stay a person's.
    private func says(_ old: YAMLNode, _ member: EntryEdit.Member) -> Bool {
        guard let text = old.scalar, !old.isNull else { return false }
        guard member.kind == .number else { return text == member.text }
        return old.json.doubleValue == Double(member.text) && old.json.doubleValue != nil
    }

    // MARK: - A new entry

    private func add(_ edit: EntryEdit, to section: YAMLNode, expecting tree: inout YAMLTree) throws(BellError) -> Cut {
        guard case .mapping(let entries) = section.content, let last = entries.last,
            section[edit.name] == nil
        else { throw layout(section, "\(edit.section.joined(separator: ".")) has no entry to follow the style of") }
        let path = edit.section + [edit.name]
        let tokens = edit.members.map { (key: $0.key, text: YAMLToken.written($0), member: $0) }
        tree.set(
            path[...],
            .mapping(
                tokens.map {
                    .init(key: $0.key, value: .scalar($0.member.text, quoted: YAMLToken.isQuoted($0.text)))
                }))
        let end = last.value.extent.upperBound
        let room = isFlow(last.value) && scalars[last.value.extent.lowerBound...].dropFirst().first == " " ? " " : ""
        let flow = "{\(room)" + tokens.map { "\($0.key): \($0.text)" }.joined(separator: ", ") + "\(room)}"
        if isFlow(section) { return Cut(range: end..<end, text: ", \(edit.name): \(flow)") }
        var text = newline + indent(section)
        if isFlow(last.value) {
            text += lead(edit.name, among: entries) + flow
        } else {
            guard case .mapping(let members) = last.value.content else {
                throw layout(last.value, "the entry before is no mapping")
            }
            text += "\(edit.name):"
            for token in tokens {
                text += newline + indent(last.value) + lead(token.key, among: members) + token.text
            }
        }
        let at = endOfLine(end)
        return Cut(range: at..<at, text: text)
    }

    // MARK: - Layout

    private func find(_ keys: [String]) throws(BellError) -> YAMLNode {
        var node = root
        for key in keys {
            guard let next = node[key] else { throw layout(node, "there is no \(key)") }
            node = next
        }
        return node
    }

    private func isFlow(_ node: YAMLNode) -> Bool {
        scalars.indices.contains(node.extent.lowerBound) && scalars[node.extent.lowerBound] == "{"
    }

    /// The blanks before a block mapping's keys.
    private func indent(_ mapping: YAMLNode) -> String { String(repeating: " ", count: mapping.column - 1) }

    /// `key: `, with as many blanks as line the value up with the others where they stand in a column.
    private func lead(_ key: String, among members: [(key: YAMLNode, value: YAMLNode)]) -> String {
        var blanks = 1
        if members.count > 1, let first = members.first,
            members.allSatisfy({ $0.key.line == $0.value.line && $0.value.column == first.value.column })
        {
            blanks = max(1, first.value.column - first.key.column - key.count - 1)
        }
        return "\(key):" + String(repeating: " ", count: blanks)
    }

    /// Where the line ends, behind a comment.
    private func endOfLine(_ place: Int) -> Int {
        scalars[place...].firstIndex { ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains($0) } ?? scalars.count
    }

    private func layout(_ node: YAMLNode, _ why: String) -> BellError {
        BellError(
            .calibrationLayout, "The file is laid out in a way that belld cannot change.", at: node.place, cause: why,
            state: "nothing was written", fix: "write each entry as `name: {value: …, unit: …, …}` in its own line")
    }
}
