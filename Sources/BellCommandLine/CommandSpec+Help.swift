extension CommandSpec {
    /// The help text of the root command.
    public var helpText: String { helpText(line: name) }

    /// The help text of a command; `line` is what is typed to come here.
    public func helpText(line: String) -> String {
        var text = "\(summary)\n\nusage: \(usageLine(line: line))\n"
        if !discussion.isEmpty { text += "\n" + CommandSpec.wrapped(discussion, indent: 0) }
        text += CommandSpec.section("commands", subcommands.map { ($0.name, $0.summary) })
        text += CommandSpec.section(
            "arguments", positionals.map { ($0.usage, $0.summary) })
        let help = OptionSpec(name: "help", short: "h", summary: "Show this.")
        let version = OptionSpec(name: "version", summary: "Show the version.")
        text += CommandSpec.section("options", (options + [help, version]).map { ($0.title, $0.explanation) })
        if !subcommands.isEmpty { text += "\n`\(line) COMMAND --help` tells more about a command.\n" }
        return text
    }

    /// For example `bellctl campaign start [options] PLAN`.
    func usageLine(line: String) -> String {
        var words = [line]
        if !subcommands.isEmpty { words.append("COMMAND") }
        if !options.isEmpty { words.append("[options]") }
        words += positionals.map(\.usage)
        return words.joined(separator: " ")
    }

    private static func section(_ title: String, _ rows: [(String, String)]) -> String {
        guard !rows.isEmpty else { return "" }
        let width = min(28, rows.map(\.0.count).max() ?? 0)
        var text = "\n\(title):\n"
        for (left, right) in rows {
            let lines = wrapped(right, indent: width + 4).dropFirst(width + 4)
            if left.count > width {
                text += "  \(left)\n" + String(repeating: " ", count: width + 4) + lines
            } else {
                text += "  \(left)" + String(repeating: " ", count: width - left.count + 2) + lines
            }
        }
        return text
    }

    /// Breaks a paragraph at 96 columns; the text ends with a line feed.
    static func wrapped(_ text: String, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        var out = ""
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = margin
            for word in paragraph.split(separator: " ") {
                if line.count + word.count + 1 > 96, line.count > indent {
                    out += line + "\n"
                    line = margin
                }
                line += (line.count > indent ? " " : "") + word
            }
            out += line + "\n"
        }
        return out
    }
}

extension OptionSpec {
    /// For example `-n, --lines N`.
    var title: String {
        let names = (short.map { "-\($0), " } ?? "") + "--\(name)"
        return placeholder.map { "\(names) \($0)" } ?? names
    }

    /// The summary with what is allowed and the default.
    var explanation: String {
        var text = summary
        if !allowed.isEmpty { text += " One of \(allowed.joined(separator: ", "))." }
        if let value = self.default { text += " Default: \(value)." }
        if repeats { text += " May be repeated." }
        return text
    }
}
