import BellHost
import BellModel
import Glibc

/// `bellctl doctor`: looks at this machine and has ``Doctor`` judge it.
enum DoctorCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let trials = try invocation.count("trials", in: 1...UInt64.max)
        let checks = Doctor.checks(try facts(invocation), trials: trials)
        let isComplete = !checks.contains { $0.verdict == .missing }
        return Reply(
            json: [
                "checks": .array(checks.map(\.json)), "complete": .bool(isComplete),
                "forecast_bytes": JSON(count: Doctor.forecast(trials: trials)), "trials": JSON(count: trials),
            ], text: DoctorText.render(checks, style: invocation.console.style), exit: isComplete ? .ok : .experiment)
    }

    private static func facts(_ invocation: Invocation) throws(BellError) -> MachineFacts {
        var facts = MachineFacts()
        for package in Doctor.packages where package.files.contains(where: { access($0, F_OK) == 0 }) {
            facts.packages.insert(package.name)
        }
        facts.pythonZeroMQ = pythonImportsZeroMQ()
        for role in LabProcess.Role.allCases {
            facts.programs[role.rawValue] = Programs.find(role.rawValue)
        }
        let state = try invocation.stateDirectory()
        facts.stateDirectory = state.path
        var information = stat()
        if stat(state.path, &information) == 0 {
            facts.stateMode = information.st_mode
            facts.stateWritable = access(state.path, W_OK) == 0
        }
        var existing = state.path
        while !fileExists(existing), existing != "/" { existing = parent(of: existing) }
        if facts.stateMode == nil { facts.stateWritable = access(existing, W_OK) == 0 }
        facts.freeBytes = try? freeBytes(at: existing)
        sockets(&facts, state: state)
        facts.wallClock = Int64(time(nil))
        // systemd-timesyncd(8): the file appears with the first synchronisation; other services say nothing here.
        if access("/run/systemd/timesync", F_OK) == 0 {
            facts.clockSynchronised = access("/run/systemd/timesync/synchronized", F_OK) == 0
        }
        facts.cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        facts.isRoot = geteuid() == 0
        return facts
    }

    private static func sockets(_ facts: inout MachineFacts, state: StateDirectory) {
        if let directory = environmentVariable("XDG_RUNTIME_DIR") {
            var information = stat()
            facts.runtimeDirectory = directory
            facts.runtimeDirectoryUsable =
                stat(directory, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
                && information.st_uid == geteuid() && information.st_mode & 0o022 == 0
        }
        if let directory = try? RunDirectory(for: state, create: false) {
            facts.longestSocketPath = "\(directory.path)/telemetry"
        }
    }

    /// Runs the system's `python3 -c 'import zmq'`, as the tests do; nil when there is no python3.
    private static func pythonImportsZeroMQ() -> Bool? {
        let system = "/usr/bin/python3"
        guard let python = fileExists(system) ? system : Programs.onPath("python3") else { return nil }
        do throws(BellError) {
            let child = try ChildProcess.spawn(
                python, ["-c", "import zmq"], logFile: "/dev/null", newProcessGroup: false)
            return child.wait() == .exited(0)
        } catch {
            return nil
        }
    }
}
