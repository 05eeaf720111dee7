/// New members for one entry of a calibration file.
struct EntryEdit: Equatable {
    struct Member: Equatable {
        enum Kind: Equatable {
            case number
            case text
            /// A text that an existing entry keeps as it is.
            case onlyWhenNew
        }

        var key: String
        /// A text before it is quoted, or a number's digits.
        var text: String
        var kind: Kind
    }

    /// The keys that lead to the mapping which holds the entry.
    var section: [String]
    var name: String
    var members: [Member]
}

/// How a scalar is written into YAML, in block and flow style alike.
enum YAMLToken {
    /// Whether the token is quoted, which decides how it reads.
    static func isQuoted(_ token: String) -> Bool { token.hasPrefix("\"") || token.hasPrefix("'") }

    /// A member's token; a text takes the quotes of the one it replaces.
    static func written(_ member: EntryEdit.Member, replacing old: String = "") -> String {
        if member.kind == .number { return member.text }
        if old.hasPrefix("'") { return "'" + member.text.replacing("'", with: "''") + "'" }
        if !old.hasPrefix("\"") && isPlain(member.text) { return member.text }
        return "\"" + member.text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// Whether YAML of any dialect reads the bare text as this text.
    private static func isPlain(_ text: String) -> Bool {
        let isHarmless = text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "/", ".", "_", "-", "+", ":", "@": true
            default: false
            }
        }
        guard isHarmless, let first = text.first, first.isLetter || first.isNumber, text.last != ":" else {
            return false
        }
        let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        return !words.contains(text.lowercased()) && Double(text) == nil
            && !text.allSatisfy { $0.isNumber || $0 == "_" }
    }
}
