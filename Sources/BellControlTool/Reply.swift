import BellModel

/// What a command gives back: the same for programs and for people.
struct Reply {
    /// Printed with `--json`; an object.
    var json: JSON
    /// Printed otherwise; ends with a line feed, or is empty when the command has spoken already.
    var text: String
    var exit = ExitCode.ok
}
