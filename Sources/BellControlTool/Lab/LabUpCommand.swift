import BellControl
import BellHost
import BellModel
import BellZeroMQ

/// `bellctl lab up`: the only starter.
enum LabUpCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let patience = try invocation.count("timeout", in: 1...86_400) * 1_000_000_000
        let directory = try StateDirectory(path: StateDirectory.choosePath(option: invocation.text("state")))
        let options = try options(invocation, directory: directory)
        let processes = LabProcess.all(options)
        let programs = try programs(for: processes)
        if invocation.flag("detach") { return try DetachedLab.start(invocation, directory: directory) }
        let lock = try takeLock(directory)
        defer { withExtendedLifetime(lock) {} }
        let run = try RunDirectory(for: directory)
        let endpoint = run.endpoint("control")
        let context = try ZeroMQContext()
        let drivers = try DriverFleet(
            laboratory: try LabFile.laboratory(text: try readText(options.lab), source: options.lab),
            runDirectory: run.path, directory: directory, context: context, console: invocation.console,
            ended: { device, how in
                // A daemon that does not listen has no call that waits, or its time-out.
                guard let client = try? ControlClient(context: context, endpoint: endpoint) else { return }
                _ = try? client.call(
                    "device.ended", ["device": .string(device), "how": .string(how)], timeoutMilliseconds: 500)
            })
        let signals = try SignalCount()
        let supervisor = LabSupervisor(
            processes: processes, programs: programs, drivers: drivers, directory: directory,
            console: invocation.console,
            stopRequests: { signals.count }, patience: patience,
            status: {
                // A new connection each time: the socket of a daemon that died must not answer for its successor.
                guard let client = try? ControlClient(context: context, endpoint: endpoint) else { return nil }
                return try? client.call("status", timeoutMilliseconds: 1000)
            })
        let exit = try supervisor.run()
        return Reply(
            json: ["state_directory": .string(directory.path), "stopped": true], text: "the laboratory is down\n",
            exit: exit)
    }

    private static func takeLock(_ directory: StateDirectory) throws(BellError) -> InstanceLock {
        do throws(BellError) {
            return try InstanceLock(directory.file(LabRecord.lockName))
        } catch {
            var refused = error
            refused.cause = error.what
            refused.what = "A laboratory is up on this state directory already."
            refused.fix = "`bellctl lab down` first, or choose another instance with --state DIR"
            throw refused
        }
    }

    private static func options(
        _ invocation: Invocation, directory: StateDirectory
    ) throws(BellError) -> LabProcess.Options {
        let lab = absolutePath(invocation.text("lab") ?? "")
        var options = LabProcess.Options(state: directory.path, lab: lab, profile: nil)
        options.seed = invocation.text("seed")
        options.pace = invocation.text("pace")
        options.faults = invocation.texts("fault")
        options.changes = invocation.texts("set")
        let laboratory = try LabFile.laboratory(text: try readText(lab), source: lab)
        if laboratory.needsMockLab, !invocation.flag("no-mocklab") {
            options.profile = absolutePath(invocation.text("profile") ?? "\(parent(of: lab))/profile.yaml")
        } else if let option = ["seed", "pace", "fault", "set", "profile"].first(where: {
            !invocation.texts($0).isEmpty
        }) {
            throw BellError(
                .toolArgument, "--\(option) is for mocklab, and this laboratory does not need it.", at: lab,
                fix: "leave it out, or use a lab.yaml whose boards are at zmq+ipc://@run/…")
        }
        return options
    }

    private static func programs(
        for processes: [LabProcess]
    ) throws(BellError) -> [LabProcess.Role: String] {
        var programs: [LabProcess.Role: String] = [:]
        for process in processes {
            let name = process.role.rawValue
            guard let path = Programs.find(name) else {
                throw BellError(
                    .labMissingProgram, "The program \(name) is neither beside bellctl nor on the path.",
                    at: Programs.ownDirectory, fix: "`make build`, and keep all programs in one directory")
            }
            programs[process.role] = path
        }
        return programs
    }
}
