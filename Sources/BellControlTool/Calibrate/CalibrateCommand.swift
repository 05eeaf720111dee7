import BellCommandLine
import BellControl
import BellHost
import BellModel
import BellZeroMQ
import Glibc

/// `bellctl calibrate run|bring-up|check`: the daemon measures, this shows how far it is.
enum CalibrateCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        if invocation.flag("accept") && invocation.flag("propose-only") {
            throw BellError(
                .toolArgument, "--accept and --propose-only contradict each other.", at: "--accept",
                state: "nothing was measured", fix: "give one of them")
        }
        var params = common(invocation)
        params["force"] = .bool(invocation.flag("force"))
        params["accept"] = .bool(invocation.flag("accept"))
        return try perform("calibrate.run", .object(params), invocation)
    }

    static func bringUp(_ invocation: Invocation) throws(BellError) -> Reply {
        var params = common(invocation)
        params["mode"] = "bring-up"
        params["accept"] = .bool(!invocation.flag("propose-only"))
        return try perform("calibrate.run", .object(params), invocation)
    }

    static func check(_ invocation: Invocation) throws(BellError) -> Reply {
        try perform("calibrate.check", .object(common(invocation)), invocation)
    }

    private static func common(_ invocation: Invocation) -> [String: JSON] {
        var params: [String: JSON] = [
            "what": .array(invocation.command.positionals.map { .string($0) }), "by": .string(person(invocation)),
        ]
        if let node = invocation.text("node") { params["node"] = .string(node) }
        return params
    }

    /// Whose name stands at what is accepted.
    static func person(_ invocation: Invocation) -> String {
        invocation.text("by") ?? getenv("USER").map { String(cString: $0) } ?? "somebody"
    }

    private static func perform(
        _ method: String, _ params: JSON, _ invocation: Invocation
    ) throws(BellError) -> Reply {
        let signals = try SignalCount()
        let directory = try invocation.stateDirectory()
        do throws(BellError) {
            let answer = try follow(
                method, params, endpoint: try invocation.runDirectory().endpoint("control"),
                console: invocation.console, signals: { signals.count })
            return try reply(answer, invocation)
        } catch {
            throw invocation.unreachable(error, directory: directory)
        }
    }

    /// Asks, and shows what happens until the answer is here.
    ///
    /// - Parameter signals: How often Ctrl-C was pressed so far: the first cancels in the daemon, the second leaves.
    static func follow(
        _ method: String, _ params: JSON, endpoint: String, console: Console, signals: () -> Int
    ) throws(BellError) -> JSON {
        let control = try ControlClient(context: try ZeroMQContext(), endpoint: endpoint)
        let before = try control.call("status")["calibration"]?["began"]
        let pending = try DirectAccess.startOnThread { () throws(BellError) in
            let client = try ControlClient(context: try ZeroMQContext(), endpoint: endpoint)
            // A bring-up of real devices takes hours; whoever has enough presses Ctrl-C.
            return try client.call(method, params, timeoutMilliseconds: .max)
        }
        let screen = ProgressScreen(console: console)
        defer { screen.end() }
        var progress = CalibrateProgress(style: console.style)
        var isCancelled = false
        while pending.finished == nil {
            pause(milliseconds: 100)
            if signals() > 0, !isCancelled {
                isCancelled = true
                // One that has just ended by itself needs no cancelling.
                _ = try? control.call("calibrate.cancel")
                screen.note("cancelling; what was not accepted stays as it was")
            }
            if signals() > 1 {
                throw BellError(
                    BellError.Code("tool.interrupted", exit: .interrupted), "Left before the calibration had ended.",
                    state: "it was told to end; no further value comes into force",
                    fix: "see `bellctl calibrate status`")
            }
            guard let shown = try? control.call("status")["calibration"], shown["began"] != before else { continue }
            for line in progress.take(shown) { screen.note(line) }
            screen.draw(fraction: progress.fraction, fields: progress.fields)
        }
        let answer = try pending.wait()
        screen.end()
        for line in progress.rest(answer) { screen.note(line) }
        return answer
    }

    private static func reply(_ answer: JSON, _ invocation: Invocation) throws(BellError) -> Reply {
        let exit = answer["exit"]?.intValue.flatMap { ExitCode(rawValue: Int32(truncatingIfNeeded: $0)) } ?? .internal
        let console = invocation.console
        guard !console.isJSON else { return Reply(json: answer, text: "", exit: exit) }
        var text = ""
        for run in CalibrateText.worthPlotting(answer, all: invocation.flag("plot")) {
            // A figure that cannot be fetched any more is no reason to hide the result.
            guard let report = try? invocation.call("calibrate.show", ["run": .string(run)]) else { continue }
            text += CalibrateText.plots(report, width: console.width())
        }
        text += CalibrateText.result(answer, style: console.style)
        if let error = answer["error"], error != .null, exit != .interrupted {
            console.write(text)
            throw BellError(json: error)
        }
        return Reply(json: answer, text: text, exit: exit)
    }
}
