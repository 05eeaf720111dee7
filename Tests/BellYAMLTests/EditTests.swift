import BellModel
import BellYAML
import Testing

@Suite("Editing a YAML text")
struct EditTests {
    @Test(
        "replaces one value and keeps comments, order and quotes of the rest",
        arguments: [
            ("at: zmq+ipc://@run/alice # here\nb: 1\n", "at: usb://1209:be11/ALICE01 # here\nb: 1\n"),
            ("{at: \"x y\", b: 2}", "{at: usb://1209:be11/ALICE01, b: 2}"),
            ("# top\nat: 'old'", "# top\nat: usb://1209:be11/ALICE01"),
            ("é: 1\nat:   old   # ä", "é: 1\nat:   usb://1209:be11/ALICE01   # ä"),
        ])
    func replaced(text: String, expected: String) throws {
        let node = try #require(try YAMLNode.parse(text, source: "t.yaml")["at"])
        #expect(try node.replacing(in: text, with: "usb://1209:be11/ALICE01") == expected)
    }

    @Test("writes what YAML would misread in quotes", arguments: ["a: b", "true", "@run", "x #y", "12", "q\"r\\s", ""])
    func quoted(value: String) throws {
        let text = "at: old\nz: 1\n"
        let node = try #require(try YAMLNode.parse(text, source: "t.yaml")["at"])
        let new = try YAMLNode.parse(try node.replacing(in: text, with: value), source: "t.yaml")
        #expect(new["at"]?.scalar == value)
        #expect(new["z"]?.json == .int(1))
    }

    @Test(
        "refuses what is no word on one line", arguments: ["at: [1, 2]", "at: >\n  folded\n  text\n", "at: \"a\\tb\""])
    func refused(text: String) throws {
        let node = try #require(try YAMLNode.parse(text, source: "t.yaml")["at"])
        let error = #expect(throws: BellError.self) { try node.replacing(in: text, with: "new") }
        #expect(error?.state == "nothing was changed")
    }
}
