import BellModel
import BellYAML
import Testing

@Suite struct YAMLParseTests {
    @Test("scalars, lists and mappings keep their places")
    func places() throws {
        let text = "# a comment\nname: bell\nlist:\n  - 1\n  - {x: \"2\", y: é}\n"
        let node = try YAMLNode.parse(text, source: "f.yaml")
        #expect(node["name"]?.scalar == "bell")
        #expect(node["name"]?.place == "f.yaml:2:7")
        let x = node["list"]?.items[1]["x"]
        #expect(x?.scalar == "2")
        #expect(x?.place == "f.yaml:5:9")
        #expect(node.json == ["name": "bell", "list": [1, ["x": "2", "y": "é"]]])
    }

    @Test(
        "unquoted scalars read as JSON values, quoted ones as text",
        arguments: [
            ("1", 1), ("1_048_576", 1_048_576), ("1e3", 1000), ("-2.5e-3", -0.0025), ("true", true), ("null", nil),
            ("~", nil), ("yes", "yes"), ("'1'", "1"), ("0x10", "0x10"), ("nan", "nan"), ("inf", "inf"), ("1_", "1_"),
            ("2023-05-01", "2023-05-01"), ("1e400", "1e400"), ("+3", 3),
        ] as [(String, JSON)])
    func scalars(text: String, expected: JSON) throws {
        #expect(try YAMLNode.parse(text, source: "x").json == expected)
    }

    @Test(
        "what is not read is refused with its line and column",
        arguments: [
            ("a: 1\na: 2\n", "t:2:1", "the key \"a\" stands here and in line 1"),
            ("a: &x 1\n", "t:1:4", "anchors"),
            ("a: 1\nb: *a\n", "t:2:4", "aliases"),
            ("a: !!str 1\n", "t:1:4", "tags"),
            ("[1, 2]: 3\n", "t:1:1", "a key must be a word"),
            ("a: 1\n---\nb: 2\n", "t:2:1", "second document"),
            ("", "t:1:1", "no content"),
            ("# only a comment\n", "t:1:1", "no content"),
            ("a: [1, 2\nb: 3\n", "t:2:2", "Not YAML"),
            ("a:\n\t- 1\n", "t:2:1", "Not YAML"),
            ("a: 1\nb: é\u{7}\n", "t:2:5", "control characters"),
        ])
    func refusals(text: String, place: String, words: String) {
        let error = #expect(throws: BellError.self) { try YAMLNode.parse(text, source: "t") }
        #expect(error?.code == .yamlSyntax)
        #expect(error?.place == place)
        #expect(error?.what.contains(words) == true, "\(error?.what ?? "")")
    }

    @Test("depth and size have a limit")
    func limits() {
        let deep = String(repeating: "[", count: 66) + String(repeating: "]", count: 66)
        #expect(throws: BellError.self) { try YAMLNode.parse(deep, source: "t") }
        let allowed = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(throws: Never.self) { try YAMLNode.parse(allowed, source: "t") }
        let big = String(repeating: "# 3456789\n", count: 120_000)
        #expect(throws: BellError.self) { try YAMLNode.parse(big, source: "t") }
        let many = String(repeating: "[", count: 200_000)
        #expect(throws: BellError.self) { try YAMLNode.parse(many, source: "t") }
    }

    @Test("random text never crashes the parser")
    func fuzz() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("ab1 \n\n\t:-[]{}\"'#&*!|>%@`,?.~\u{e9}\u{feff}\u{85}0_eE+")
        var parsed = 0
        for _ in 0..<4000 {
            let length = Int.random(in: 0...60, using: &generator)
            var text = ""
            for _ in 0..<length { text.append(alphabet.randomElement(using: &generator) ?? "a") }
            if let node = try? YAMLNode.parse(text, source: "t") {
                _ = node.json.text
                parsed += 1
            }
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            _ = try? YAMLNode.parse(String(decoding: bytes, as: UTF8.self), source: "t")
        }
        #expect(parsed > 0)
    }
}

extension YAMLNode {
    fileprivate var items: [YAMLNode] { if case .sequence(let items) = content { items } else { [] } }
}
