import BellHost
import BellModel
import BellRandomness
import Glibc

/// `bellctl test-randomness`: batteries of statistical tests on packed bits.
enum TestRandomnessCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let console = invocation.console
        let path = invocation.positional(0) ?? "-"
        let length = try SP80022Length(Int(try invocation.count("stream-bits", in: 1...(1 << 40))))
        let level = try invocation.number("level", in: 0..<1)
        guard level > 0 else {
            throw BellError(
                .toolArgument, "--level takes a probability above 0.", at: "--level", fix: "give for example 1e-3")
        }
        let symbolBits = Int(try invocation.count("symbol-bits", in: 1...8))
        let threads = try threads(invocation)
        let wanted =
            invocation.text("bits") == nil ? nil : Int(try invocation.count("bits", in: 1...(1 << 42)))
        let source = try BitSource(path: path, bits: wanted)
        let isSimulated = isSimulated(path)

        let screen = ProgressScreen(console: console)
        let run = BatteryRun(
            source: source, length: length, symbolBits: symbolBits, level: level, threads: threads
        ) { share, fields in
            screen.draw(fraction: share, fields: fields)
        }
        let name = invocation.text("battery") ?? "all"
        var reports: [BatteryReport] = []
        for entry in BatteryTable.entries where name == "all" ? entry.isForFinishedBits : entry.name == name {
            reports.append(try entry.run(run))
            screen.end()
        }

        var json: [String: JSON] = [
            "source": .string(source.name), "bits": .int(Int64(source.bits)), "simulated": .bool(isSimulated),
            "software": .string(Version.belld), "caution": .string(BatteryPage.caution),
            "reports": .array(reports.map(\.json)),
        ]
        var text = isSimulated ? console.style.warn("simulated bits") + "\n" : ""
        text += reports.map { BatteryText.text($0, style: console.style) }.joined(separator: "\n")
        if let file = invocation.text("report") {
            try writeFileAtomically(file, text: JSON.object(json).prettyText + "\n", mode: 0o600)
            json["report"] = .string(absolutePath(file))
            text += "report: \(file)\n"
        }
        if let file = invocation.text("html") {
            let page = BatteryPage.html(reports, source: source.name, isSimulated: isSimulated)
            try writeFileAtomically(file, text: page, mode: 0o600)
            json["html"] = .string(absolutePath(file))
            text += "page: \(file)\n"
        }
        let hasDefect = reports.contains { $0.verdict == .defect }
        return Reply(json: .object(json), text: text, exit: hasDefect ? .experiment : .ok)
    }

    /// At most the machine's processors. `sysconf(3)`.
    private static func threads(_ invocation: Invocation) throws(BellError) -> Int {
        let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        guard invocation.text("threads") != nil else { return cores }
        return min(cores, Int(try invocation.count("threads", in: 1...1024)))
    }

    /// What the recipe beside the bits of a pool says; other files say nothing.
    private static func isSimulated(_ path: String) -> Bool {
        let recipe = "\(parent(of: absolutePath(path)))/recipe.json"
        guard path != "-", fileExists(recipe), let bytes = try? readFile(recipe, limit: 1 << 20) else { return false }
        return (try? JSON(parsing: bytes, source: recipe))?["simulated"]?.boolValue ?? false
    }
}
