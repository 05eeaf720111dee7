/// One command of a program, with its options and the commands below it; a value, so that help, completion and the
/// documents are made from the same tree that parses.
public struct CommandSpec: Sendable {
    /// What is typed.
    public var name: String
    /// One line.
    public var summary: String
    /// More, for the command's own help; may be empty.
    public var discussion: String
    /// Options that the command takes; those of its parents are not inherited.
    public var options: [OptionSpec]
    /// What stands on the line without a name, in order.
    public var positionals: [PositionalSpec]
    /// A command with subcommands does nothing itself.
    public var subcommands: [CommandSpec]

    public init(
        name: String, summary: String, discussion: String = "", options: [OptionSpec] = [],
        positionals: [PositionalSpec] = [], subcommands: [CommandSpec] = []
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.options = options
        self.positionals = positionals
        self.subcommands = subcommands
    }
}

/// An option: a flag, or a name with a value.
public struct OptionSpec: Sendable {
    /// Without the dashes.
    public var name: String
    /// The one-letter form, or nil.
    public var short: Character?
    /// One line.
    public var summary: String
    /// What the value is called in help; nil for a flag.
    public var placeholder: String?
    /// The value when the option is not given.
    public var `default`: String?
    /// The only values, or empty for any.
    public var allowed: [String]
    /// Whether the option may be given more than once.
    public var repeats: Bool

    public init(
        name: String, short: Character? = nil, summary: String, placeholder: String? = nil, default: String? = nil,
        allowed: [String] = [], repeats: Bool = false
    ) {
        self.name = name
        self.short = short
        self.summary = summary
        self.placeholder = placeholder
        self.default = `default`
        self.allowed = allowed
        self.repeats = repeats
    }
}

/// A word on the line that has no name.
public struct PositionalSpec: Sendable {
    /// In capitals.
    public var name: String
    /// One line.
    public var summary: String
    /// Optional ones come last.
    public var isOptional: Bool
    /// The last one may stand more than once.
    public var isRepeated: Bool

    public init(name: String, summary: String, isOptional: Bool = false, isRepeated: Bool = false) {
        self.name = name
        self.summary = summary
        self.isOptional = isOptional
        self.isRepeated = isRepeated
    }

    /// As help and documents show it: `NAME`, `[NAME]`, `NAME…`.
    public var usage: String { (isOptional ? "[\(name)]" : name) + (isRepeated ? "…" : "") }
}

/// A command line that was understood.
public struct ParsedCommand: Sendable {
    /// What is asked.
    public enum Request: Equatable, Sendable {
        /// `--help` stood somewhere, or a command that needs a subcommand had none: its help text.
        case help(String)
        /// `--version`.
        case version
        /// Run the command at ``ParsedCommand/path``.
        case run
    }

    public var request: Request
    /// The commands' names, without the program's.
    public var path: [String]
    /// The words without a name.
    public var positionals: [String]
    var values: [String: [String]]

    /// Whether a flag was given.
    public func flag(_ name: String) -> Bool { values[name] != nil }
    /// An option's value, its default, or nil; the last one counts.
    public func value(_ name: String) -> String? { values[name]?.last }
    /// All values of an option that repeats; its default alone when it was not given.
    public func values(_ name: String) -> [String] { values[name] ?? [] }
}
