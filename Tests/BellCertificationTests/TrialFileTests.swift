import BellModel
import Testing

@testable import BellCertification

@Suite struct TrialFileTests {
    static let two = "# Loophole-free Bell test\na, A, b, B\n"
    static let three = "# Loophole-free Bell test\n# all events\na, A, b, B\n"

    static func parse(_ text: String) throws(BellError) -> TrialTally {
        try TrialFile.parse(Array(text.utf8), source: "events.txt", format: .eth2023)
    }

    static func error(_ text: String) -> BellError? {
        do throws(BellError) {
            _ = try parse(text)
            return nil
        } catch {
            return error
        }
    }

    @Test("Two and three header lines are read; +1 is outcome 0, −1 is outcome 1", arguments: [two, three])
    func headers(header: String) throws {
        let tally = try TrialFileTests.parse(header + "0, 1, 0, -1\n1,-1,1,+1\r\n1, -1, 1, 1\n0,1.0,1,-1.000e+00\n\n")
        #expect(tally.valid == 4)
        #expect(tally.count(x: 0, y: 0, a: 0, b: 1) == 1)
        #expect(tally.count(x: 1, y: 1, a: 1, b: 0) == 2)
        #expect(tally.count(x: 0, y: 1, a: 0, b: 1) == 1)
    }

    @Test(
        "Each defect is named with its line",
        arguments: [
            (two + "0,1,0,-1\n0,1,0\n", "events.txt:4", "a, A, b, B"),
            (two + "0,1,0\n", "events.txt:3", "a, A, b, B"),
            (two + "2,1,0,-1\n", "events.txt:3", "input a"),
            (two + "0,1,7,-1\n", "events.txt:3", "input b"),
            (two + "0,0,0,1\n", "events.txt:3", "output A"),
            (two + "0,1,0,nan\n", "events.txt:3", "output B"),
            (two + "0,1,0,0.5\n", "events.txt:3", "output B"),
            ("0,1,0,-1\n0,1,0,-1\n", "events.txt:1", "header"),
            (three + "one more\n0,1,0,-1\n", "events.txt:4", "a, A, b, B"),
            (two, "events.txt:2", "no trial"), ("", "events.txt:0", "no trial"),
        ])
    func defects(text: String, place: String, word: String) throws {
        let error = try #require(TrialFileTests.error(text))
        #expect(error.code == .countsSyntax && error.place == place)
        #expect(error.what.contains(word), "\(error.what)")
    }
}
