import BellHost
import BellModel

/// `bellctl log`: the end of a program's log file, and on with it.
enum LogCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let count = Int(try invocation.count("lines", in: 1...1_000_000))
        let program = invocation.text("of") ?? "belld"
        let path = "\(try invocation.stateDirectory().logs)/\(program).log"
        if invocation.flag("follow") {
            if invocation.console.isJSON {
                throw BellError(
                    .toolArgument, "--follow has no end, and --json prints one object.", at: "--follow",
                    fix: "leave out one of them")
            }
            return try follow(path, count: count, console: invocation.console)
        }
        let lines = LogTail.lines(try end(of: path), count: count)
        return Reply(
            json: ["file": .string(path), "lines": .array(lines.map(JSON.string))],
            text: lines.map { $0 + "\n" }.joined())
    }

    /// The last 4 MiB: a night's log would not fit a screen anyway.
    private static func end(of path: String) throws(BellError) -> [UInt8] {
        var tail = try FileTail(path: path)
        return try tail.last(bytes: 4 << 20)
    }

    private static func follow(_ path: String, count: Int, console: Console) throws(BellError) -> Reply {
        let signals = try SignalCount()
        var tail = try FileTail(path: path)
        for line in LogTail.lines(try tail.last(bytes: 4 << 20), count: count) { console.say(line) }
        var rest: [UInt8] = []
        while signals.count == 0 {
            rest += try tail.new()
            if let end = rest.lastIndex(of: UInt8(ascii: "\n")) {
                for line in LogTail.lines(Array(rest[...end]), count: .max) { console.say(line) }
                rest.removeSubrange(...end)
            }
            pause(milliseconds: 100)
        }
        return Reply(json: [:], text: "", exit: .interrupted)
    }
}
