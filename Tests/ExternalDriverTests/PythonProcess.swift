import BellHost
import BellModel
import Glibc
import Synchronization

/// A program of Drivers/python in a process of its own, listening at a socket of its own.
final class PythonProcess: Sendable {
    let endpoint: String
    private let arguments: [String]
    private let child: Mutex<ChildProcess>

    private static let count = Atomic<Int>(0)

    /// A socket's path that no other test uses.
    static func path(_ name: String) -> String {
        "/tmp/belld-x-\(getpid())-\(count.wrappingAdd(1, ordering: .relaxed).newValue)-\(name)"
    }

    /// Starts `python3 -m belldriver.<module> --listen <endpoint> <options>`.
    init(_ module: String, _ options: [String] = []) throws {
        endpoint = "ipc://" + PythonProcess.path(module)
        arguments = ["-m", "belldriver.\(module)", "--listen", endpoint] + options
        child = Mutex(try PythonProcess.spawn(arguments))
    }

    deinit { kill() }

    /// The folder Drivers/python, found from this file.
    private static func spawn(_ arguments: [String]) throws(BellError) -> ChildProcess {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try ChildProcess.spawn(
            "/usr/bin/python3", arguments, environment: ["PYTHONPATH": "/\(root)/Drivers/python"],
            logFile: "/dev/null", deathSignal: nil)
    }

    /// kill -9.
    func kill() {
        child.withLock { child in
            child.signal(.kill)
            _ = child.wait()
        }
    }

    /// SIGTERM; returns at once.
    func terminate() { child.withLock { _ = $0.signal(.terminate) } }

    /// SIGKILL; returns at once.
    func signalKill() { child.withLock { _ = $0.signal(.kill) } }

    /// SIGSTOP: the process stays, and answers nothing.
    func freeze() { child.withLock { _ = $0.signal(.freeze) } }

    /// How it ended, when it has within the time.
    func ending(withinMilliseconds time: Int) -> ChildProcess.Ending? {
        child.withLock { $0.wait(timeoutMilliseconds: time) }
    }

    /// Starts it again at the same socket.
    func restart() throws {
        kill()
        try child.withLock { $0 = try PythonProcess.spawn(arguments) }
    }
}
