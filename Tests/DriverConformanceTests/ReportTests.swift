import BellModel
import DriverConformance
import Foundation
import Testing

@Suite("The conformance report")
struct ReportTests {
    private let report = ConformanceReport(
        device: "alice at mock://lab/alice", identity: "mock board, serial 1, firmware 2, node alice",
        isSimulated: true,
        checks: [
            ConformanceCheck(
                id: "trials.numbering", title: "indices are the host's", verdict: .passed,
                measurements: [.init("records", 2000, ""), .init("chunks", 2, "")], duration: .milliseconds(12)),
            ConformanceCheck(
                id: "latency.ping", title: "time from PING to PONG", verdict: .note(""),
                measurements: [.init("p50", 0.0412, "ms"), .init("p99", 12.34, "ms")], duration: .seconds(1)),
            ConformanceCheck(
                id: "arm.not-master", title: "START", verdict: .skipped("it is the trigger master")),
            ConformanceCheck(
                id: "program.read-back", title: "PROGRAM_LOADED tells what is in memory",
                verdict: .failed(
                    BellError(
                        .conformanceViolation, "The CRC-32C read back is 0x1, that of what was sent 0x2.",
                        at: "docs/board-protocol.md, \"PROGRAM_LOADED 0x0102\"; alice",
                        fix: "compute it over the program's bytes",
                        others: [BellError(.conformanceViolation, "4 bytes are read back, 8 were sent.")]))),
        ])

    @Test("The table")
    func table() {
        #expect(
            report.text == """
                alice at mock://lab/alice: mock board, serial 1, firmware 2, node alice
                simulated: what passes here has been shown of a simulation only

                  check              result      time  value, or why not
                  trials.numbering   passed    0.01 s  records 2000, chunks 2
                  latency.ping       note      1.00 s  p50 0.0412 ms, p99 12.3 ms
                  arm.not-master     skipped   0.00 s  it is the trigger master
                  program.read-back  FAILED    0.00 s  PROGRAM_LOADED tells what is in memory
                      what:  The CRC-32C read back is 0x1, that of what was sent 0x2.
                      what:  4 bytes are read back, 8 were sent.
                      where: docs/board-protocol.md, "PROGRAM_LOADED 0x0102"; alice
                      fix:   compute it over the program's bytes

                4 checks: 1 passed, 1 failed, 1 skipped, 1 measured; 1.0 s

                """)
    }

    @Test("No line is over 100 columns, whatever a device says")
    func width() {
        var wide = report
        wide.identity = String(repeating: "x", count: 500)
        wide.checks[2].verdict = .skipped(String(repeating: "a long reason, ", count: 40))
        wide.checks[3].verdict = .failed(
            BellError(
                .conformanceViolation, String(repeating: "y", count: 333), cause: String(repeating: "z z ", count: 99)))
        for line in wide.text.split(separator: "\n") { #expect(line.count <= 100) }
        #expect(wide.text.count { $0 == "x" } >= 500 && wide.text.count { $0 == "y" } >= 333)
    }

    @Test("JSON has what the table has")
    func json() throws {
        let json = report.json
        #expect(json["passed"]?.boolValue == false && json["simulated"]?.boolValue == true)
        #expect(json["counts"]?["failed"]?.intValue == 1)
        let checks = try #require(json["checks"]?.arrayValue)
        #expect(checks.map { $0["verdict"]?.stringValue } == ["passed", "note", "skipped", "failed"])
        #expect(checks[1]["measurements"]?.arrayValue?.first?["unit"]?.stringValue == "ms")
        #expect(checks[2]["reason"]?.stringValue == "it is the trigger master")
        #expect(checks[3]["error"]?["fix"]?.stringValue == "compute it over the program's bytes")
        #expect(checks[3]["error"]?["others"]?.arrayValue?.count == 1)
    }

    @Test("Exit codes")
    func exitCodes() {
        #expect(report.exitCode == .hardware && !report.hasPassed)
        var good = report
        good.checks.removeLast()
        #expect(good.exitCode == .ok && good.hasPassed)
        good.wasInterrupted = true
        #expect(good.exitCode == .interrupted && !good.hasPassed)
        #expect(good.text.contains("interrupted; the device was left safe"))
    }
}

@Suite("docs/conformance.md and docs/board-protocol.md")
struct DocumentTests {
    private static let docs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("docs")

    @Test("Every check stands in docs/conformance.md")
    func checks() throws {
        let text = try String(contentsOf: DocumentTests.docs.appendingPathComponent("conformance.md"), encoding: .utf8)
        for id in BoardConformance.catalogue.map(\.id) + InstrumentConformance.catalogue.map(\.id) {
            #expect(text.contains("| `\(id)` |"), "\(id)")
        }
    }

    @Test("Every section that a check names is a heading of docs/board-protocol.md")
    func sections() throws {
        let text = try String(
            contentsOf: DocumentTests.docs.appendingPathComponent("board-protocol.md"), encoding: .utf8)
        let headings = Set(
            text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { $0.drop { $0 == "#" || $0 == " " } })
        for check in BoardConformance.catalogue { #expect(headings.contains(check.section[...]), "\(check.section)") }
    }
}
