import BellBeacon
import BellCommandLine
import BellHost
import BellModel

let command = CommandSpec(
    name: "bellbeacon", summary: "Give out certified bits as a public randomness beacon.",
    discussion: """
        Serves signed, hash-chained pulses of 512 bits over HTTP, in the manner of the NIST randomness beacon 2.0. The bits come \
        from the public pools of the state directory (`bellctl campaign extract`), each of them once; without bits there are no \
        pulses, and none is made up. `bellctl beacon verify URL` checks a chain. SIGTERM or Ctrl-C ends it; no pulse is given out \
        before it is on disk, and none twice, in any way it can end. docs/beacon.md has the format.
        """,
    options: [
        OptionSpec(
            name: "state", summary: "State directory; else $BELLD_STATE, else ./.belld.", placeholder: "DIR"),
        OptionSpec(
            name: "listen", summary: "Where it answers: an address of this machine only.", placeholder: "HOST:PORT",
            default: "127.0.0.1:8079"),
        OptionSpec(
            name: "period",
            summary: "Seconds from one pulse to the next, 1 to 86400; another one begins another chain.",
            placeholder: "SECONDS", default: "60"),
        OptionSpec(
            name: "uri",
            summary: "The beacon's address as it stands in the pulses, when a web server stands before it.",
            placeholder: "URL"),
        OptionSpec(
            name: "log-level", summary: "Least level of the log lines on standard error.", placeholder: "LEVEL",
            default: "info", allowed: LogLevel.allCases.map(\.rawValue)),
    ])

do throws(BellError) {
    let parsed = try command.parse(Array(CommandLine.arguments.dropFirst()))
    switch parsed.request {
    case .help(let text): write(text)
    case .version: write("bellbeacon \(Version.belld)\n")
    case .run:
        try BeaconProgram.run(
            try BeaconProgram.Options(
                statePath: StateDirectory.choosePath(option: parsed.value("state")),
                listen: parsed.value("listen") ?? "", period: parsed.value("period") ?? "", uri: parsed.value("uri"),
                logLevel: parsed.value("log-level").flatMap { LogLevel(rawValue: $0) } ?? .info))
    }
} catch {
    write("\(error)\n", to: .error)
    exitProgram(error.code.exit)
}
