import BellModel
import Foundation
import Testing

@testable import BellControlTool

@Suite("bellctl certify")
struct CertifyCommandTests {
    private static let counts =
        URL(filePath: #filePath).appending(path: "../../../docs/data/pironio2010-table1.csv").standardized.path

    @Test("the counts of Pironio 2010 are analysed and not certified")
    func pironio() throws {
        let terminal = Terminal()
        #expect(terminal.run("certify", "--counts", Self.counts, "--minus-on", "11", "--n", "3016") == .ok)
        #expect(terminal.out.contains("2.4145"))
        #expect(terminal.out.hasSuffix("\n"))
        let program = Terminal()
        #expect(program.run("certify", "--counts", Self.counts, "--minus-on", "11", "--json") == .ok)
        #expect(try program.json.objectValue != nil)
        #expect(try program.json["verdict"] == nil)
    }

    @Test(
        "what is not said is asked for",
        arguments: [
            (["--counts", "x.csv"], "--minus-on"), (["--minus-on", "11"], "--counts"),
            (["--trials", "x.txt", "--minus-on", "01"], "--format"),
            (["--counts", "a", "--trials", "b", "--minus-on", "01"], "--counts"),
            (["--counts", "x", "--minus-on", "11", "--bias", "0.5"], "--bias"),
            (["--counts", "x", "--minus-on", "11", "--bias", "nan"], "--bias"),
            (["--counts", "x", "--minus-on", "11", "--n", "0"], "--n"),
            (["--counts", "x", "--minus-on", "11", "--n", "nan"], "--n"),
            (["--counts", counts, "--minus-on", "11", "--n", "3017"], "add up to 3016 trials, not to n = 3017"),
            (["--counts", "/nonexistent/file.csv", "--minus-on", "11"], "/nonexistent/file.csv"),
        ])
    func missing(_ options: [String], _ word: String) {
        let terminal = Terminal()
        #expect(terminal.run(["certify"] + options) == .usage)
        #expect(terminal.err.contains(word))
    }
}
