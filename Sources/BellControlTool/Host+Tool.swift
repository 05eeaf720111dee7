import BellHost
import BellModel
import Glibc

/// Sleeps; a signal may wake it early. `nanosleep`.
func pause(milliseconds: Int) {
    var time = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
    nanosleep(&time, nil)
}

/// This process's id. `getpid`.
func processID() -> Int32 { getpid() }

/// The process's environment. `environ`.
func processEnvironment() -> [String: String] {
    var variables: [String: String] = [:]
    var next = environ
    while let text = next.pointee {
        let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
        next += 1
    }
    return variables
}

extension Console {
    /// The process's own stdout and stderr.
    ///
    /// Colours only on a terminal, and not with `NO_COLOR` set to anything (no-color.org) or on a dumb terminal.
    static func process(environment: [String: String]) -> Console {
        let wantsColour = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        return Console(
            write: { put($0, STDOUT_FILENO) }, complain: { put($0, STDERR_FILENO) },
            isTerminal: isatty(STDOUT_FILENO) == 1,
            width: { terminalWidth() },
            style: Style(coloured: wantsColour && isatty(STDOUT_FILENO) == 1),
            errorStyle: Style(coloured: wantsColour && isatty(STDERR_FILENO) == 1))
    }

    /// Writes everything, or gives up when nobody reads any more.
    private static func put(_ text: String, _ descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return }
            bytes.removeFirst(count)
        }
    }

    private static func terminalWidth() -> Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
