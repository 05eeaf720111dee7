import BellModel
import BellRandomness
import Testing

@Suite struct BatteryReportTests {
    private func report(_ verdicts: [BatteryVerdict]) -> BatteryReport {
        BatteryReport(
            battery: "b", standard: "s", bits: 1_234_567, rule: "r",
            lines: verdicts.enumerated().map { BatteryLine(name: "test \($0.offset)", verdict: $0.element) })
    }

    static let verdicts: [([BatteryVerdict], BatteryVerdict)] = [
        ([.passed, .passed], .passed),
        ([.passed, .defect, .insufficientData(wantedBits: 9)], .defect),
        (
            [.passed, .insufficientData(wantedBits: 5), .insufficientData(wantedBits: 9)],
            .insufficientData(wantedBits: 9)
        ),
        ([.passed, .estimated], .passed),
        ([.estimated], .estimated),
    ]

    @Test("A defect outweighs missing data, and missing data outweigh a pass", arguments: verdicts)
    func verdict(lines: [BatteryVerdict], expected: BatteryVerdict) {
        #expect(report(lines).verdict == expected)
    }

    @Test("No report calls bits random", arguments: verdicts)
    func words(lines: [BatteryVerdict], expected: BatteryVerdict) {
        #expect(!report(lines).words.lowercased().contains("random"))
        #expect(report(lines).words.contains("1 234 567"))
    }

    @Test("A pass names the size, a defect the tests")
    func sentences() {
        #expect(
            report([.passed]).words == "no defect found by these tests at this size (1 tests, 1 234 567 bits)")
        #expect(report([.passed, .defect]).words.hasSuffix("by 1 of 2 tests: test 1"))
        #expect(report([.insufficientData(wantedBits: 55_000_000)]).words.contains("55 000 000 bits are wanted"))
    }

    @Test("The JSON carries verdicts, p-values, measures and the bits that are wanted")
    func json() {
        let line = BatteryLine(
            name: "t", parameters: "m = 2", pValues: [0.25], measures: [.init("estimate", 0.5, unit: "bits/bit")],
            verdict: .insufficientData(wantedBits: 77), note: "n")
        let report = BatteryReport(
            battery: "b", standard: "s", bits: 8, streams: 2, rule: "r", lines: [line], remarks: ["m"])
        #expect(report.json["verdict"]?.stringValue == "insufficient data")
        #expect(report.json["wanted_bits"]?.intValue == 77)
        #expect(report.json["streams"]?.intValue == 2)
        #expect(report.json["rule"]?.stringValue == "r")
        let first = report.json["tests"]?.arrayValue?.first
        #expect(first?["p_values"]?.arrayValue == [.double(0.25)])
        #expect(first?["measures"]?.arrayValue?.first?["unit"]?.stringValue == "bits/bit")
        #expect(first?["wanted_bits"]?.intValue == 77)
        #expect(first?["note"]?.stringValue == "n")
        #expect(line.measure("estimate") == 0.5)
        #expect(line.measure("other") == nil)
    }
}
