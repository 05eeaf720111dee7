import BellModel

@testable import BellControlTool

/// Runs bellctl inside the test and keeps what it printed.
final class Terminal {
    private(set) var out = ""
    private(set) var err = ""

    /// - Parameter state: The state directory; one that does not exist reaches no daemon.
    func run(_ arguments: String..., state: String = "/nonexistent/belld-state") -> ExitCode {
        run(arguments + ["--state", state])
    }

    /// - Parameter arguments: All of them, without the program's name.
    func run(_ arguments: [String]) -> ExitCode {
        ControlTool.run(
            arguments: arguments, console: Console(write: { self.out += $0 }, complain: { self.err += $0 }))
    }

    /// What was printed, as JSON; fails unless it is exactly one value.
    var json: JSON {
        get throws { try JSON(parsing: out, source: "stdout") }
    }
}
