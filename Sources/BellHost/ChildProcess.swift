public import BellModel
import CShims
import Glibc
import Synchronization

/// A program that this process has started.
public final class ChildProcess: Sendable {
    /// How a program ended.
    public enum Ending: Equatable, Sendable {
        /// With this exit status.
        case exited(Int32)
        /// By this signal.
        case signalled(Int32)
    }

    /// The system's number for it.
    public let processID: Int32
    /// The program's path.
    public let executable: String
    /// Set once the system has forgotten the process; its number may then belong to another one.
    private let ending = Mutex<Ending?>(nil)

    /// Whether what it has started itself ends with it.
    private let endsGroup: Bool
    /// Ends the group should this process be killed; nil without a group, and where none could be started.
    private let watcher: GroupWatcher?

    private init(processID: Int32, executable: String, endsGroup: Bool) {
        self.processID = processID
        self.executable = executable
        self.endsGroup = endsGroup
        watcher = endsGroup ? GroupWatcher(group: processID) : nil
    }

    /// Starts a program with standard input from `/dev/null`.
    ///
    /// Call it from the main thread: a death signal is sent when the *thread* that started the program ends.
    /// - Parameters:
    ///   - executable: Path; `PATH` is not searched.
    ///   - arguments: Without the program's name.
    ///   - environment: Variables that replace or join this process's own.
    ///   - logFile: Standard output and error are appended there; nil shares this process's.
    ///   - newProcessGroup: Whether Ctrl-C at the terminal spares it.
    ///   - endsGroup: Whether signals go to all of its new process group, and what is left of that is killed when it has
    ///     ended: a script's programs do not outlive the script. When this process ends in any way, also by SIGKILL, all
    ///     of the group gets SIGTERM, and SIGKILL 5 s later: a death signal alone reaches only the program itself, once.
    ///   - deathSignal: Sent to it when this process ends in any way, or nil.
    /// - Throws: `host.spawn-failed`, `file.access` for the log.
    /// - SeeAlso: `PR_SET_PDEATHSIG` in prctl(2).
    public static func spawn(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:], logFile: String? = nil,
        newProcessGroup: Bool = true, endsGroup: Bool = false, deathSignal: ProcessSignal? = .terminate
    ) throws(BellError) -> ChildProcess {
        var log: Int32 = -1
        if let logFile {
            log = open(logFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            if log < 0 { throw fileError("open", "The log cannot be opened", at: logFile) }
        }
        defer { if log >= 0 { close(log) } }
        let variables = ownEnvironment().merging(environment) { _, new in new }.map { "\($0)=\($1)" }
        let (child, reason) = withCStrings([executable] + arguments) { arguments in
            withCStrings(variables) { variables in
                executable.withCString { path in
                    var request = bell_spawn_request(
                        path: path, arguments: arguments.baseAddress, environment: variables.baseAddress,
                        standard_input: -1, output: log,
                        new_process_group: newProcessGroup ? 1 : 0, death_signal: deathSignal?.number ?? 0)
                    let child = bell_spawn(&request)
                    return (child, errno)
                }
            }
        }
        guard child > 0 else {
            throw BellError(
                .spawnFailed, "The program cannot be started.", at: executable,
                cause: "exec: \(String(cString: strerror(reason))) (\(reason))",
                fix: "check that the program is installed beside this one")
        }
        return ChildProcess(
            processID: child, executable: executable, endsGroup: endsGroup && newProcessGroup)
    }

    /// Whether it has not ended yet.
    public var isRunning: Bool { poll() == nil }

    /// Sends a signal; false when it has ended.
    @discardableResult
    public func signal(_ signal: ProcessSignal) -> Bool {
        // Under the lock, so that the number cannot have been given to another process.
        ending.withLock { ending in
            reap(&ending)
            return ending == nil && kill(endsGroup ? -processID : processID, signal.number) == 0
        }
    }

    /// Waits until it has ended.
    public func wait() -> Ending {
        while true {
            if let ending = poll() { return ending }
            var information = siginfo_t()
            // Leaves the process to be reaped under the lock.
            _ = waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT)
        }
    }

    /// Waits until it has ended, or returns nil when the time is over.
    public func wait(timeoutMilliseconds: Int) -> Ending? {
        let end = ContinuousClock.now + .milliseconds(max(0, timeoutMilliseconds))
        while true {
            if let ending = poll() { return ending }
            if ContinuousClock.now >= end { return nil }
            usleep(2000)
        }
    }

    private func poll() -> Ending? {
        ending.withLock { ending in
            reap(&ending)
            return ending
        }
    }

    private func reap(_ ending: inout Ending?) {
        if ending != nil { return }
        if endsGroup {
            // Before it is reaped, so that neither its number nor its group's can be another one's yet.
            var information = siginfo_t()
            let found = waitid(P_PID, id_t(processID), &information, WEXITED | WNOHANG | WNOWAIT) == 0
            if found, information.si_signo == 0 { return }
            if found { kill(-processID, SIGKILL) }
            watcher?.dismiss()
        }
        var status: Int32 = 0
        let result = waitpid(processID, &status, WNOHANG)
        if result == processID {
            // WIFSIGNALED and WEXITSTATUS are macros that Swift does not import.
            ending = status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .signalled(status & 0x7f)
        } else if result < 0 && errno == ECHILD {
            // Somebody else has waited for it; how it ended is lost.
            ending = .exited(-1)
        }
    }
}

/// This process's environment variables.
private func ownEnvironment() -> [String: String] {
    var variables: [String: String] = [:]
    var at = environ
    while let entry = at.pointee {
        let text = String(cString: entry)
        if let equals = text.firstIndex(of: "=") {
            variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        at += 1
    }
    return variables
}

/// Lends a NULL-terminated array of C strings.
private func withCStrings<T>(
    _ texts: [String], _ body: (UnsafeBufferPointer<UnsafeMutablePointer<CChar>?>) -> T
) -> T {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return (copies + [nil]).withUnsafeBufferPointer(body)
}
