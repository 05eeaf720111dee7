import BellModel
import Testing

@testable import BellControlTool

@Suite("Keys on the command line")
struct KeyCommandTests {
    /// Runs bellctl in a state directory without pools.
    private func run(_ arguments: [String], isTerminal: Bool) -> (exit: ExitCode, text: String) {
        var text = ""
        let console = Console(
            write: { text += $0 }, complain: { text += $0 },
            writeBytes: { (bytes) throws(BellError) in text += String(decoding: bytes, as: UTF8.self) },
            isTerminal: isTerminal)
        let exit = ControlTool.run(
            arguments: ["key"] + arguments + ["--state", "/nonexistent/state"], console: console)
        return (exit, text)
    }

    @Test(
        "a key reaches a terminal only when it is asked for",
        arguments: [
            ([], true, "not written to a terminal unasked"), (["--format", "raw"], true, "to a terminal unasked"),
            (["--format", "hex"], true, "There are no pools"),
            (["--format", "raw", "--force"], true, "There are no pools"),
            ([], false, "There are no pools"), (["-o", "key.bin"], true, "There are no pools"),
        ])
    func terminal(arguments: [String], isTerminal: Bool, says: String) {
        let (exit, text) = run(arguments, isTerminal: isTerminal)
        #expect(exit == .usage && text.contains(says), "\(text)")
    }

    @Test(
        "sizes and formats that no key has are refused before anything is taken",
        arguments: [
            (["--bits", "12"], "whole bytes"), (["--bits", "0"], "--bits takes a whole number"),
            (["--bits", "4294967296"], "--bits takes a whole number"), (["--bits", "-8"], ""),
            (["--bits", "128", "--format", "pem"], "256 bits"), (["--format", "der"], ""),
            (["--json"], "file of its own"),
        ])
    func sizes(arguments: [String], says: String) {
        let (exit, text) = run(arguments, isTerminal: false)
        #expect(exit == .usage && text.contains(says), "\(text)")
    }
}
