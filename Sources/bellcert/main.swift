import BellCertifier
import BellCommandLine
import BellHost
import BellModel

let command = CommandSpec(
    name: "bellcert", summary: "Receive a Bell campaign's outcomes from belld and issue its certificate.",
    discussion: """
        Keeps its own database beside the journal (campaigns/<id>/cert.sqlite), acknowledges outcomes once they are \
        on disk, and writes campaigns/<id>/certificate.json when a campaign has ended. Belld may come and go; `bellctl \
        lab up` starts both. SIGTERM or Ctrl-C ends it; nothing acknowledged is lost in any way it can end.
        """,
    options: [
        OptionSpec(
            name: "state", summary: "State directory; else $BELLD_STATE, else ./.belld.", placeholder: "DIR"),
        OptionSpec(
            name: "log-level", summary: "Least level of the log lines on standard error.", placeholder: "LEVEL",
            default: "info", allowed: LogLevel.allCases.map(\.rawValue)),
    ])

do throws(BellError) {
    let parsed = try command.parse(Array(CommandLine.arguments.dropFirst()))
    switch parsed.request {
    case .help(let text): write(text)
    case .version: write("bellcert \(Version.belld)\n")
    case .run:
        try CertifierProgram.run(
            statePath: StateDirectory.choosePath(option: parsed.value("state")),
            logLevel: parsed.value("log-level").flatMap { LogLevel(rawValue: $0) } ?? .info)
    }
} catch {
    write("\(error)\n", to: .error)
    exitProgram(error.code.exit)
}
