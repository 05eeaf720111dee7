import BellModel
import Testing

@Suite struct SuggestionTests {
    @Test(
        "a mistyped word is recognised, a strange one is not",
        arguments: [
            ("setting_bais", "setting_bias"), ("settingbias", "setting_bias"), ("trails", "trials"), ("pol", "pool"),
            ("delay_us", "delay_ns"), ("zebra", nil), ("", nil), ("x", nil),
        ] as [(String, String?)])
    func nearest(word: String, expected: String?) {
        #expect(nearestWord(to: word, among: ["setting_bias", "trials", "pool", "delay_ns"]) == expected)
    }

    @Test("a very long word takes no time and no candidate")
    func long() { #expect(nearestWord(to: String(repeating: "a", count: 100_000), among: ["trials"]) == nil) }
}
