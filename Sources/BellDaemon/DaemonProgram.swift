import BellCommandLine
import BellHost
public import BellModel

/// belld as a program: reads the command line, runs the daemon, ends with its exit status.
public enum DaemonProgram {
    static let command = CommandSpec(
        name: "belld", summary: "Runs Bell campaigns: drives the boards, stores every trial, streams the outcomes.",
        discussion: """
            `bellctl lab up` starts belld together with bellcert and, for a simulated laboratory, mocklab. The first \
            SIGINT or SIGTERM finishes the block and leaves the campaign interrupted; a second one stops at the arm.
            """,
        options: [
            OptionSpec(
                name: "lab", summary: "The laboratory.", placeholder: "FILE", default: "Calibration/mocklab/lab.yaml"),
            OptionSpec(
                name: "state", summary: "State directory; else $BELLD_STATE, else ./.belld.", placeholder: "DIR"),
            OptionSpec(
                name: "log", summary: "The least level that is logged.", placeholder: "LEVEL", default: "info",
                allowed: LogLevel.allCases.map(\.rawValue)),
        ])

    /// Runs until a signal ends it.
    ///
    /// - Parameter arguments: Without the program's name.
    public static func main(_ arguments: [String]) async -> ExitCode {
        do throws(BellError) {
            let line = try command.parse(arguments)
            switch line.request {
            case .help(let text):
                write(text)
                return .ok
            case .version:
                write("belld \(Version.belld)\n")
                return .ok
            case .run: return try await run(line)
            }
        } catch {
            write("\(error)\n", to: .error)
            return error.code.exit
        }
    }

    private static func run(_ line: ParsedCommand) async throws(BellError) -> ExitCode {
        ignoreClosedPipes()
        keepFreedMemory()
        keepFilesPrivate()
        let log = Logger(level: line.value("log").flatMap(LogLevel.init(rawValue:)) ?? .info)
        let (signals, feed) = AsyncStream<Int>.makeStream()
        let watcher = try SignalWatcher { count in feed.yield(count) }
        let state = try StateDirectory(path: StateDirectory.choosePath(option: line.value("state")))
        let laboratory = absolutePath(line.value("lab") ?? "Calibration/mocklab/lab.yaml")
        let daemon = try Daemon(options: Daemon.Options(state: state, laboratory: laboratory), log: log)
        let code = await daemon.run(signals: signals)
        withExtendedLifetime(watcher) {}
        return code
    }
}
