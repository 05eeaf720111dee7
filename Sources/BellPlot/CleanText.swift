/// Names from files and devices, made harmless for one line of a terminal or a page.
enum CleanText {
    /// One line without control or direction characters, at most `limit` characters long.
    static func line(_ text: String, limit: Int = 200) -> String {
        var result = ""
        for character in text {
            if result.count >= limit { return result + "…" }
            let isHarmless = character.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                // Among them escapes, line ends and what turns the direction of writing.
                case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
                default: true
                }
            }
            // A pile of accents on one letter would run over other lines.
            result.append(isHarmless && character.unicodeScalars.count <= 4 ? character : "?")
        }
        return result
    }

    /// ``line(_:limit:)`` for XML and HTML, in text and in quoted attributes.
    static func markup(_ text: String, limit: Int = 200) -> String {
        var result = ""
        for character in line(text, limit: limit) {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.append(character)
            }
        }
        return result
    }
}
