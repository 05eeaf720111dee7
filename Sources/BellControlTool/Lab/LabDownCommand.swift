import BellHost
import BellModel
import Glibc

/// `bellctl lab down`: signals the supervisor and waits until it has let go of its lock.
enum LabDownCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let patience = try invocation.count("timeout", in: 1...86_400)
        let directory = try invocation.stateDirectory()
        guard let record = running(directory) else {
            return Reply(
                json: ["stopped": false, "state_directory": .string(directory.path)],
                text: "no laboratory is up on \(directory.path)\n")
        }
        // A second signal means: at the arm, not at the block.
        for signal in 0..<(invocation.flag("now") ? 2 : 1) {
            if signal > 0 { pause(milliseconds: 200) }
            guard kill(record.pid, SIGTERM) == 0 || errno == ESRCH else {
                throw BellError(
                    .labStuck, "The supervisor (pid \(record.pid)) cannot be signalled.", at: directory.path,
                    cause: "kill: \(String(cString: strerror(errno)))", fix: "run this as the user who started it")
            }
        }
        let deadline = monotonicNanoseconds() &+ patience * 1_000_000_000
        var isTold = false
        while running(directory) != nil {
            guard monotonicNanoseconds() < deadline else {
                throw BellError(
                    .labStuck, "The laboratory is still up after \(patience) s.", at: "pid \(record.pid)",
                    state: "it was asked to stop and finishes its block",
                    fix: "wait longer with --timeout, or stop at the arm with `bellctl lab down --now`")
            }
            if !isTold, deadline &- monotonicNanoseconds() < (patience - 1) * 1_000_000_000 {
                invocation.console.say("waiting for belld to finish its block …")
                isTold = true
            }
            pause(milliseconds: 50)
        }
        return Reply(
            json: ["stopped": true, "pid": .int(Int64(record.pid)), "state_directory": .string(directory.path)],
            text: "the laboratory is down\n")
    }

    /// The supervisor's record, if one holds the lock; nil otherwise.
    ///
    /// The lock decides: a record that a killed supervisor left behind must not send a signal to a stranger.
    static func running(_ directory: StateDirectory) -> LabRecord? {
        guard isLockHeld(directory.file(LabRecord.lockName)) else { return nil }
        guard let bytes = try? readFile(directory.file(LabRecord.fileName)),
            let json = try? JSON(parsing: bytes, source: LabRecord.fileName)
        else { return nil }
        return LabRecord(json: json)
    }
}
