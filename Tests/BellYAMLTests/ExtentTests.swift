import BellModel
import BellYAML
import Testing

@Suite("Where a value stands in its text")
struct ExtentTests {
    /// The text of a node, cut out by its extent.
    private func cut(_ node: YAMLNode?, _ text: String) throws -> String {
        let extent = try #require(node).extent
        return String(String.UnicodeScalarView(Array(text.unicodeScalars)[extent]))
    }

    @Test(
        "A scalar's extent holds its quotes and nothing more",
        arguments: [
            ("a: 1.50   # c\n", "1.50"), ("a: \"x # y\" # c\n", "\"x # y\""), ("{b: 2, a: 'it''s', c: 3}", "'it''s'"),
            ("é: 1\na:\tü 😀 z \t# c\r\nb: 1", "ü 😀 z"), ("\u{feff}a: 12\n", "12"), ("a:\nb: 1", ""),
            ("{a: , b: 1}", ""),
            ("x: 1\r\na: 2\r\nb: 3\r\n", "2"), ("a: word", "word"), ("b: \u{2028}\na: 3\n", "3"),
        ])
    func scalars(text: String, expected: String) throws {
        #expect(try cut(try YAMLNode.parse(text, source: "t")["a"], text) == expected)
    }

    @Test(
        "A list's or mapping's extent ends with its bracket, or else with its last value",
        arguments: [
            ("a: {b: 1, c: [2, 3 ] } # d\nz: 1", "{b: 1, c: [2, 3 ] }"),
            ("a:\n  b: 1 # x\n  c: 2 # y\n\n# z\nd: 1\n", "b: 1 # x\n  c: 2"),
            ("a:\n  - 1\n  - b: 2\n    c: {d: 3}\n\nz: 1", "- 1\n  - b: 2\n    c: {d: 3}"), ("a: {\n}\n", "{\n}"),
            ("a: []", "[]"),
        ])
    func collections(text: String, expected: String) throws {
        #expect(try cut(try YAMLNode.parse(text, source: "t")["a"], text) == expected)
    }
}
