public import BellModel
import CYAML

extension YAMLNode {
    /// The largest text that is read, in bytes.
    public static let maximumSize = 1 << 20
    /// How many lists and mappings may lie inside each other.
    public static let maximumDepth = 64

    /// Parses one YAML document.
    ///
    /// A subset for files that people write: anchors, aliases, tags, several documents, keys that are not words and
    /// repeated keys are refused.
    /// - Parameters:
    ///   - text: At most ``maximumSize`` bytes; may be hostile.
    ///   - source: What the text is called in errors, for example a file's path.
    /// - Throws: `yaml.syntax` with line and column.
    /// - SeeAlso: `yaml_parser_parse` (libyaml), YAML 1.1.
    public static func parse(_ text: String, source: String) throws(BellError) -> YAMLNode {
        let bytes = Array(text.utf8)
        guard bytes.count <= maximumSize else {
            throw BellError(
                .yamlSyntax, "The text has \(bytes.count) bytes; at most \(maximumSize) are read.", at: source)
        }
        let result = bytes.withUnsafeBufferPointer { buffer -> Result<YAMLNode, BellError> in
            let parser = EventParser(buffer, source: source)
            do throws(BellError) {
                return .success(try parser.document())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

/// Turns libyaml's events into nodes; owns the C parser.
private final class EventParser {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let bytes: UnsafeBufferPointer<UInt8>
    private let source: String

    init(_ bytes: UnsafeBufferPointer<UInt8>, source: String) {
        self.bytes = bytes
        self.source = source
        parser = .allocate(capacity: 1)
        // Fails only without memory.
        precondition(yaml_parser_initialize(parser) == 1, "libyaml has no memory")
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// What the reader needs of a `yaml_event_t`, which is freed at once.
    private enum Event {
        case scalar(String, quoted: Bool)
        case sequenceStart, sequenceEnd, mappingStart, mappingEnd
        case documentStart, documentEnd, streamStart, streamEnd
    }

    private struct Located {
        let event: Event
        let mark: yaml_mark_t
        /// Past the last character; of the event itself, so for a list or mapping of its bracket.
        let end: Int
    }

    func document() throws(BellError) -> YAMLNode {
        _ = try next()
        let first = try next()
        guard case .documentStart = first.event else {
            throw BellError(
                .yamlSyntax, "The text has no content.", at: "\(source):1:1",
                fix: "check the path: the file is empty, or holds nothing but comments")
        }
        let root = try node(try next(), depth: 0)
        _ = try next()
        let end = try next()
        guard case .streamEnd = end.event else {
            throw error("a second document begins here; one is read", at: end.mark)
        }
        return root
    }

    private func node(_ start: Located, depth: Int) throws(BellError) -> YAMLNode {
        if depth > YAMLNode.maximumDepth {
            throw error("more than \(YAMLNode.maximumDepth) lists and mappings inside each other", at: start.mark)
        }
        switch start.event {
        case .scalar(let text, let quoted): return located(.scalar(text, quoted: quoted), start)
        case .sequenceStart:
            var items: [YAMLNode] = []
            while true {
                let event = try next()
                if case .sequenceEnd = event.event {
                    return located(.sequence(items), start, end: end(of: event, after: items.last))
                }
                items.append(try node(event, depth: depth + 1))
            }
        case .mappingStart:
            let (members, end) = try members(depth: depth)
            return located(.mapping(members), start, end: end)
        default: throw error("a value should begin here", at: start.mark)
        }
    }

    private func members(depth: Int) throws(BellError) -> ([(key: YAMLNode, value: YAMLNode)], end: Int) {
        var members: [(key: YAMLNode, value: YAMLNode)] = []
        var lines: [String: Int] = [:]
        while true {
            let event = try next()
            if case .mappingEnd = event.event { return (members, end(of: event, after: members.last?.value)) }
            guard case .scalar(let name, let quoted) = event.event else {
                throw error("a key must be a word, not a list or a mapping", at: event.mark)
            }
            let key = located(.scalar(name, quoted: quoted), event)
            if let line = lines.updateValue(key.line, forKey: name) {
                throw error("the key \"\(name.prefix(80))\" stands here and in line \(line)", at: event.mark)
            }
            members.append((key, try node(try next(), depth: depth + 1)))
        }
    }

    private func located(_ content: YAMLNode.Content, _ start: Located, end: Int? = nil) -> YAMLNode {
        YAMLNode(
            content, line: start.mark.line + 1, column: start.mark.column + 1, source: source,
            extent: start.mark.index..<max(start.mark.index, end ?? start.end))
    }

    /// A bracket ends a list or mapping itself; without one the scanner notices the end only where the next key begins.
    private func end(of event: Located, after last: YAMLNode?) -> Int {
        event.end > event.mark.index ? event.end : last?.extent.upperBound ?? event.end
    }

    private func next() throws(BellError) -> Located {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        let mark = event.start_mark
        var properties = false
        let kind: Event
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            properties = scalar.anchor != nil || scalar.tag != nil
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            kind = .scalar(text, quoted: scalar.style != YAML_PLAIN_SCALAR_STYLE)
        case YAML_SEQUENCE_START_EVENT:
            properties = event.data.sequence_start.anchor != nil || event.data.sequence_start.tag != nil
            kind = .sequenceStart
        case YAML_MAPPING_START_EVENT:
            properties = event.data.mapping_start.anchor != nil || event.data.mapping_start.tag != nil
            kind = .mappingStart
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_STREAM_START_EVENT: kind = .streamStart
        case YAML_STREAM_END_EVENT: kind = .streamEnd
        default: throw error("aliases (*name) are not read; repeat the value", at: mark)
        }
        if properties { throw error("anchors (&name) and tags (!name) are not read", at: mark) }
        return Located(event: kind, mark: mark, end: event.end_mark.index)
    }

    private func error(_ what: String, at mark: yaml_mark_t) -> BellError {
        BellError(.yamlSyntax, "Not the YAML that belld reads: \(what).", at: place(mark))
    }

    private func place(_ mark: yaml_mark_t) -> String { "\(source):\(mark.line + 1):\(mark.column + 1)" }

    /// libyaml's own words on a text that is not YAML.
    private func problem() -> BellError {
        let words = parser.pointee.problem.map { String(cString: $0) } ?? "it ran out of memory"
        let context = parser.pointee.context.map { String(cString: $0) + " " } ?? ""
        if parser.pointee.error == YAML_READER_ERROR {
            return BellError(
                .yamlSyntax, "Not YAML: \(words).", at: "\(source):\(position(ofByte: parser.pointee.problem_offset))",
                fix: "remove the character at this place")
        }
        if isTab(parser.pointee.problem_mark) {
            return BellError(
                .yamlSyntax, "Not YAML: a tab stands where only spaces may.", at: place(parser.pointee.problem_mark),
                fix: "indent with spaces")
        }
        return BellError(
            .yamlSyntax, "Not YAML: \(words).", at: place(parser.pointee.problem_mark),
            cause: "\(context)(line \(parser.pointee.context_mark.line + 1))",
            fix: "check indentation, colons, quotes and brackets here and just above")
    }

    /// Whether a tab is among the blanks that begin the mark's line.
    private func isTab(_ mark: yaml_mark_t) -> Bool {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.indices.contains(mark.line) else { return false }
        return lines[mark.line].prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            .contains(UInt8(ascii: "\t"))
    }

    /// `line:column` of a byte, for libyaml's reader, which knows no lines.
    private func position(ofByte offset: Int) -> String {
        let before = bytes.prefix(max(0, min(offset, bytes.count)))
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        // Bytes 10xxxxxx continue a character.
        let column = before[start...].count { $0 & 0xc0 != 0x80 } + 1
        return "\(line):\(column)"
    }
}
