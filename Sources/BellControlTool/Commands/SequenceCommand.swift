import BellHost
import BellModel
import BellSequence

/// `bellctl sequence check|show`: the compiler without any device.
enum SequenceCommand {
    static func check(_ invocation: Invocation) throws(BellError) -> Reply {
        let path = invocation.positional(0) ?? ""
        let compiled = try compile(path, invocation)
        return Reply(
            json: ["sequence": .string(path), "ok": true, "table": compiled.table.json],
            text: "\(path): ok\n" + MarginText.render(compiled))
    }

    static func show(_ invocation: Invocation) throws(BellError) -> Reply {
        let path = invocation.positional(0) ?? ""
        let compiled = try compile(path, invocation)
        let picture = invocation.text("svg") ?? pictureName(path)
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

    private static func compile(_ path: String, _ invocation: Invocation) throws(BellError) -> CompiledSequence {
        let k = try invocation.number("k", in: 0..<1000)
        return try OfflineCompiler.compile(
            sequence: path, lab: invocation.text("lab") ?? "", k: k,
            inputBits: invocation.text("input-bits") == "host" ? .host : .board)
    }
}
