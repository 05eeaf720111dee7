import BellModel
import Testing
import TestSupport

@testable import BellHost

@Suite struct LogTests {
    @Test(
        "times are written as ISO 8601 in UTC",
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000Z"), (1_700_000_000, 999_999_999, "2023-11-14T22:13:20.999Z"),
            (951_782_400, 7_000_000, "2000-02-29T00:00:00.007Z"), (4_102_444_799, 1, "2099-12-31T23:59:59.000Z"),
        ])
    func times(seconds: Int, nanoseconds: Int, expected: String) {
        #expect(iso8601(seconds: seconds, nanoseconds: nanoseconds) == expected)
    }

    @Test("the clocks run forward")
    func clocks() {
        let first = monotonicNanoseconds()
        #expect(monotonicNanoseconds() >= first)
        #expect(wallClockISO8601() > "2024")
    }

    @Test("a line has time, level, message and metadata, and values cannot forge another line")
    func lines() {
        let metadata = Logger.text([
            "node": "alice", "trials": 12, "what": "two words\nerror x", "none": "", "q": "a\"b",
        ])
        #expect(metadata == " node=alice trials=12 what=\"two words\\nerror x\" none=\"\" q=\"a\\\"b\"")
        let line = Logger.line("2026-11-21T11:15:24.751Z", .warn, "board silent", metadata)
        #expect(line.hasPrefix("2026-11-21T11:15:24.751Z warn  board silent node=alice"))
    }

    @Test("lines below the level are left out, and context comes first")
    func levels() throws {
        let folder = try TemporaryFolder()
        let file = try LogFile(folder.file("belld.log"))
        let logger = Logger(to: file, level: .info).with(["program": "belld"])
        logger.debug("not this")
        logger.info("started", ["pid": 4])
        logger.error("failed", BellError(.fileMissing, "It is gone.", at: "/x", cause: "open"))
        let lines = try lastLines(10, of: folder.file("belld.log"))
        #expect(lines.count == 2)
        #expect(lines.first?.hasSuffix("Z info  started program=belld pid=4") == true)
        let end = "error failed program=belld code=file.missing what=\"It is gone.\" where=/x cause=open"
        #expect(lines.last?.hasSuffix(end) == true)
        #expect(mode(of: folder.file("belld.log")) == 0o600)
    }

    @Test("a terminal has a width even where there is none")
    func width() { #expect(terminalWidth() > 0) }
}
