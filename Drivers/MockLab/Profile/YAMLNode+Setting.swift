public import BellModel
public import BellYAML

extension BellError.Code {
    /// A `--profile-set` that is not `key=value`.
    public static let mockSetting = BellError.Code("mocklab.setting", exit: .usage)
}

extension YAMLNode {
    /// A copy with one value changed or added, for `--profile-set nodes.alice.t1_us=10`.
    ///
    /// - Parameter assignment: Keys joined by points, `=`, and a scalar. `alice.` and `bob.` are short for `nodes.alice.`
    ///   and `nodes.bob.`. Keys that nobody knows are found when the profile is read.
    /// - Throws: `mocklab.setting`.
    public func setting(_ assignment: String) throws(BellError) -> YAMLNode {
        guard let mark = assignment.firstIndex(of: "="), mark != assignment.startIndex else {
            throw BellError(
                .mockSetting, "The profile setting `\(assignment)` is not key=value.", at: "--profile-set",
                fix: "write for example --profile-set link.efficiency=0.9")
        }
        var path = assignment[..<mark].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if let first = path.first, Node(name: first) != nil { path.insert("nodes", at: 0) }
        return replacing(path[...], by: String(assignment[assignment.index(after: mark)...]))
    }

    /// A copy with the scalar at the end of `path` changed or added.
    func replacing(_ path: ArraySlice<String>, by value: String) -> YAMLNode {
        guard let key = path.first else {
            return YAMLNode(.scalar(value, quoted: false), source: "--profile-set")
        }
        var members: [(key: YAMLNode, value: YAMLNode)] = []
        if case .mapping(let present) = content { members = present }
        let place = members.firstIndex { $0.key.scalar == key }
        let inner = place.map { members[$0].value } ?? YAMLNode(.mapping([]), source: "--profile-set")
        let changed = inner.replacing(path.dropFirst(), by: value)
        if let place {
            members[place].value = changed
        } else {
            members.append((YAMLNode(.scalar(key, quoted: false), source: "--profile-set"), changed))
        }
        return YAMLNode(.mapping(members), line: line, column: column, source: source)
    }
}
