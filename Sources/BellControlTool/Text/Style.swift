/// Colours for a terminal, or none.
struct Style: Sendable {
    let coloured: Bool

    /// No escape sequence at all.
    static let plain = Style(coloured: false)

    func bold(_ text: String) -> String { wrap(text, "1") }
    func dim(_ text: String) -> String { wrap(text, "2") }
    func good(_ text: String) -> String { wrap(text, "32") }
    func warn(_ text: String) -> String { wrap(text, "33") }
    func bad(_ text: String) -> String { wrap(text, "31") }

    private func wrap(_ text: String, _ code: String) -> String {
        coloured && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }

    /// Makes a text from a wire or file harmless for a terminal: control characters become `·`, lengths are bounded.
    static func safe(_ text: String?, limit: Int = 400) -> String? {
        guard let text else { return nil }
        var out = ""
        var length = 0
        for scalar in text.unicodeScalars {
            if length == limit { return out + "…" }
            switch scalar.value {
            case 0..<0x20, 0x7f..<0xa0, 0x202a...0x202e, 0x2066...0x2069: out += "·"
            default: out.unicodeScalars.append(scalar)
            }
            length += 1
        }
        return out
    }
}
