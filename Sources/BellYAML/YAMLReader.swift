public import BellModel

/// Reads a mapping key by key and lists every failure at once: missing and unknown keys, kinds, ranges.
///
/// A getter that finds something wrong records an error and returns a harmless value, so that the rest is read, too;
/// ``finish()`` on the outermost reader then throws all of them. Readers of nested mappings report to their parent and
/// are finished with it.
/// ```swift
/// var reader = YAMLReader(try YAMLNode.parse(text, source: path))
/// let bias = reader.double("setting_bias", in: 0..<0.5)
/// var timing = reader.mapping("timing")
/// let delay = timing.double("delay_ns", in: 0...1000)
/// try reader.finish()
/// ```
public struct YAMLReader {
    /// The mapping that is read.
    public let node: YAMLNode
    /// The keys that lead here, for example `devices.alice`; empty at the top.
    public let path: String
    let state: State

    /// What a reader and its copies share.
    final class State {
        var asked: [String] = []
        var children: [YAMLReader] = []
        var isFinished = false
        /// Set when the mapping itself is missing or no mapping: one error is enough, its keys are not asked for.
        let isAbsent: Bool
        let log: Log

        init(log: Log, isAbsent: Bool) {
            self.log = log
            self.isAbsent = isAbsent
        }
    }

    /// The errors of a whole tree of readers.
    final class Log {
        var errors: [BellError] = []
        var numbers: [AskedNumber] = []
    }

    /// Begins to read a mapping; another kind of value is an error of ``finish()``.
    public init(_ node: YAMLNode, path: String = "") {
        self.init(node, path: path, log: Log())
    }

    init(_ node: YAMLNode, path: String, log: Log) {
        self.node = node
        self.path = path
        guard case .mapping = node.content else {
            let name = path.isEmpty ? "" : " \(path)"
            log.errors.append(
                BellError(
                    .yamlValue, "Expected a mapping (key: value lines), found \(node.summary).",
                    at: "\(node.place)\(name)"))
            state = State(log: log, isAbsent: true)
            return
        }
        state = State(log: log, isAbsent: false)
    }

    /// A reader of nothing, whose getters return harmless values without further errors.
    init(absentAt path: String, in parent: YAMLReader) {
        node = YAMLNode(.mapping([]), line: parent.node.line, column: parent.node.column, source: parent.node.source)
        self.path = path
        state = State(log: parent.state.log, isAbsent: true)
    }

    /// All failures so far, of this reader and of all that belong to the same outermost one.
    public var errors: [BellError] { state.log.errors }

    /// The numbers that were asked for with limits so far, in this reader and in all that belong to the same outermost one.
    ///
    /// For tools that have to know which keys of a file are numbers, and what they may be, without a table of their own.
    public var askedNumbers: [AskedNumber] { state.log.numbers }

    /// The keys of the mapping, in the order of the text.
    public var keys: [String] { members.compactMap(\.key.scalar) }

    /// Throws everything that was wrong in the mapping and the ones inside it, unknown keys included.
    ///
    /// A file of another kind, a plan where a sequence is expected, is one error instead of one a key.
    public mutating func finish() throws(BellError) {
        if let error = otherKind() { throw error }
        finishTree()
        if let error = BellError.all(state.log.errors) { throw error }
    }

    /// Records a failure that the caller found in a key's value.
    ///
    /// - Parameters:
    ///   - key: The key whose value is wrong; the error names its line, or the mapping's when the key is missing.
    ///   - what: One sentence.
    public mutating func fail(_ key: String, _ what: String, fix: String? = nil) {
        let value = self.node[key]
        let shown = value.map { " = \($0.summary)" } ?? ""
        state.log.errors.append(
            BellError(.yamlValue, what, at: "\((value ?? node).place) \(full(key))\(shown)", fix: fix))
    }

    var members: [(key: YAMLNode, value: YAMLNode)] {
        if case .mapping(let members) = node.content { members } else { [] }
    }

    func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// An error when the file's own keys have nothing to do with the ones that were asked for.
    private func otherKind() -> BellError? {
        guard path.isEmpty, !state.isAbsent else { return nil }
        let unknown = keys.filter { !state.asked.contains($0) }
        let strange = unknown.filter { nearestWord(to: $0, among: state.asked) == nil }
        guard strange.count >= 3, keys.count - unknown.count <= 1 else { return nil }
        return BellError(
            .yamlUnknownKey, "This is a file of another kind: of its \(keys.count) keys \(unknown.count) are unknown.",
            at: node.place,
            cause: "its keys are \(keys.prefix(8).map { String($0.prefix(40)) }.joined(separator: ", "))",
            fix: "check the path; the file that belongs here has the keys \(state.asked.joined(separator: ", "))")
    }

    private func finishTree() {
        for child in state.children { child.finishTree() }
        if state.isFinished || state.isAbsent { return }
        state.isFinished = true
        for (key, value) in members {
            guard let name = key.scalar, !state.asked.contains(name) else { continue }
            let known = "known keys: \(state.asked.joined(separator: ", "))"
            let fix =
                if let nearest = nearestWord(to: name, among: state.asked) {
                    "did you mean \"\(nearest)\"? (\(known))"
                } else {
                    state.asked.isEmpty ? "remove it" : known
                }
            state.log.errors.append(
                BellError(
                    .yamlUnknownKey, "Unknown key \"\(name.prefix(80))\".",
                    at: "\(key.place) \(full(name)) = \(value.summary)", fix: fix))
        }
    }
}
