import BellModel
import Foundation
import TestSupport
import Testing

@testable import BellControlTool

@Suite("bellctl test-randomness")
struct TestRandomnessTests {
    /// A folder with `bits.bin`, removed with this value's last use.
    private final class Bits {
        let folder = "\(NSTemporaryDirectory())belld-battery-\(UInt64.random(in: .min ... .max))"
        var path: String { "\(folder)/bits.bin" }

        init(streams: Double, seed: UInt64 = 1, _ change: (UInt64, UInt64) -> UInt64 = { first, _ in first }) throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            var numbers = SplitMix(seed: seed)
            let words = (0..<Int(streams * 15_625)).map { _ in change(numbers.next(), numbers.next()) }
            try words.withUnsafeBytes { Data($0) }.write(to: URL(filePath: path))
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }
    }

    private func run(_ bits: Bits, _ more: String...) -> (terminal: Terminal, exit: ExitCode) {
        let terminal = Terminal()
        return (terminal, terminal.run(["test-randomness", bits.path, "--battery", "sp800-22"] + more))
    }

    @Test("good bits end with 0, a sentence that names the size, a page and a report that stand alone")
    func good() throws {
        let bits = try Bits(streams: 56)
        let (page, report) = ("\(bits.folder)/page.html", "\(bits.folder)/report.json")
        let (terminal, exit) = run(bits, "--html", page, "--report", report)
        #expect(exit == .ok, "\(terminal.err)")
        #expect(terminal.out.contains("no defect found by 162 of 188 tests at this size"), "\(terminal.out)")
        #expect(terminal.out.contains("wants 127 000 000 bits"))
        #expect(terminal.out.contains("rule: At least 55 streams"))
        let html = try String(contentsOfFile: page, encoding: .utf8)
        #expect(html.contains("<svg") && html.contains("non-overlapping template 000000001"))
        // Nothing is fetched: a link, a script or an image would need one of these.
        #expect(!html.contains("href=") && !html.contains("src=") && !html.contains("<script"))
        #expect(!html.lowercased().contains("is random") && !html.lowercased().contains("are random"))
        let json = try JSON(parsing: [UInt8](Data(contentsOf: URL(filePath: report))), source: report)
        let tests = try #require(json["reports"]?.arrayValue?.first?["tests"]?.arrayValue)
        #expect(tests.count == 188 && tests[0]["p_values"]?.arrayValue?.count == 56)
        #expect(json["simulated"] == false)
    }

    @Test(
        "bits with too many ones end with 1 and name the tests, whatever the number of threads", arguments: ["1", "2"])
    func defect(threads: String) throws {
        // Each bit is one with 51.6 %: of 32 bits one is set for sure.
        let bits = try Bits(streams: 55, seed: 2) { first, _ in first | 0x0000_0001_0000_0001 }
        let (terminal, exit) = run(bits, "--threads", threads, "--json")
        #expect(exit == .experiment)
        let report = try #require(try terminal.json["reports"]?.arrayValue?.first)
        #expect(report["verdict"] == "defect" && report["streams"] == 55)
        #expect(report["words"]?.stringValue?.contains("frequency") == true)
    }

    @Test("few bits are insufficient data with how many are wanted, not a pass and no failure", arguments: [0.1, 3.5])
    func few(streams: Double) throws {
        let bits = try Bits(streams: streams)
        let (terminal, exit) = run(bits, "--json")
        #expect(exit == .ok, "\(terminal.err)")
        let report = try #require(try terminal.json["reports"]?.arrayValue?.first)
        #expect(report["verdict"] == "insufficient data" && report["wanted_bits"] == 127_000_000)
        let lines = try #require(report["tests"]?.arrayValue)
        #expect(lines.allSatisfy { $0["verdict"] == "insufficient data" })
        #expect(lines[0]["wanted_bits"] == 55_000_000)
        #expect((lines[0]["p_values"]?.arrayValue?.count ?? 0) == Int(streams))
    }

    @Test("the first bits alone are tested when --bits says so, and a pool's recipe says that they are simulated")
    func part() throws {
        let bits = try Bits(streams: 2)
        try #"{"simulated": true}"#.write(toFile: "\(bits.folder)/recipe.json", atomically: true, encoding: .utf8)
        let (terminal, exit) = run(bits, "--bits", "1000001", "--json")
        #expect(exit == .ok)
        #expect(try terminal.json["bits"] == 1_000_001)
        #expect(try terminal.json["simulated"] == true)
        #expect(try terminal.json["reports"]?.arrayValue?.first?["streams"] == 1)
    }

    @Test(
        "what cannot be tested is refused with 2, the place and what to do",
        arguments: [
            (["--bits", "1000064"], "at most --bits 1000000"), (["--stream-bits", "1000003"], "1000000 or 1024000"),
            (["--level", "0"], "--level"), (["--level", "2"], "--level"), (["--threads", "0"], "--threads"),
            (["--battery", "sp800"], "--battery"),
        ])
    func refused(words: [String], place: String) throws {
        let bits = try Bits(streams: 1)
        let terminal = Terminal()
        #expect(terminal.run(["test-randomness", bits.path] + words) == .usage, "\(terminal.out)")
        #expect(terminal.err.contains(place) && terminal.err.contains("fix:"), "\(terminal.err)")
    }

    @Test("a file that is missing, empty or a folder is refused")
    func unreadable() throws {
        let empty = try Bits(streams: 0)
        for path in [empty.path, "\(empty.folder)/none", empty.folder] {
            let terminal = Terminal()
            #expect(terminal.run(["test-randomness", path]) == .usage, "\(terminal.out)")
            #expect(terminal.err.contains("where:") && terminal.err.contains("fix:"), "\(terminal.err)")
        }
    }
}
