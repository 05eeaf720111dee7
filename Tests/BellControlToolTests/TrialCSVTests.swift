import BellModel
import Testing

@testable import BellControlTool

@Suite("Exports and logs")
struct TrialCSVTests {
    @Test("valid trials show their bits, lost ones only the cause")
    func rows() {
        var out: [UInt8] = []
        let statuses = [
            TrialStatus(x: 0, y: 1, a: 1, b: 0), TrialStatus(x: 1, y: 1, a: 1, b: 1), TrialStatus(loss: .aliceMissing),
        ]
        #expect(TrialCSV.append(firstIndex: 9, statuses: statuses.map(\.rawValue), to: &out) == nil)
        #expect(String(decoding: out, as: UTF8.self) == "9,0,1,1,0,valid\n10,1,1,1,1,valid\n11,,,,,alice_missing\n")
    }

    @Test("a byte that is no status is named by its index")
    func unknown() {
        var out: [UInt8] = []
        #expect(TrialCSV.append(firstIndex: 5, statuses: [0, 0xff], to: &out) == 6)
    }

    @Test(
        "the tail of a log",
        arguments: [
            ("", 3, []), ("a\nb\n", 1, ["b"]), ("a\nb", 5, ["a", "b"]), ("a\n\n", 2, ["a", ""]), ("a\n", 0, []),
            ("a\u{1b}[0m\n", 1, ["a·[0m"]),
        ])
    func tail(_ text: String, _ count: Int, _ lines: [String]) {
        #expect(LogTail.lines(Array(text.utf8), count: count) == lines)
    }

    @Test(
        "a failure is told without what earlier runs wrote, and from its error on",
        arguments: [
            ("error: old\n", "started\nerror: new\n  fix: it\n", ["error: new", "  fix: it"]),
            ("error: old\n", "no error here\n", ["no error here"]), ("", "", []),
        ])
    func failure(_ old: String, _ new: String, _ lines: [String]) {
        #expect(LogTail.failure(Array((old + new).utf8), after: old.utf8.count, count: 9) == lines)
        #expect(LogTail.failure(Array(new.utf8), after: 1000, count: 9) == [])
    }

    @Test("bytes of a log that are not UTF-8 crash nothing")
    func notUTF8() {
        #expect(LogTail.lines([0xff, 0xfe, 10, 0x80], count: 2).count == 2)
    }
}
