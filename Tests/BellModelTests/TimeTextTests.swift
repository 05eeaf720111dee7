import BellModel
import Testing

@Suite("Times and spans as text")
struct TimeTextTests {
    @Test(
        "An instant reads and writes as RFC 3339 says",
        arguments: [
            // Seconds since 1970 as `date -u -d … +%s` gives them.
            ("1970-01-01T00:00:00Z", 0), ("2026-11-20T06:12:00Z", 1_795_155_120_000),
            ("2024-02-29T23:59:59.125Z", 1_709_251_199_125), ("1969-12-31T23:59:59.999Z", -1),
            ("2000-03-01T00:00:00Z", 951_868_800_000), ("0001-01-01T00:00:00Z", -62_135_596_800_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000),
        ])
    func instant(text: String, milliseconds: Int64) {
        #expect(UTCTime(text)?.milliseconds == milliseconds)
        #expect(UTCTime(milliseconds: milliseconds).description == text)
    }

    @Test("Fractions are cut to milliseconds, a leap second is the next one")
    func odd() {
        #expect(UTCTime("2026-11-20T06:12:00.98765Z") == UTCTime("2026-11-20T06:12:00.987Z"))
        #expect(UTCTime("2026-11-20T06:12:00.5Z") == UTCTime("2026-11-20T06:12:00.500Z"))
        #expect(UTCTime("2016-12-31T23:59:60Z") == UTCTime("2017-01-01T00:00:00Z"))
        #expect(UTCTime("2026-11-20T06:12:00Z")?.compactDate == "20261120")
    }

    @Test(
        "What is no instant in UTC is refused",
        arguments: [
            "", "Z", "2026-11-20", "2026-11-20T06:12:00", "2026-11-20T06:12:00.Z", "2026-11-20 06:12:00Z",
            "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-20T24:00:00Z",
            "2026-11-20T06:60:00Z", "2026-11-20T06:12:61Z", "2026-11-20T06:12:00+01:00", "2026-1a-20T06:12:00Z",
            "2026-11-20T06:12:00.12a4Z", "2026-00-10T06:12:00Z", "2026-11-00T06:12:00Z",
        ])
    func noInstant(text: String) { #expect(UTCTime(text) == nil) }

    @Test("Every day of 900 years reads back, one after the other")
    func days() throws {
        var milliseconds = try #require(UTCTime("1600-01-01T12:00:00Z")).milliseconds
        var last = ""
        for _ in 0..<328_700 {
            let text = UTCTime(milliseconds: milliseconds).description
            #expect(UTCTime(text)?.milliseconds == milliseconds && text > last)
            last = text
            milliseconds += 86_400_000
        }
        #expect(last == "2499-12-12T12:00:00Z")
    }

    @Test(
        "A span reads strictly and writes itself in its longest whole unit",
        arguments: [
            ("12h", 43_200, "12h"), ("30min", 1800, "30min"), ("7d", 604_800, "1w"), ("90s", 90, "90s"),
            ("120", 120, "2min"), ("1.5h", 5400, "90min"), ("0.25s", 0.25, "0.25s"), ("0", 0, "0s"),
            ("2w", 1_209_600, "2w"),
            ("36h", 129_600, "36h"),
        ])
    func span(text: String, seconds: Double, written: String) throws {
        let span = try #require(TimeSpan(text))
        #expect(span.seconds == seconds)
        #expect(span.description == written)
        #expect(TimeSpan(written) == span)
    }

    @Test(
        "What is no span is refused",
        arguments: [
            "", "h", "12 h", "12H", "-1h", "+1h", "1e3", "1m", "1h30min", "nan", "inf", ".5h", "5.h", "1..5s", "٣h",
            "12hours",
            "99999999999", "1_000",
        ])
    func noSpan(text: String) { #expect(TimeSpan(text) == nil) }

    @Test(
        "An age has its two largest units",
        arguments: [
            (0, "0 s"), (8, "8 s"), (125, "2 min 5 s"), (3600, "1 h"), (12_000, "3 h 20 min"), (187_300, "2 d 4 h"),
            (86_400 * 40, "40 d"), (3605, "1 h"),
        ])
    func age(seconds: Int, text: String) { #expect(TimeSpan(seconds: Double(seconds))?.age == text) }

    @Test("A span is never negative, endless or no number", arguments: [-1, .nan, .infinity, 1e10])
    func impossible(seconds: Double) { #expect(TimeSpan(seconds: seconds) == nil) }
}
