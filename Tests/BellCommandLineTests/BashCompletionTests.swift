import BellCommandLine
import Glibc
import Testing

@Suite struct BashCompletionTests {
    static let tree = CommandSpec(
        name: "tool", summary: "Does things.",
        subcommands: [
            CommandSpec(
                name: "campaign", summary: "Campaigns.",
                subcommands: [
                    CommandSpec(
                        name: "start", summary: "Starts one.",
                        options: [
                            OptionSpec(
                                name: "format", summary: "The format.", placeholder: "F", allowed: ["csv", "json"])
                        ]),
                    CommandSpec(name: "stop", summary: "Stops one."),
                ]),
            CommandSpec(name: "start", summary: "Another start."),
        ])

    /// What bash itself offers for a line whose last word is being typed.
    private func complete(_ words: [String]) throws -> [String] {
        let list = words.map { "'\($0)'" }.joined(separator: " ")
        let script =
            Self.tree.completionScript(.bash) + """
                COMP_WORDS=(tool \(list)); COMP_CWORD=\(words.count); _tool; printf '%s\\n' "${COMPREPLY[@]}"
                """
        var template = Array("/tmp/bellcompletion-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        defer {
            close(file)
            unlink(template)
        }
        let path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        _ = script.withCString { write(file, $0, strlen($0)) }
        let pipe = try #require(popen("cd / && bash \(path)", "r"))
        defer { pclose(pipe) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { output += buffer.prefix(count) }
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init).sorted()
    }

    @Test(
        "bash offers what can follow",
        arguments: [
            ([""], ["--help", "campaign", "start"]), (["ca"], ["campaign"]), (["campaign", "st"], ["start", "stop"]),
            (["campaign", "start", "--f"], ["--format"]), (["campaign", "start", "--format", "c"], ["csv"]),
            // The word "campaign" after "start" is an argument there, not a command.
            (["start", "campaign", "-"], ["--help"]),
        ])
    func offers(words: [String], expected: [String]) throws { #expect(try complete(words) == expected) }
}
