public import BellModel

extension BellError.Code {
    /// The command line is wrong.
    public static let usage = BellError.Code("usage", exit: .usage)
}

extension CommandSpec {
    /// Reads a command line.
    ///
    /// Options may stand before or after positionals, as `--name value`, `--name=value` or `-n value`; after `--`
    /// everything is positional. `--help` (or `-h`) and `--version` are understood everywhere.
    /// - Parameter arguments: Without the program's name.
    /// - Throws: `usage`, with the nearest known word.
    public func parse(_ arguments: [String]) throws(BellError) -> ParsedCommand {
        var parser = CommandParser(root: self, arguments: arguments)
        return try parser.run()
    }
}

private struct CommandParser {
    let root: CommandSpec
    let arguments: [String]
    var command: CommandSpec
    var path: [String] = []
    var positionals: [String] = []
    var values: [String: [String]] = [:]
    var at = 0

    init(root: CommandSpec, arguments: [String]) {
        self.root = root
        self.arguments = arguments
        command = root
    }

    /// What is typed to come here.
    var line: String { ([root.name] + path).joined(separator: " ") }

    mutating func run() throws(BellError) -> ParsedCommand {
        // Help is answered whatever else is wrong with the line, for the deepest command that is named.
        let words = arguments.prefix { $0 != "--" }
        if words.contains("--help") || words.contains("-h") {
            descend(into: Array(words))
            return parsed(.help(command.helpText(line: line)))
        }
        if words.contains("--version") { return parsed(.version) }
        var onlyWords = false
        while at < arguments.count {
            let argument = arguments[at]
            at += 1
            if onlyWords || !argument.hasPrefix("-") || argument == "-" {
                try word(argument)
            } else if argument == "--" {
                onlyWords = true
            } else {
                try option(argument)
            }
        }
        if !command.subcommands.isEmpty {
            guard path.isEmpty, arguments.isEmpty else {
                throw BellError(
                    .usage, "\"\(line)\" needs one of its commands.", at: "command line",
                    fix: "\(command.subcommands.map(\.name).joined(separator: ", ")); see `\(line) --help`")
            }
            return parsed(.help(command.helpText(line: line)))
        }
        let required = command.positionals.filter { !$0.isOptional }
        if positionals.count < required.count {
            let missing = command.positionals[positionals.count]
            throw BellError(
                .usage, "\(missing.name) is missing: \(missing.summary)", at: "command line",
                fix: "write \(command.usageLine(line: line))")
        }
        for option in command.options where values[option.name] == nil {
            if let value = option.default { values[option.name] = [value] }
        }
        return parsed(.run)
    }

    private func parsed(_ request: ParsedCommand.Request) -> ParsedCommand {
        ParsedCommand(request: request, path: path, positionals: positionals, values: values)
    }

    private mutating func descend(into words: [String]) {
        for word in words where !word.hasPrefix("-") {
            guard let next = command.subcommands.first(where: { $0.name == word }) else { continue }
            command = next
            path.append(word)
        }
    }

    private mutating func word(_ word: String) throws(BellError) {
        guard !command.subcommands.isEmpty else {
            guard positionals.count < command.positionals.count || command.positionals.last?.isRepeated == true else {
                throw BellError(
                    .usage, "\"\(word)\" is one word too many.", at: "command line",
                    fix: "write \(command.usageLine(line: line))")
            }
            positionals.append(word)
            return
        }
        guard let next = command.subcommands.first(where: { $0.name == word }) else {
            let known = command.subcommands.map(\.name)
            throw BellError(
                .usage, "\"\(line)\" has no command \"\(word)\".", at: "command line",
                fix: suggestion(for: word, among: known) + "see `\(line) --help`")
        }
        command = next
        path.append(word)
    }

    private mutating func option(_ argument: String) throws(BellError) {
        let isLong = argument.hasPrefix("--")
        let body = argument.drop { $0 == "-" }
        let name = String(body.prefix { $0 != "=" })
        let inline = body.contains("=") ? String(body.drop { $0 != "=" }.dropFirst()) : nil
        guard let option = find(name, isLong: isLong) else {
            let known = command.options.map { "--\($0.name)" }
            throw BellError(
                .usage, "\"\(line)\" has no option \(argument.prefix { $0 != "=" }).", at: "command line",
                fix: suggestion(for: "--\(name)", among: known) + "see `\(line) --help`")
        }
        guard option.repeats || values[option.name] == nil else {
            throw BellError(.usage, "--\(option.name) is given twice.", at: "command line", fix: "give it once")
        }
        guard let placeholder = option.placeholder else {
            guard inline == nil else {
                throw BellError(
                    .usage, "--\(option.name) takes no value.", at: "command line", fix: "write --\(option.name)")
            }
            values[option.name, default: []].append("")
            return
        }
        let value: String
        if let inline {
            value = inline
        } else {
            guard at < arguments.count else {
                throw BellError(
                    .usage, "--\(option.name) needs a value.", at: "command line",
                    fix: "write --\(option.name) \(placeholder)")
            }
            value = arguments[at]
            at += 1
        }
        guard option.allowed.isEmpty || option.allowed.contains(value) else {
            throw BellError(
                .usage, "--\(option.name) cannot be \"\(value)\".", at: "command line",
                fix: suggestion(for: value, among: option.allowed)
                    + "allowed: \(option.allowed.joined(separator: ", "))")
        }
        values[option.name, default: []].append(value)
    }

    private func find(_ name: String, isLong: Bool) -> OptionSpec? {
        func matches(_ option: OptionSpec) -> Bool {
            isLong ? option.name == name : option.short.map(String.init) == name
        }
        return command.options.first(where: matches)
    }

    private func suggestion(for word: String, among known: [String]) -> String {
        nearestWord(to: word, among: known).map { "did you mean \"\($0)\"? " } ?? ""
    }
}
