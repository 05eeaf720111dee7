import BellHost
import BellModel
import BellSequence

/// `bellctl sequence check|show`: the compiler without any device.
enum SequenceCommand {
    static func check(_ invocation: Invocation) throws(BellError) -> Reply {
        let path = invocation.positional(0) ?? ""
        if let experiment = try experiment(path, invocation) {
            return Reply(
                json: ["sequence": .string(path), "ok": true, "experiment": experiment.json],
                text: "\(path): ok\n" + players(experiment))
        }
        let compiled = try compile(path, invocation)
        return Reply(
            json: ["sequence": .string(path), "ok": true, "table": compiled.table.json],
            text: "\(path): ok\n" + MarginText.render(compiled))
    }

    static func show(_ invocation: Invocation) throws(BellError) -> Reply {
        let path = invocation.positional(0) ?? ""
        let picture = invocation.text("svg") ?? pictureName(path)
        if let experiment = try experiment(path, invocation) {
            try writeFileAtomically(picture, text: experimentSVG(experiment), mode: 0o644)
            return Reply(
                json: [
                    "sequence": .string(path), "experiment": experiment.json, "svg": .string(absolutePath(picture)),
                ], text: ended(experiment.text) + "picture: \(picture)\n")
        }
        let compiled = try compile(path, invocation)
        try writeFileAtomically(picture, text: timelineSVG(compiled), mode: 0o644)
        return Reply(
            json: ["sequence": .string(path), "table": compiled.table.json, "svg": .string(absolutePath(picture))],
            text: ended(compiled.table.text) + "picture: \(picture)\n")
    }

    /// `Sequences/bell-chsh.yaml` → `bell-chsh.svg`, in the current directory.
    static func pictureName(_ path: String) -> String {
        var name = path.split(separator: "/").last.map(String.init) ?? path
        for suffix in [".yaml", ".yml"] where name.hasSuffix(suffix) { name.removeLast(suffix.count) }
        return "\(name).svg"
    }

    /// Who plays what, for a check that found nothing.
    private static func players(_ compiled: CompiledExperiment) -> String {
        Node.allCases.map { node in
            guard let program = compiled.programs[node] else { return "" }
            return "  \(node.name)   \(program.events.count) events; an experiment makes no claim of locality\n"
        }.joined()
    }

    /// The file compiled as an experiment; nil when it is a sequence of trials.
    private static func experiment(_ path: String, _ invocation: Invocation) throws(BellError) -> CompiledExperiment? {
        let settings = invocation.texts("set")
        let experiment = try OfflineCompiler.experiment(
            path, settings: settings, lab: invocation.text("lab") ?? "",
            inputBits: invocation.text("input-bits") == "host" ? .host : .board)
        if experiment == nil, !settings.isEmpty {
            throw BellError(
                .toolArgument, "\(path) is a sequence of trials: it has no parameters.", at: "--set",
                fix: "leave --set away, and change the file itself")
        }
        return experiment
    }

    private static func compile(_ path: String, _ invocation: Invocation) throws(BellError) -> CompiledSequence {
        let k = try invocation.number("k", in: 0..<1000)
        return try OfflineCompiler.compile(
            sequence: path, lab: invocation.text("lab") ?? "", k: k,
            inputBits: invocation.text("input-bits") == "host" ? .host : .board)
    }
}
