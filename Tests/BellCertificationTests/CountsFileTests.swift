import BellModel
import Foundation
import Testing
import TestSupport

@testable import BellCertification

@Suite struct CountsFileTests {
    static let lines = (0..<16).map { "\($0 >> 3),\($0 >> 2 & 1),\($0 >> 1 & 1),\($0 & 1),\($0 * 10)" }

    static func parse(_ text: String) throws(BellError) -> TrialTally {
        try CountsFile.parse(Array(text.utf8), source: "counts.csv")
    }

    static func error(_ text: String) -> BellError? {
        do throws(BellError) {
            _ = try parse(text)
            return nil
        } catch {
            return error
        }
    }

    @Test("A counts file is read in any order of lines, with comments, CR LF, spaces and a byte-order mark")
    func tolerant() throws {
        let text =
            "\u{feff}# measured by others\r\n\r\nx, y, a, b, count\r\n"
            + CountsFileTests.lines.reversed().joined(separator: "\r\n") + "\r\n# end\r\n"
        let tally = try CountsFileTests.parse(text)
        #expect(tally.counts == (0..<16).map { UInt64($0 * 10) } && tally.losses == 0)
    }

    @Test("The shipped Table 1 is the one that the tests know")
    func shipped() throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/data/pironio2010-table1.csv")
        let bytes = Array(try Data(contentsOf: url))
        let tally = try CountsFile.parse(bytes, source: "docs/data/pironio2010-table1.csv")
        #expect(tally.counts == table1Counts)
    }

    @Test(
        "Each defect is named with its line",
        arguments: [
            ("x,y,a,b\n0,0,0,0\n", "counts.csv:1", "header"),
            ("# c\nN,x,y,a,b\n", "counts.csv:2", "header"),
            ("", "counts.csv:1", "no line"),
            ("x,y,a,b,count\n0,0,0,0\n", "counts.csv:2", "5 values"),
            ("x,y,a,b,count\n0,2,0,0,5\n", "counts.csv:2", "y = \"2\""),
            ("x,y,a,b,count\n0,0,0,0,-5\n", "counts.csv:2", "whole number"),
            ("x,y,a,b,count\n0,0,0,0,nan\n", "counts.csv:2", "whole number"),
            ("x,y,a,b,count\n0,0,nan,0,1\n", "counts.csv:2", "a = \"nan\""),
            ("x,y,a,b,count\n0,0,0,0,1e3\n", "counts.csv:2", "whole number"),
            ("x,y,a,b,count\n0,0,0,0,99999999999999999999999\n", "counts.csv:2", "whole number"),
            ("x,y,a,b,count\n0,0,0,0,281474976710657\n", "counts.csv:2", "2^48"),
            ("x,y,a,b,count\n0,0,0,0,1\n0,0,0,0,1\n", "counts.csv:3", "second time"),
            ("x,y,a,b,count\n0,0,0,0,1\n", "counts.csv:2", "15 of 16 cells"),
            ("x,y,a,b,count\n\u{1b}[2J,0,0,0,1\n", "counts.csv:2", "·"),
        ])
    func defects(text: String, place: String, word: String) throws {
        let error = try #require(CountsFileTests.error(text))
        #expect(error.code == .countsSyntax && error.code.exit == .usage)
        #expect(error.place == place)
        #expect(error.what.contains(word), "\(error.what)")
        #expect(!error.what.contains("\u{1b}"))
    }

    @Test("All wrong lines are listed, but not more than twenty")
    func many() throws {
        let text = "x,y,a,b,count\n" + String(repeating: "0,0,0,5,1\n", count: 50)
        let error = try #require(CountsFileTests.error(text))
        #expect(error.others.count == 19 && error.cause?.contains("30 further") == true)
    }

    @Test("A sum above 2^48 is refused although every count fits")
    func sum() throws {
        let text =
            "x,y,a,b,count\n"
            + (0..<16).map {
                "\($0 >> 3),\($0 >> 2 & 1),\($0 >> 1 & 1),\($0 & 1),281474976710656"
            }.joined(separator: "\n")
        let error = try #require(CountsFileTests.error(text))
        #expect(error.what.contains("2^48"))
    }

    @Test("Random bytes never crash the reader", arguments: [UInt64(1), 2, 3])
    func garbage(seed: UInt64) {
        var random = SplitMix(seed: seed)
        for _ in 0..<200 {
            let bytes = (0..<Int(random.next() % 300)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            #expect(throws: BellError.self) { try CountsFile.parse(bytes, source: "noise") }
            #expect(throws: BellError.self) { try TrialFile.parse(bytes, source: "noise", format: .eth2023) }
        }
    }
}
