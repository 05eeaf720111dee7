import BellCommandLine

/// `docs/bellctl.md`, made from the command tree.
enum CommandTable {
    /// The whole document.
    static func markdown(_ root: CommandSpec) -> String {
        var text = """
            # bellctl

            \(root.summary) Made from the command tree; `swift test --filter CommandTree` compares.

            Every command takes \(root.options.map(name).joined(separator: " and ")). `bellctl COMMAND --help` tells more, \
            `bellctl completion bash|zsh|fish` prints a completion script. Exit codes: 0 done, 1 the experiment did not \
            give what was asked (also: not certified), 2 usage, 3 hardware, 4 data integrity, 5 daemon unreachable, \
            70 internal, 130 interrupted.

            | command | what it does | options |
            |---|---|---|

            """
        for (path, command) in commands(root) {
            let words = [path] + command.positionals.map(\.usage)
            let common = Set(root.options.map(\.name))
            let options = command.options.filter { !common.contains($0.name) }.map(name).joined(separator: ", ")
            text += "| `\(words.joined(separator: " "))` | \(command.summary) | \(options) |\n"
        }
        return text
    }

    /// The commands that do something, by their path without the program's name, in the tree's order.
    static func commands(_ spec: CommandSpec, path: [String] = []) -> [(path: String, command: CommandSpec)] {
        guard !spec.subcommands.isEmpty else { return [(path.joined(separator: " "), spec)] }
        return spec.subcommands.flatMap { commands($0, path: path + [$0.name]) }
    }

    private static func name(_ option: OptionSpec) -> String {
        guard let placeholder = option.placeholder else { return "`--\(option.name)`" }
        return "`--\(option.name) \(placeholder)`"
    }
}
