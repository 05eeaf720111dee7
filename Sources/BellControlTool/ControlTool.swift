public import BellModel

import BellCommandLine
import BellHost

/// bellctl: reads the command line, runs one command, prints its answer.
public enum ControlTool {
    /// Runs bellctl as a program does: stdout, stderr, colours and the terminal's width are the process's own.
    ///
    /// Call it from the main thread: programs that it starts get a signal when that thread ends.
    /// - Returns: The exit status.
    public static func main(arguments: [String]) -> ExitCode {
        run(arguments: arguments, console: .process())
    }

    /// Runs one command; `arguments` are without the program's name.
    static func run(arguments: [String], console: Console) -> ExitCode {
        var console = console
        // Also when the arguments cannot be read: whoever asked for JSON gets the error as JSON.
        console.isJSON = arguments.prefix { $0 != "--" }.contains("--json")
        do throws(BellError) {
            return try execute(arguments: arguments, console: console)
        } catch {
            return report(error, console: console)
        }
    }

    private static func execute(
        arguments: [String], console: Console
    ) throws(BellError) -> ExitCode {
        let command = try CommandTree.root.parse(arguments)
        switch command.request {
        case .help(let text):
            console.write(console.isJSON ? JSON.object(["help": .string(text)]).text + "\n" : text)
            return .ok
        case .version:
            let version = Version.belld
            console.write(
                console.isJSON ? JSON.object(["version": .string(version)]).text + "\n" : "bellctl \(version)\n")
            return .ok
        case .run: break
        }
        let path = command.path.joined(separator: " ")
        guard let action = actions[path] else {
            throw BellError(.toolArgument, "\"bellctl \(path)\" needs a command.", fix: "bellctl \(path) --help")
        }
        let reply = try action(Invocation(command: command, console: console))
        console.write(console.isJSON ? reply.json.text + "\n" : reply.text)
        return reply.exit
    }

    private static func report(_ error: BellError, console: Console) -> ExitCode {
        if console.isJSON {
            console.write(JSON.object(["error": error.json]).text + "\n")
        } else {
            let text = "\(error)"
            let style = console.errorStyle
            console.complain(
                (text.hasPrefix("error:") ? style.bad("error:") + text.dropFirst("error:".count) : text) + "\n")
        }
        return error.code.exit
    }

    typealias Action = @Sendable (Invocation) throws(BellError) -> Reply

    /// What each command of ``CommandTree`` does, by its path; a test compares both.
    static let actions: [String: Action] = [
        "lab up": LabUpCommand.run,
        "lab down": LabDownCommand.run,
        "status": StatusCommand.status,
        "log": LogCommand.run,
        "device list": DeviceCommand.list,
        "device show": DeviceCommand.show,
        "device set": DeviceCommand.set,
        "device safe": DeviceCommand.safe,
        "device check": DeviceCheckCommand.run,
        "device swap": DeviceSwapCommand.run,
        "device record": DeviceRecordCommand.record,
        "device recording": DeviceRecordCommand.show,
        "calibrate run": CalibrateCommand.run,
        "calibrate bring-up": CalibrateCommand.bringUp,
        "calibrate check": CalibrateCommand.check,
        "calibrate status": CalibrateValueCommand.status,
        "calibrate accept": CalibrateValueCommand.accept,
        "calibrate refuse": CalibrateValueCommand.refuse,
        "calibrate cancel": CalibrateValueCommand.cancel,
        "calibrate history": CalibrateHistoryCommand.run,
        "calibrate show": CalibrateShowCommand.run,
        "calibrate routines": CalibrateValueCommand.routines,
        "sequence check": SequenceCommand.check,
        "sequence show": SequenceCommand.show,
        "campaign plan": PlanCommand.run,
        "campaign seal": SealCommand.seal,
        "campaign anchor": SealCommand.anchor,
        "campaign start": SealCommand.start,
        "campaign abandon": SealCommand.abandon,
        "campaign watch": WatchCommand.run,
        "campaign pause": { (call) throws(BellError) in
            try CampaignControlCommand.change(call, method: "campaign.pause", done: "pauses at the end of its arm")
        },
        "campaign resume": { (call) throws(BellError) in
            try CampaignControlCommand.change(call, method: "campaign.resume", done: "goes on")
        },
        "campaign stop": { (call) throws(BellError) in
            try CampaignControlCommand.change(
                call, method: "campaign.stop", done: "ends at the arm; what was not run scores as lost")
        },
        "campaign list": CampaignControlCommand.list,
        "campaign show": CampaignControlCommand.show,
        "campaign verify": VerifyCommand.run,
        "campaign export": ExportCommand.run,
        "campaign extract": ExtractCampaignCommand.run,
        "campaign publish": PoolsCommand.publish,
        "pools": PoolsCommand.list,
        "key": KeyCommand.run,
        "certificate show": CertificateCommand.show,
        "certificate verify": CertificateCommand.verify,
        "certificate diff": CertificateCommand.diff,
        "certificate anchors": AnchorsCommand.run,
        "certificate key": CertificateCommand.key,
        "certify": CertifyCommand.run,
        "bounds": BoundsCommand.run,
        "extract plan": ExtractPlanCommand.run,
        "extract run": ExtractRunCommand.run,
        "extract verify": ExtractVerifyCommand.run,
        "test-randomness": TestRandomnessCommand.run,
        "image encrypt": ImageEncryptCommand.run,
        "image decrypt": ImageDecryptCommand.run,
        "beacon show": BeaconCommand.show,
        "beacon verify": BeaconCommand.verify,
        "beacon key": BeaconCommand.key,
        "doctor": DoctorCommand.run,
        "completion": CompletionCommand.run,
    ]
}
