import BellHost
import BellModel

/// Performs what ``LabMachine`` decides: spawns, watches and ends the laboratory's programs.
///
/// Runs on the main thread, because a parent-death signal is sent when the thread that spawned ends.
final class LabSupervisor {
    private let processes: [LabProcess]
    private let programs: [LabProcess.Role: String]
    private let drivers: DriverFleet?
    private let directory: StateDirectory
    private let console: Console
    private let stopRequests: () -> Int
    private let patience: UInt64
    private let status: () -> JSON?

    private var machine: LabMachine
    private var children: [LabProcess.Role: ChildProcess] = [:]
    /// How long each log was when its program was started: what is before that belongs to earlier runs.
    private var logStarts: [LabProcess.Role: Int] = [:]
    private var campaign: CampaignView?
    private var failure: BellError?
    private var missing: [String] = []
    private var stops = 0

    /// - Parameters:
    ///   - programs: The executables' paths.
    ///   - drivers: Programs that serve devices: started before all others, ended after them.
    ///   - stopRequests: How often a stop was asked for so far.
    ///   - patience: Nanoseconds until everything must be ready.
    ///   - status: Asks belld; nil when it does not answer.
    init(
        processes: [LabProcess], programs: [LabProcess.Role: String], drivers: DriverFleet? = nil,
        directory: StateDirectory, console: Console, stopRequests: @escaping () -> Int, patience: UInt64,
        status: @escaping () -> JSON?
    ) {
        self.processes = processes
        self.programs = programs
        self.drivers = drivers
        self.directory = directory
        self.console = console
        self.stopRequests = stopRequests
        self.patience = patience
        self.status = status
        machine = LabMachine(roles: processes.map(\.role), now: monotonicNanoseconds(), patience: patience)
    }

    /// Runs until nothing is left running.
    ///
    /// - Throws: What failed at the start: a program that died, or what was missing when time was up.
    func run() throws(BellError) -> ExitCode {
        drivers?.begin(now: monotonicNanoseconds())
        var exit = perform(machine.begin(now: monotonicNanoseconds()))
        var nextQuestion: UInt64 = 0
        while exit == nil {
            pause(milliseconds: 50)
            let now = monotonicNanoseconds()
            drivers?.look(now: now)
            var actions: [LabMachine.Action] = []
            while stops < stopRequests() {
                stops += 1
                actions += machine.handle(.stop, now: now)
            }
            for (role, child) in children {
                guard let ending = child.labEnding else { continue }
                children[role] = nil
                actions += machine.handle(.ended(role, ending), now: now)
            }
            if machine.isStarting, now >= nextQuestion {
                nextQuestion = now &+ 200_000_000
                if isReady() { actions += machine.handle(.ready, now: now) }
            }
            actions += machine.handle(.tick, now: now)
            if !actions.isEmpty { exit = perform(actions) }
        }
        drivers?.end()
        try removeFile(directory.file(LabRecord.fileName))
        if let failure { throw failure }
        return exit ?? .internal
    }

    private func isReady() -> Bool {
        guard let status = status() else {
            missing = ["belld: does not answer yet"]
            return false
        }
        campaign = CampaignView(status["campaign"])
        missing = Readiness.missing(in: status)
        return missing.isEmpty
    }

    private func perform(_ actions: [LabMachine.Action]) -> ExitCode? {
        var exit: ExitCode?
        var queue = actions[...]
        while let action = queue.popFirst() {
            switch action {
            case .spawn(let role): queue += spawn(role)
            case .terminate(let role): children[role]?.signal(.terminate)
            case .kill(let role): children[role]?.signal(.kill)
            case .say(let line): console.say(line)
            case .announce:
                console.say("the laboratory is up; Ctrl-C or `bellctl lab down` ends it")
                if let campaign, let line = LabSupervisor.goesOn(campaign) { console.say(line) }
            case .fail(let role, let ending): failure = died(role, ending)
            case .late: failure = late()
            case .finish(let code): exit = code
            }
        }
        if exit == nil { save() }
        return exit
    }

    private func spawn(_ role: LabProcess.Role) -> [LabMachine.Action] {
        guard let process = processes.first(where: { $0.role == role }), let program = programs[role] else { return [] }
        do throws(BellError) {
            logStarts[role] = fileSize(directory.file(process.log))
            let child = try ChildProcess.spawn(
                program, process.arguments, logFile: directory.file(process.log), newProcessGroup: true,
                deathSignal: .terminate)
            children[role] = child
            console.say("started \(role.rawValue) (pid \(child.processID)), log \(directory.file(process.log))")
            return []
        } catch {
            console.complain("\(error)\n")
            return machine.handle(.ended(role, .exit(ExitCode.internal.rawValue)), now: monotonicNanoseconds())
        }
    }

    /// What a person should know about a campaign that an earlier run left unfinished.
    static func goesOn(_ campaign: CampaignView) -> String? {
        let amount = "\(NumberText.count(campaign.done)) of \(NumberText.count(campaign.trials)) trials"
        switch campaign.state {
        case "preparing" where (campaign.done ?? 0) > 0, "running" where (campaign.done ?? 0) > 0, "finishing":
            return "campaign \(campaign.title) goes on (\(amount)); `bellctl campaign watch` shows it"
        case "interrupted", "paused", "suspended":
            return "campaign \(campaign.title) is unfinished (\(amount)); `bellctl campaign resume` goes on with it"
        default: return nil
        }
    }

    private func save() {
        var record = LabRecord(pid: processID(), phase: .up)
        if machine.isStarting { record.phase = .starting }
        if machine.isStopping { record.phase = .stopping }
        for (role, child) in children { record.programs[role] = child.processID }
        for (role, id) in drivers?.processIDs ?? [:] { record.programs[role] = id }
        do throws(BellError) {
            try writeFileAtomically(directory.file(LabRecord.fileName), text: record.json.text)
        } catch {
            // The record only helps other commands; the laboratory works without it.
            console.complain("\(error)\n")
        }
    }

    private func died(_ role: LabProcess.Role, _ ending: LabMachine.Ending) -> BellError {
        let log = "\(directory.logs)/\(role.rawValue).log"
        let tail = LogTail.failure((try? readFile(log)) ?? [], after: logStarts[role] ?? 0, count: 20)
        return BellError(
            BellError.Code("lab.died-at-start", exit: ending.exitCode),
            "\(role.rawValue) ended \(ending.text) before the laboratory was up.", at: log,
            cause: tail.isEmpty ? "it wrote nothing" : "it wrote:\n    " + tail.joined(separator: "\n    "),
            state: "everything that was started has been stopped",
            fix: "mend what it says, then run `bellctl lab up` again")
    }

    private func late() -> BellError {
        BellError(
            BellError.Code("lab.not-ready", exit: .hardware),
            "The laboratory was not ready within \(patience / 1_000_000_000) s.", at: directory.path,
            cause: missing.joined(separator: "; "), state: "everything that was started has been stopped",
            fix: "check the devices of lab.yaml and `bellctl log`, or wait longer with --timeout")
    }
}
