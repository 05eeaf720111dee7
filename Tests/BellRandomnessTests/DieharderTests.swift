import BellRandomness
import Testing

@Suite struct DieharderTests {
    private let test = Dieharder.tests[0]

    private func output(_ rows: [String], rewound: Bool = false) -> String {
        let bar = "#=============================================================================#"
        let head = [
            bar, "#            dieharder version 3.31.1 Copyright 2003 Robert G. Brown          #", bar,
            "   rng_name    |           filename             |rands/second|",
            " file_input_raw|                           r.bin|  2.40e+07  |", bar,
            "        test_name   |ntup| tsamples |psamples|  p-value |Assessment", bar,
        ]
        return (head + rows + (rewound ? ["# The file file_input_raw was rewound 13 times"] : [])).joined(
            separator: "\n")
    }

    @Test("A row's p-value decides, and the rows above it are none")
    func passed() throws {
        let row = "   diehard_birthdays|   0|       100|     100|0.30795479|  PASSED  "
        let line = try #require(Dieharder.line(test, output: output([row])))
        #expect(line.verdict == .passed && line.pValues == [0.30795479] && line.note.isEmpty)
    }

    @Test("What dieharder calls failed is a defect, what it calls weak a note")
    func defects() throws {
        let weak = "     diehard_2dsphere|   2|      8000|     100|0.99644789|   WEAK   "
        let failed = "     dab_bytedistrib|   0|  51200000|       1|0.00000000|  FAILED  "
        let first = try #require(Dieharder.line(test, output: output([weak])))
        #expect(first.verdict == .passed && first.note.contains("1 of 1"))
        #expect(try #require(Dieharder.line(test, output: output([weak, failed]))).verdict == .defect)
        let high = failed.replacing("0.00000000", with: "1.00000000")
        #expect(try #require(Dieharder.line(test, output: output([high]))).verdict == .defect)
    }

    @Test("A test that has begun the file again does not count, whatever it says")
    func rewound() throws {
        let failed = "     dab_bytedistrib|   0|  51200000|       1|0.00000000|  FAILED  "
        let line = try #require(Dieharder.line(test, output: output([failed], rewound: true)))
        #expect(line.verdict == .insufficientData(wantedBits: test.bits) && line.pValues.isEmpty)
    }

    @Test(
        "Other words are no result",
        arguments: ["", "a|b|c|d|e|f", "x|0|1|1|nan|PASSED", "x|0|1|1|2.0|PASSED", "x|0|1|1|0.5|MAYBE"])
    func none(text: String) { #expect(Dieharder.line(test, output: text) == nil) }

    @Test("Every test says how many bits it wants, and a report of none passes nothing")
    func missing() {
        #expect(Dieharder.tests.allSatisfy { $0.bits >= 400_000_000 })
        #expect(Set(Dieharder.tests.map(\.number)).count == Dieharder.tests.count)
        let report = Dieharder.report(bits: 1000, lines: Dieharder.tests.map(Dieharder.missing))
        #expect(report.verdict == .insufficientData(wantedBits: 71_000_000_000))
        #expect(Dieharder.arguments(test, file: "f") == ["-d", "0", "-g", "201", "-f", "f"])
    }
}
