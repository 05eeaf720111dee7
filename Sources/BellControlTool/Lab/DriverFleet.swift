import BellHost
import BellModel
import BellSequence
import BellZeroMQ
import ExternalDriver

/// The programs that lab.yaml says to `run` for its devices: started, asked for signs of life, and started again.
///
/// Performs what a ``DriverSupervisor`` a device decides. Belongs to the laboratory's supervisor and its thread.
final class DriverFleet {
    private final class Member {
        let device: String
        let program: String
        let arguments: [String]
        let log: String
        let probe: DriverProbe
        var supervisor = DriverSupervisor()
        var child: ChildProcess?

        init(device: String, program: String, arguments: [String], log: String, probe: DriverProbe) {
            self.device = device
            self.program = program
            self.arguments = arguments
            self.log = log
            self.probe = probe
        }
    }

    private let members: [Member]
    private let console: Console
    /// Tells belld that a device's program has ended by itself, and how: calls that wait for it need not time out.
    private let ended: (_ device: String, _ how: String) -> Void

    /// - Throws: `lab.missing-program` for a program that cannot be run.
    init(
        laboratory: Laboratory, runDirectory: String, directory: StateDirectory, context: ZeroMQContext,
        console: Console, ended: @escaping (_ device: String, _ how: String) -> Void = { _, _ in }
    ) throws(BellError) {
        self.console = console
        self.ended = ended
        var members: [Member] = []
        for device in laboratory.devices {
            guard let program = device.run.first,
                let endpoint = device.address.zeroMQEndpoint(runDirectory: runDirectory)
            else { continue }
            members.append(
                Member(
                    device: device.name,
                    program: try DriverFleet.executable(program, of: device, lab: laboratory.source),
                    arguments: device.run.dropFirst().map { $0.replacing("@run", with: runDirectory) },
                    log: directory.file(LabProcess(role: .driver(device.name), arguments: []).log),
                    probe: DriverProbe(
                        context: context, endpoint: endpoint, dialect: device.driver == .board ? .board : .instrument)))
        }
        self.members = members
    }

    /// The running programs.
    var processIDs: [LabProcess.Role: Int32] {
        var ids: [LabProcess.Role: Int32] = [:]
        for member in members { ids[.driver(member.device)] = member.child?.processID }
        return ids
    }

    /// Starts all of them.
    func begin(now: UInt64) {
        for member in members { perform(member.supervisor.begin(now: now), member, now: now) }
    }

    /// Looks after all of them; call it every few tens of milliseconds.
    func look(now: UInt64) {
        for member in members {
            if let ending = member.child?.labEnding {
                member.child = nil
                member.probe.close()
                perform(member.supervisor.handle(.ended(how: ending.text), now: now), member, now: now)
            }
            if member.probe.takeAnswer() { perform(member.supervisor.handle(.answered, now: now), member, now: now) }
            perform(member.supervisor.handle(.tick, now: now), member, now: now)
        }
    }

    /// From SIGTERM to the end of waiting: SIGKILL comes after 5 s (``SupervisionPolicy/grace``), and again after 10 s.
    static let patience: UInt64 = 12_000_000_000

    /// Ends all of them, and waits: SIGKILL follows after the grace of each.
    ///
    /// A program that not even SIGKILL ends (a call of the system that does not return) is named and left behind.
    /// - Parameter patience: Nanoseconds to wait at most.
    func end(patience: UInt64 = DriverFleet.patience) {
        let begin = monotonicNanoseconds()
        for member in members {
            let now = monotonicNanoseconds()
            perform(member.supervisor.handle(.stop, now: now), member, now: now)
        }
        while members.contains(where: { $0.supervisor.phase != .finished }) {
            guard monotonicNanoseconds() &- begin < patience else { return complain() }
            pause(milliseconds: 20)
            look(now: monotonicNanoseconds())
        }
    }

    private func complain() {
        for member in members {
            guard let child = member.child else { continue }
            let error = BellError(
                .labDriverStays, "The driver of \(member.device) does not end.", at: "pid \(child.processID)",
                cause: "it was sent SIGTERM and SIGKILL; a call of the system may hold it",
                state: "everything else has been ended",
                fix: "see `ps -o stat,wchan -p \(child.processID)`, and unplug what it waits for")
            console.complain("\(error)\n")
        }
    }

    private func perform(_ actions: [DriverSupervisor.Action], _ member: Member, now: UInt64) {
        for action in actions {
            switch action {
            case .start: start(member, now: now)
            // That nobody listens shows as silence.
            case .ping: try? member.probe.ask()
            case .terminate: member.child?.signal(.terminate)
            case .kill: member.child?.signal(.kill)
            case .report(.finished): break
            case .report(let report):
                if case .restarting(let how, _) = report { ended(member.device, how) }
                console.say(report.text(of: member.device))
            }
        }
    }

    private func start(_ member: Member, now: UInt64) {
        do throws(BellError) {
            let child = try ChildProcess.spawn(
                member.program, member.arguments, logFile: member.log, newProcessGroup: true, endsGroup: true,
                deathSignal: .terminate)
            member.child = child
            console.say("started the driver of \(member.device) (pid \(child.processID)), log \(member.log)")
        } catch {
            console.complain("\(error)\n")
            perform(member.supervisor.handle(.ended(how: "before it began"), now: now), member, now: now)
        }
    }

    /// A path is relative to lab.yaml's folder, a bare word is looked for on the path.
    private static func executable(
        _ program: String, of device: Laboratory.Device, lab: String
    ) throws(BellError) -> String {
        let path =
            if program.hasPrefix("/") {
                program
            } else if program.contains("/") {
                "\(parent(of: lab))/\(program)"
            } else {
                Programs.onPath(program)
            }
        if let path, Programs.isProgram(path) { return path }
        throw BellError(
            .labMissingProgram, "The program \(program.prefix(200)) of the device \(device.name) cannot be run.",
            at: "\(device.place) devices.\(device.name).run",
            cause: path.map { "there is no executable file \($0)" } ?? "it is not on the path",
            fix: "a path is relative to lab.yaml's folder; a script needs its interpreter as the first word")
    }
}
