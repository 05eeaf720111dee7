import BellCommandLine
import BellModel

/// `bellctl completion`.
enum CompletionCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let name = invocation.positional(0) ?? ""
        guard let shell = Shell(rawValue: name) else {
            throw BellError(
                .toolArgument, "There is no completion for \"\(name)\".", at: "SHELL",
                fix: "one of bash, zsh, fish")
        }
        let script = CommandTree.root.completionScript(shell)
        return Reply(json: ["shell": .string(name), "script": .string(script)], text: script)
    }
}
