import BellModel

@testable import BellControlTool

/// Runs bellctl inside the test and keeps what it printed.
final class Terminal {
    private(set) var out = ""
    private(set) var err = ""

    /// - Parameter state: The state directory; one that does not exist reaches no daemon.
    func run(_ arguments: String..., state: String = "/nonexistent/belld-state") -> ExitCode {
        let console = Console(write: { self.out += $0 }, complain: { self.err += $0 })
        return ControlTool.run(
            arguments: arguments, environment: ["BELLD_STATE": state, "PATH": "/usr/bin:/bin"], console: console)
    }

    /// What was printed, as JSON; fails unless it is exactly one value.
    var json: JSON {
        get throws { try JSON(parsing: out, source: "stdout") }
    }
}
