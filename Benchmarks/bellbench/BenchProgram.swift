import BellCommandLine
import BellHost
import BellModel
import Glibc

/// bellbench as a program: measures, prints one table, and cleans up after itself.
enum BenchProgram {
    static let parts = [
        "audit", "statistics", "health", "products", "extractors", "battery", "fit", "sequence", "evolution", "usb",
        "ping",
        "belld", "lab", "bring-up",
    ]

    static let command = CommandSpec(
        name: "bellbench", summary: "Measure belld against its peers and this machine's limits, all in one run.",
        discussion: "Benchmarks/README.md says what each row does. `make bench` runs everything.",
        options: [
            OptionSpec(
                name: "bin", summary: "Folder of belld, bellcert and mocklab.", placeholder: "DIR",
                default: ".build/release"),
            OptionSpec(
                name: "peers", summary: "Folder of the peers' scripts.", placeholder: "DIR", default: "Benchmarks/peers"
            ),
            OptionSpec(
                name: "built", summary: "Folder of the compiled peers; without it their rows have no peer.",
                placeholder: "DIR"),
            OptionSpec(
                name: "testbed", summary: "Tests/USB/run; without it there are no rows of USB.", placeholder: "FILE"),
            OptionSpec(
                name: "visa", summary: "A Python that has pyvisa-py and pyusb; without it their row has no peer.",
                placeholder: "FILE"),
            OptionSpec(
                name: "qutip", summary: "A Python that has QuTiP; without it the evolution has no peer.",
                placeholder: "FILE"),
            OptionSpec(
                name: "cryptomite", summary: "A Python that has cryptomite; without it extraction has no peer.",
                placeholder: "FILE"),
            OptionSpec(
                name: "lab", summary: "The laboratory file.", placeholder: "FILE",
                default: "Calibration/mocklab/lab.yaml"),
            OptionSpec(
                name: "folder", summary: "Where databases and logs are written; removed at the end.",
                placeholder: "DIR", default: ".belld"),
            OptionSpec(
                name: "only", summary: "One part; may be given more than once.", placeholder: "PART",
                allowed: parts, repeats: true),
            OptionSpec(
                name: "trials", summary: "Trials of the row belld alone.", placeholder: "N", default: "20000000"),
            OptionSpec(name: "long", summary: "10^8 trials in the row belld alone."),
            OptionSpec(
                name: "lab-trials", summary: "Trials of the row with the whole laboratory.", placeholder: "N",
                default: "5000000"),
            OptionSpec(
                name: "arm", summary: "Trials an arm in both.", placeholder: "N", default: "16384"),
            OptionSpec(name: "json", summary: "Also write the rows as JSON.", placeholder: "FILE"),
            OptionSpec(name: "keep", summary: "Leave databases and logs."),
        ])

    /// Runs the parts that are asked for.
    ///
    /// - Returns: 0 when all were measured, whether or not goals are met; the table says which.
    static func main(_ arguments: [String]) -> ExitCode {
        do throws(BellError) {
            let line = try command.parse(arguments)
            switch line.request {
            case .help(let text): write(text)
            case .version: write("bellbench \(Version.belld)\n")
            case .run: try run(line)
            }
            return .ok
        } catch {
            write("\(error)\n", to: .error)
            return error.code.exit
        }
    }

    private static func run(_ line: ParsedCommand) throws(BellError) {
        ignoreClosedPipes()
        let interruption = Interruption()
        let watcher = try SignalWatcher { _ in interruption.happened() }
        defer { withExtendedLifetime(watcher) {} }
        let wanted = line.values("only").isEmpty ? parts : line.values("only")
        let bench = try Bench(
            folders: Bench.Folders(
                programs: absolutePath(line.value("bin") ?? ""), peers: absolutePath(line.value("peers") ?? ""),
                built: line.value("built").map(absolutePath), testbed: line.value("testbed").map(absolutePath),
                // Not resolved: a virtual environment is known by the link's place.
                visa: line.value("visa"), qutip: line.value("qutip"), cryptomite: line.value("cryptomite"),
                laboratory: absolutePath(line.value("lab") ?? "")),
            workFolder: absolutePath(line.value("folder") ?? ".belld"), keep: line.flag("keep"),
            interruption: interruption)
        defer { bench.cleanUp() }
        let armTrials = try count(line, "arm", in: 1...65_536)
        var rows: [BenchRow] = []
        for part in parts where wanted.contains(part) {
            bench.say("measuring: \(part)")
            switch part {
            case "audit": rows += try AuditBench(bench).run()
            case "statistics": rows += try StatisticsBench(bench).run()
            case "health": rows += try HealthBench(bench).run()
            case "products": rows += try ProductBench(bench).run()
            case "extractors": rows += try ExtractionBench(bench).run()
            case "battery": rows += try BatteryBench(bench).run() + EntropyBench(bench).run()
            case "fit": rows += try FitBench(bench).run()
            case "evolution": rows += try EvolutionBench(bench).run()
            case "usb": rows += try USBBench(bench).run()
            case "sequence": rows += try CompileBench(bench).run()
            case "ping": rows += try PingBench(bench).run()
            case "belld":
                let trials = line.flag("long") ? 100_000_000 : try count(line, "trials", in: 100_000...10_000_000_000)
                rows += try DaemonBench(bench, trials: trials, armTrials: armTrials).run()
            case "bring-up": rows += try BringUpBench(bench).run()
            default:
                let trials = try count(line, "lab-trials", in: 10_000...10_000_000_000)
                rows += try LaboratoryBench(bench, trials: trials, armTrials: armTrials).run()
            }
        }
        write(BenchTable(rows).text)
        if let path = line.value("json") {
            let document: JSON = [
                "version": .string(Version.belld), "time": .string(wallClockISO8601()), "machine": Machine.json,
                "rows": .array(rows.map(\.json)),
            ]
            try writeFileAtomically(path, text: document.prettyText + "\n", mode: 0o644)
        }
    }

    private static func count(_ line: ParsedCommand, _ name: String, in range: ClosedRange<UInt64>) throws(BellError)
        -> UInt64
    {
        let text = line.value(name) ?? ""
        guard let value = UInt64(text), range.contains(value) else {
            throw BellError(
                .usage, "`\(text)` is no number of trials.", at: "--\(name)",
                fix: "write a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
