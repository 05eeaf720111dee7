import BellYAML

/// What a YAML text says, without where: two texts with equal trees differ in layout and comments only.
indirect enum YAMLTree: Equatable {
    case scalar(String, quoted: Bool)
    case list([YAMLTree])
    case mapping([Member])

    struct Member: Equatable {
        var key: String
        var value: YAMLTree
    }

    init(_ node: YAMLNode) {
        switch node.content {
        case .scalar(let text, let quoted): self = .scalar(text, quoted: quoted)
        case .sequence(let items): self = .list(items.map { YAMLTree($0) })
        case .mapping(let members):
            self = .mapping(members.map { Member(key: $0.key.scalar ?? "", value: YAMLTree($0.value)) })
        }
    }

    /// Sets a value; the last key is added at the end of its mapping when it is missing.
    ///
    /// Without the mapping nothing happens, which the comparison then shows.
    mutating func set(_ path: ArraySlice<String>, _ value: YAMLTree) {
        guard let key = path.first else {
            self = value
            return
        }
        guard case .mapping(var members) = self else { return }
        if let at = members.firstIndex(where: { $0.key == key }) {
            members[at].value.set(path.dropFirst(), value)
        } else if path.count == 1 {
            members.append(Member(key: key, value: value))
        }
        self = .mapping(members)
    }
}
