import BellHost
import BellModel

/// `lab up --detach`: a supervisor in the background, and nothing else than waiting until it is ready.
enum DetachedLab {
    static func start(_ invocation: Invocation, directory: StateDirectory) throws(BellError) -> Reply {
        guard let bellctl = Programs.find("bellctl") else {
            throw BellError(.labMissingProgram, "bellctl cannot find itself.", fix: "call it by its full path")
        }
        if let record = LabDownCommand.running(directory) {
            throw BellError(
                .labUp, "A laboratory is up on this state directory already (pid \(record.pid)).", at: directory.path,
                fix: "`bellctl lab down` first, or choose another instance with --state DIR")
        }
        let log = "\(directory.logs)/lab.log"
        let start = fileSize(log)
        let child = try ChildProcess.spawn(
            bellctl, arguments(invocation, directory: directory), logFile: log, newProcessGroup: true,
            deathSignal: nil)
        while true {
            if let ending = child.labEnding { throw died(ending, log: log, start: start) }
            if let record = LabDownCommand.running(directory), record.pid == child.processID, record.phase == .up {
                var programs: [String: JSON] = [:]
                for (role, pid) in record.programs { programs[role.rawValue] = .int(Int64(pid)) }
                let said = LogTail.lines(Array(((try? readFile(log)) ?? []).dropFirst(start)), count: 20)
                return Reply(
                    json: [
                        "state_directory": .string(directory.path), "pid": .int(Int64(child.processID)),
                        "programs": .object(programs),
                    ],
                    text: (said + ["it stays up without this terminal (pid \(child.processID))"])
                        .map { $0 + "\n" }.joined())
            }
            pause(milliseconds: 50)
        }
    }

    /// The same command without `--detach`, in words that no default or environment changes.
    static func arguments(_ invocation: Invocation, directory: StateDirectory) -> [String] {
        var arguments = ["lab", "up", "--state", directory.path]
        for name in ["lab", "profile", "seed", "pace", "fault", "set", "timeout"] {
            for value in invocation.texts(name) { arguments += ["--\(name)", value] }
        }
        if invocation.flag("no-mocklab") { arguments.append("--no-mocklab") }
        return arguments
    }

    private static func died(_ ending: LabMachine.Ending, log: String, start: Int) -> BellError {
        let tail = LogTail.failure((try? readFile(log)) ?? [], after: start, count: 30)
        return BellError(
            BellError.Code("lab.died-at-start", exit: ending.exitCode), "The laboratory did not come up.", at: log,
            cause: tail.isEmpty ? nil : "it wrote:\n    " + tail.joined(separator: "\n    "),
            fix: "mend what it says, then run `bellctl lab up` again")
    }
}
