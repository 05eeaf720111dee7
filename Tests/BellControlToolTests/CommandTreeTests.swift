import BellCommandLine
import BellModel
import Foundation
import Testing

@testable import BellControlTool

@Suite("Command line")
struct CommandTreeTests {
    @Test("every command of the tree does something, and nothing else exists")
    func actions() {
        let paths = CommandTable.commands(CommandTree.root).map(\.path)
        #expect(Set(paths) == Set(ControlTool.actions.keys))
        #expect(paths.count == ControlTool.actions.count)
    }

    @Test("every command takes --json and --state, and says what it does in one sentence")
    func common() {
        for (path, command) in CommandTable.commands(CommandTree.root) {
            #expect(Set(command.options.map(\.name)).isSuperset(of: ["json", "state"]), "\(path)")
            #expect(command.summary.hasSuffix(".") && command.summary.count <= 90, "\(path)")
            #expect(Set(command.options.map(\.name)).count == command.options.count, "\(path)")
        }
    }

    @Test("docs/bellctl.md is the command tree")
    func document() throws {
        let file = URL(filePath: #filePath).appending(path: "../../../docs/bellctl.md").standardized
        let expected = CommandTable.markdown(CommandTree.root)
        if ProcessInfo.processInfo.environment["BELL_WRITE_DOCS"] != nil {
            try expected.write(to: file, atomically: true, encoding: .utf8)
        }
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text == expected, "run BELL_WRITE_DOCS=1 swift test --filter CommandTree, and look at the change")
    }

    @Test("a mistyped command is answered with the nearest one")
    func didYouMean() {
        let terminal = Terminal()
        #expect(terminal.run("campagin", "list") == .usage)
        #expect(terminal.err.hasPrefix("error: "))
        #expect(terminal.err.contains("campaign"))
        #expect(terminal.out.isEmpty)
    }

    @Test(
        "with --json an error is one object on stdout and nothing on stderr",
        arguments: [
            ["campagin", "--json"], ["--json", "campagin"], ["status", "--jsno", "--json"], ["certify", "--json"],
            ["log", "--json", "-n", "0"],
        ])
    func jsonErrors(_ arguments: [String]) throws {
        let terminal = Terminal()
        #expect(terminal.run(arguments) == .usage)
        #expect(terminal.err.isEmpty)
        let error = try terminal.json["error"]
        #expect(error?["code"]?.stringValue?.isEmpty == false)
        #expect(error?["what"]?.stringValue?.isEmpty == false)
    }

    @Test("the version, for people and for programs")
    func version() throws {
        let terminal = Terminal()
        #expect(terminal.run("--version") == .ok)
        #expect(terminal.out == "bellctl \(Version.belld)\n")
        let program = Terminal()
        #expect(program.run("--version", "--json") == .ok)
        #expect(try program.json["version"]?.stringValue == Version.belld)
    }

    @Test("help exists at every level")
    func help() {
        for path in [""] + CommandTable.commands(CommandTree.root).map(\.path) + [
            "lab", "device", "sequence", "campaign",
        ] {
            let terminal = Terminal()
            #expect(terminal.run(path.split(separator: " ").map(String.init) + ["--help"]) == .ok, "\(path)")
            #expect(terminal.out.contains("usage: bellctl\(path.isEmpty ? "" : " ")\(path)"), "\(path)")
        }
    }

    @Test("completion scripts name every command", arguments: ["bash", "zsh", "fish"])
    func completion(_ shell: String) {
        let terminal = Terminal()
        #expect(terminal.run("completion", shell) == .ok)
        for (path, _) in CommandTable.commands(CommandTree.root) {
            for word in path.split(separator: " ") { #expect(terminal.out.contains(word), "\(path)") }
        }
        #expect(Terminal().run("completion", "tcsh") == .usage)
    }

    @Test(
        "a daemon that is not there is exit 5, with the remedy",
        arguments: [
            ["status"], ["device", "list"], ["campaign", "list"], ["campaign", "show"], ["campaign", "pause"],
        ])
    func unreachable(_ arguments: [String]) {
        let state = "\(NSTemporaryDirectory())belld-\(UInt64.random(in: .min ... .max))"
        let terminal = Terminal()
        #expect(terminal.run(arguments + ["--state", state]) == .unreachable)
        #expect(terminal.err.contains("fix:"))
        #expect(!FileManager.default.fileExists(atPath: state))
    }
}
