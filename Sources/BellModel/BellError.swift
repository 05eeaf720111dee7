/// The exit status of every belld program (docs/architecture.md, "Exit codes").
public enum ExitCode: Int32, Sendable {
    /// Done.
    case ok = 0
    /// The experiment did not give what was asked, for example no certificate.
    case experiment = 1
    /// The command line, or a file that a person wrote, is wrong.
    case usage = 2
    /// A device failed.
    case hardware = 3
    /// Stored evidence contradicts itself.
    case dataIntegrity = 4
    /// The daemon or the certifier cannot be reached.
    case unreachable = 5
    /// A defect of ours.
    case `internal` = 70
    /// Ended by Ctrl-C or SIGTERM.
    case interrupted = 130
}

/// The one error of belld: says what failed, where, why, what state things are in and how to mend it.
///
/// Every throwing boundary uses it (`throws(BellError)`), the control protocol and `--json` carry it as an object, and
/// `description` is what a person reads on stderr.
public struct BellError: Error, Equatable, Sendable {
    /// Names a failure for programs, as `area.reason`; each module declares its own in an extension.
    public struct Code: Hashable, Sendable {
        /// The name, for example `journal.newer-version`.
        public let name: String
        /// The exit status of a program that ends with this error.
        public let exit: ExitCode

        /// Declares a code; `name` is lower case, `area.reason`.
        public init(_ name: String, exit: ExitCode) {
            self.name = name
            self.exit = exit
        }

        public static func == (a: Code, b: Code) -> Bool { a.name == b.name }
        public func hash(into hasher: inout Hasher) { hasher.combine(name) }
    }

    /// What failed, for programs.
    public var code: Code
    /// One sentence: what failed, with the value.
    public var what: String
    /// The file, line and key, or the device and command.
    public var place: String?
    /// The layer below's own words, for example a C result code.
    public var cause: String?
    /// What state the experiment is in now, and what is stored.
    public var state: String?
    /// What the reader can do now.
    public var fix: String?
    /// Further failures found in the same pass, so that one round of mending is enough.
    public var others: [BellError]

    /// Makes an error; `where` is spelled `at` because the former is a keyword.
    public init(
        _ code: Code, _ what: String, at place: String? = nil, cause: String? = nil, state: String? = nil,
        fix: String? = nil, others: [BellError] = []
    ) {
        self.code = code
        self.what = what
        self.place = place
        self.cause = cause
        self.state = state
        self.fix = fix
        self.others = others
    }

    /// Joins all failures of one pass into one error, or returns nil when there is none.
    public static func all(_ errors: [BellError]) -> BellError? {
        guard var first = errors.first else { return nil }
        first.others += errors.dropFirst()
        return first
    }
}

extension BellError: CustomStringConvertible {
    /// The text for people, as printed on stderr; one block a failure.
    public var description: String {
        var text = "error: \(what)"
        for (label, value) in [("where:", place), ("cause:", cause), ("state:", state), ("fix:  ", fix)] {
            if let value { text += "\n  \(label) \(value)" }
        }
        for other in others { text += "\n\(other)" }
        return text
    }
}

extension BellError {
    /// The object `{"code", "what", "where", "cause", "state", "fix"}` of the control protocol and of `--json`.
    public var json: JSON {
        var object: [String: JSON] = ["code": .string(code.name), "what": .string(what)]
        for (key, value) in [("where", place), ("cause", cause), ("state", state), ("fix", fix)] {
            if let value { object[key] = .string(value) }
        }
        object["exit"] = .int(Int64(code.exit.rawValue))
        if !others.isEmpty { object["others"] = .array(others.map(\.json)) }
        return .object(object)
    }

    /// Reads an error that came over the wire; missing fields become nil, an unreadable one an `internal` error.
    public init(json: JSON) {
        let exit = json["exit"]?.intValue.flatMap { ExitCode(rawValue: Int32(truncatingIfNeeded: $0)) } ?? .internal
        self.init(
            Code(json["code"]?.stringValue ?? "remote.unreadable", exit: exit),
            json["what"]?.stringValue ?? "The other side reported an error that cannot be read: \(json.text)",
            at: json["where"]?.stringValue, cause: json["cause"]?.stringValue, state: json["state"]?.stringValue,
            fix: json["fix"]?.stringValue, others: json["others"]?.arrayValue?.map { BellError(json: $0) } ?? [])
    }
}
