import BellModel

/// Any JSON object as indented `key: value` lines, for answers whose shape the tool does not know.
enum FieldText {
    /// Renders up to eight levels; deeper values are written as JSON.
    static func render(_ json: JSON, indent: Int = 2) -> String {
        let space = String(repeating: " ", count: indent)
        guard let members = json.objectValue, indent <= 16 else { return "\(space)\(scalar(json))\n" }
        var out = ""
        for key in members.keys.sorted() {
            guard let value = members[key] else { continue }
            let name = Style.safe(key, limit: 80) ?? ""
            if let inner = value.objectValue, !inner.isEmpty {
                out += "\(space)\(name):\n\(render(value, indent: indent + 2))"
            } else {
                out += "\(space)\(name): \(scalar(value))\n"
            }
        }
        return out
    }

    static func scalar(_ json: JSON) -> String {
        switch json {
        case .null: NumberText.missing
        case .string(let text): Style.safe(text) ?? ""
        case .bool(let value): value ? "yes" : "no"
        default: Style.safe(json.text) ?? ""
        }
    }
}
