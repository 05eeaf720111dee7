import BellModel
import Testing

@Suite struct JSONParseTests {
    @Test(
        "values are read",
        arguments: [
            ("0", 0), ("-0", 0), ("-12", -12), ("9223372036854775807", .int(.max)), ("1.5e2", 150.0), ("true", true),
            ("\"\\u0041\\ud83d\\ude00\\/\"", "A\u{1f600}/"), (" [ ] ", []),
            ("{\"a\":{\"b\":[1,2]}}", ["a": ["b": [1, 2]]]),
            ("9223372036854775808", .double(0x1p63)),
        ] as [(String, JSON)])
    func values(text: String, expected: JSON) throws { #expect(try JSON(parsing: text) == expected) }

    @Test(
        "what is not JSON is refused with line and column",
        arguments: [
            ("", "1:1"), ("  ", "1:3"), ("{\n  \"a\": 1,\n  b: 2\n}", "3:3"), ("[1, 2", "1:6"), ("[1 2]", "1:4"),
            ("{\"a\":1,\"a\":2}", "1:13"), ("01", "1:3"), ("1.", "1:3"), (".5", "1:1"), ("1e", "1:3"), ("+1", "1:1"),
            ("nul", "1:1"), ("\"a", "1:3"), ("\"\\x\"", "1:4"), ("\"\\ud800\"", "1:8"), ("\"\\udc00\"", "1:8"),
            ("\"\t\"", "1:3"), ("1 2", "1:3"), ("1e999", "1:6"), ("[1,]", "1:4"), ("{,}", "1:2"), ("// x", "1:1"),
            ("NaN", "1:1"),
        ])
    func refusals(text: String, place: String) {
        let error = #expect(throws: BellError.self) { try JSON(parsing: text, source: "f.json") }
        #expect(error?.code == .jsonSyntax)
        #expect(error?.place == "f.json:\(place)")
    }

    @Test(
        "ill-formed UTF-8 is refused",
        arguments: [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]] as [[UInt8]])
    func encoding(bytes: [UInt8]) {
        #expect(throws: BellError.self) { try JSON(parsing: [0x22] + bytes + [0x22]) }
    }

    @Test("depth has a limit")
    func depth() {
        func nested(_ count: Int) -> String {
            String(repeating: "[", count: count) + String(repeating: "]", count: count)
        }
        #expect(throws: Never.self) { try JSON(parsing: nested(65)) }
        #expect(throws: BellError.self) { try JSON(parsing: nested(66)) }
        #expect(throws: BellError.self) { try JSON(parsing: String(repeating: "[{\"a\":", count: 100_000)) }
    }

    @Test("random text never crashes, and what is read is written alike")
    func fuzz() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("{}[]\",:\\u0dD8e+-.19 \ntrufalsn\u{e9}")
        var parsed = 0
        for _ in 0..<20_000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...12, using: &generator) {
                text.append(alphabet.randomElement(using: &generator) ?? "1")
            }
            if let value = try? JSON(parsing: text) {
                parsed += 1
                #expect((try? JSON(parsing: value.text))?.text == value.text)
            }
            let bytes = (0..<20).map { _ in UInt8.random(in: 0...255, using: &generator) }
            _ = try? JSON(parsing: bytes)
        }
        #expect(parsed > 0)
    }

    @Test("a reader names what is missing, wrong or unknown")
    func reader() throws {
        var reader = try JSONReader(["n": 3, "s": "x", "none": nil, "spare": 1], path: "plan")
        let n = try reader.int("n")
        let none = reader.optional("none")
        #expect(n == 3)
        #expect(none == nil)
        let missing = #expect(throws: BellError.self) { try reader.double("d") }
        #expect(missing?.place == "plan.d")
        let wrong = #expect(throws: BellError.self) { try reader.bool("s") }
        #expect(wrong?.what == "Expected true or false, found \"x\".")
        let unknown = #expect(throws: BellError.self) { try reader.finish() }
        #expect(unknown?.place == "plan.spare")
        #expect(throws: BellError.self) { try JSONReader([1], path: "plan") }
    }

    @Test("an error survives the wire")
    func errors() {
        var error = BellError(
            .init("board.silent", exit: .hardware), "Silent.", at: "alice", cause: "c", state: "s", fix: "f")
        error.others = [BellError(.jsonShape, "Another.")]
        #expect(BellError(json: error.json) == error)
        #expect(BellError(json: error.json).code.exit == .hardware)
        #expect(
            error.description
                == "error: Silent.\n  where: alice\n  cause: c\n  state: s\n  fix:   f\nerror: Another.")
        #expect(BellError(json: 5).code.name == "remote.unreadable")
        #expect(BellError(json: ["exit": 1e300]).code.exit == .internal)
    }
}

@Test("both nodes' digests come back from JSON, and what is none is named")
func digestsOfBothNodes() throws {
    let heads = PerNode(
        alice: try #require(Digest(hex: String(repeating: "0f", count: 32))),
        bob: try #require(Digest(hex: String(repeating: "a1", count: 32))))
    #expect(try PerNode(json: heads.json, path: "heads") == heads)
    for (json, place) in [
        (["alice": heads.json["alice"] ?? .null, "bob": "0f"] as JSON, "heads.bob"),
        (["alice": heads.json["alice"] ?? .null] as JSON, "heads.bob"),
        (["alice": heads.json["alice"] ?? .null, "bob": heads.json["bob"] ?? .null, "eve": 1] as JSON, "heads.eve"),
    ] {
        let error = #expect(throws: BellError.self) { _ = try PerNode<Digest>(json: json, path: "heads") }
        #expect(error?.code == .jsonShape)
        #expect(error?.place == place)
    }
}
