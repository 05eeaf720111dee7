import BellHost
import BellModel
import Glibc

/// What all parts share: folders, the programs they started, a way to talk and to be interrupted.
///
/// Used from the main thread only: a child's death signal is tied to the thread that started it.
final class Bench {
    struct Folders {
        /// belld, bellcert, mocklab.
        var programs: String
        /// Scripts.
        var peers: String
        /// Compiled peers, if there are any.
        var built: String?
        /// Tests/USB/run, if it can be used here.
        var testbed: String?
        /// A Python with pyvisa-py, if there is one.
        var visa: String?
        /// A Python with QuTiP, if there is one.
        var qutip: String?
        /// A Python with cryptomite, if there is one.
        var cryptomite: String?
        /// Path of `lab.yaml`.
        var laboratory: String
    }

    let folders: Folders
    /// A fresh folder for databases and logs.
    let folder: String
    let interruption: Interruption
    private let keep: Bool
    private var children: [ChildProcess] = []
    private var runFolders: [String] = []

    init(folders: Folders, workFolder: String, keep: Bool, interruption: Interruption) throws(BellError) {
        self.folders = folders
        self.keep = keep
        self.interruption = interruption
        folder = "\(workFolder)/bench-\(getpid())"
        try makeFolder(folder)
    }

    /// Tells a person what goes on; the table alone is on standard output.
    func say(_ text: String) { write("\(text)\n", to: .error) }

    /// A fresh state directory and the folder of its sockets.
    func state(_ name: String) throws(BellError) -> (StateDirectory, RunDirectory) {
        let state = try StateDirectory(path: "\(folder)/\(name)")
        let run = try RunDirectory(for: state)
        runFolders.append(run.path)
        return (state, run)
    }

    /// 8 GHz, as the shipped laboratory's boards have.
    static func boardRate() throws(BellError) -> TickRate {
        guard let rate = TickRate(numerator: 8_000_000_000) else {
            throw BellError(.benchProgram, "8 GHz is no tick rate.")
        }
        return rate
    }

    // MARK: Programs

    /// Starts a program of ours; its output goes to `<folder>/<name>.log`.
    ///
    /// - Parameter wrapper: A program with its arguments that runs it, for example Tests/USB/run.
    func start(
        _ program: String, _ arguments: [String], under wrapper: [String] = []
    ) throws(BellError) -> ChildProcess {
        let command = wrapper + ["\(folders.programs)/\(program)"] + arguments
        return try launch(command[0], Array(command.dropFirst()), log: "\(folder)/\(program).log")
    }

    /// Runs a peer that prints one JSON object, and waits for it.
    func ask(_ executable: String, _ arguments: [String]) throws(BellError) -> JSON {
        let log = "\(folder)/peer.json"
        if fileExists(log) { try removeFile(log) }
        let child = try launch(executable, arguments, log: log)
        let ending = try wait(for: child)
        let text = try readText(log)
        guard ending == .exited(0) else {
            throw BellError(
                .benchProgram, "A peer failed.", at: executable, cause: text.isEmpty ? "\(ending)" : text,
                fix: "run it by hand; Benchmarks/README.md says what it needs")
        }
        // A program around the peer may say something, too.
        let line = text.split(separator: "\n").last { $0.hasPrefix("{") }
        return try JSON(parsing: line.map(String.init) ?? text, source: executable)
    }

    private func launch(_ path: String, _ arguments: [String], log: String) throws(BellError) -> ChildProcess {
        let child = try ChildProcess.spawn(path, arguments, logFile: log, deathSignal: .kill)
        children.append(child)
        return child
    }

    func wait(for child: ChildProcess) throws(BellError) -> ChildProcess.Ending {
        while true {
            try interruption.check()
            if let ending = child.wait(timeoutMilliseconds: 50) { return ending }
        }
    }

    /// Ends a program in good order.
    func stop(_ child: ChildProcess) {
        child.signal(.terminate)
        if child.wait(timeoutMilliseconds: 5000) == nil {
            child.signal(.kill)
            _ = child.wait()
        }
        children.removeAll { $0 === child }
    }

    // MARK: Waiting

    /// Sleeps until `isReached` says so.
    ///
    /// - Parameter children: Programs that must stay alive meanwhile.
    /// - Throws: `bench.program` when one of them ends or the time is over.
    func wait(
        for what: String, seconds: Double, of children: [ChildProcess] = [], every milliseconds: UInt32 = 5,
        until isReached: () throws(BellError) -> Bool
    ) throws(BellError) {
        let deadline = monotonicNanoseconds() + UInt64(seconds * 1e9)
        while try !isReached() {
            try interruption.check()
            for child in children where !child.isRunning {
                throw BellError(
                    .benchProgram, "\(child.executable) ended while the bench waited for \(what).", at: folder,
                    cause: lastLog(of: child), fix: "start it by hand with the same arguments")
            }
            guard monotonicNanoseconds() < deadline else {
                throw BellError(
                    .benchProgram, "The bench waited \(seconds) s in vain for \(what).", at: folder,
                    cause: children.map { lastLog(of: $0) }.joined(separator: "\n"),
                    fix: "run the bench with --keep and look at the logs")
            }
            usleep(milliseconds * 1000)
        }
    }

    private func lastLog(of child: ChildProcess) -> String {
        let name = child.executable.split(separator: "/").last ?? ""
        return ((try? lastLines(5, of: "\(folder)/\(name).log")) ?? []).joined(separator: "\n")
    }

    /// Stops what still runs and removes what was written.
    func cleanUp() {
        for child in children { stop(child) }
        for folder in runFolders { Bench.remove(folder) }
        if !keep { Bench.remove(folder) }
    }

    /// Removes a file or a folder with everything in it; what cannot be removed is left.
    static func remove(_ path: String) {
        guard isFolder(path) else {
            unlink(path)
            return
        }
        for name in (try? folderContents(path)) ?? [] { remove("\(path)/\(name)") }
        rmdir(path)
    }
}
