import BellModel
import Testing

@testable import BellControlTool

@Suite("Numbers for people")
struct NumberTextTests {
    @Test(
        "counts are grouped in threes",
        arguments: [
            (0, "0"), (999, "999"), (1000, "1 000"), (1_048_576, "1 048 576"),
            (UInt64.max, "18 446 744 073 709 551 615"),
        ])
    func counts(_ value: UInt64, _ text: String) {
        #expect(NumberText.count(value) == text)
    }

    @Test(
        "decimals are fixed and rounded",
        arguments: [
            (2.23912, 4, "2.2391"), (-0.00004, 4, "0.0000"), (-1.25, 1, "-1.3"), (9.99, 1, "10.0"), (7, 0, "7"),
            (0.05, 1, "0.1"), (1e300, 2, "1e+300"),
        ])
    func decimals(_ value: Double, _ digits: Int, _ text: String) {
        #expect(NumberText.fixed(value, digits) == text)
    }

    @Test("what is not a number is a dash", arguments: [Double.nan, .infinity, -.infinity])
    func notANumber(_ value: Double) {
        #expect(NumberText.fixed(value, 2) == "–")
        #expect(NumberText.duration(seconds: value) == "–")
        #expect(NumberText.rate(value) == "–")
    }

    @Test(
        "a p-value is an upper bound in 10^x form",
        arguments: [
            (0.0, "p ≤ 1"), (0.5, "p ≤ 1"), (-1.5051499783, "p ≤ 0.0313"), (-2.9, "p ≤ 0.0013"),
            (-45.37, "p ≤ 10^-45.3"),
            (-3571.28, "p ≤ 10^-3571.2"), (-3.0, "p ≤ 10^-3.0"), (-Double.infinity, "p –"), (Double.nan, "p –"),
        ])
    func pValues(_ log10: Double, _ text: String) {
        #expect(NumberText.pValue(log10: log10) == text)
    }

    @Test(
        "durations show their two largest units",
        arguments: [
            (0.4, "0 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (12_000, "3 h 20 min"), (187_200, "2 d 04 h"),
            (-1, "–"), (1e300, "–"),
        ])
    func durations(_ seconds: Double, _ text: String) {
        #expect(NumberText.duration(seconds: seconds) == text)
    }

    @Test(
        "bytes have binary units",
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (10 << 30, "10.0 GiB"), (UInt64.max, "16384.0 PiB"),
        ])
    func bytes(_ value: UInt64, _ text: String) {
        #expect(NumberText.bytes(value) == text)
    }

    @Test("control characters of a wire text never reach the terminal")
    func safe() {
        #expect(Style.safe("a\u{1b}[2J\nb\u{202e}") == "a·[2J·b·")
        #expect(Style.safe("abc", limit: 2) == "ab…")
    }
}
