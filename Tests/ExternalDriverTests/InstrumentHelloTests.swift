import BellModel
import DriverKit
import ExternalDriver
import Testing

@Suite("What a driver process says of itself")
struct InstrumentHelloTests {
    /// A sound hello with one member replaced.
    private func hello(_ key: String? = nil, _ value: JSON? = nil) -> JSON {
        var members: [String: JSON] = [
            "protocol": 1,
            "identity": ["vendor": "V", "model": "M", "serial": "7", "firmware": "1", "simulated": true],
            "settings": [
                [
                    "key": "frequency_hz", "kind": "number", "least": 1, "greatest": 2e10, "unit": "Hz",
                    "tolerance": 0.5,
                ],
                ["key": "port", "kind": "integer", "least": 1, "greatest": 4, "summary": "COM goes there"],
                ["key": "locked", "kind": "toggle", "writable": false],
                ["key": "reference", "kind": "choice", "choices": ["internal", "external"]],
            ],
        ]
        if let key { members[key] = value }
        return .object(members)
    }

    @Test("all kinds of settings are read")
    func sound() throws {
        let read = try InstrumentHello(json: hello(), of: "x")
        #expect(
            read.identity
                == InstrumentIdentity(vendor: "V", model: "M", serial: "7", firmware: "1", isSimulated: true))
        #expect(
            read.settings == [
                InstrumentSetting(
                    key: "frequency_hz", summary: "", kind: .number(1...2e10), tolerance: 0.5, unit: "Hz"),
                InstrumentSetting(key: "port", summary: "COM goes there", kind: .integer(1...4)),
                InstrumentSetting(key: "locked", summary: "", kind: .toggle, isWritable: false),
                InstrumentSetting(key: "reference", summary: "", kind: .choice(["internal", "external"])),
            ])
    }

    @Test("another version is named as such")
    func version() {
        let error = #expect(throws: BellError.self) { try InstrumentHello(json: hello("protocol", 2), of: "x") }
        #expect(error?.code == .instrumentWrongVersion)
    }

    @Test(
        "a declaration that cannot be is refused",
        arguments: [
            ["key": "a_hz", "kind": "number", "least": 2, "greatest": 1, "unit": "Hz"],
            ["key": "a_hz", "kind": "number", "least": 1, "unit": "Hz"],
            ["key": "a_hz", "kind": "number", "least": 1, "greatest": 2],
            ["key": "a_hz", "kind": "number", "least": 1, "greatest": 2, "unit": "dBm"],
            ["key": "a_hz", "kind": "number", "least": 1, "greatest": 2, "unit": "Hz", "tolerance": -1],
            ["key": "A", "kind": "toggle"], ["key": "", "kind": "toggle"], ["key": "a b", "kind": "toggle"],
            ["kind": "toggle"], ["key": "a", "kind": "button"], ["key": "a", "kind": "choice", "choices": []],
            ["key": "a", "kind": "choice", "choices": ["x y"]], ["key": "a", "kind": "choice", "choices": [1]],
            ["key": "a", "kind": "integer", "least": 0.5, "greatest": 2], 7,
        ] as [JSON])
    func refused(_ setting: JSON) {
        let error = #expect(throws: BellError.self) {
            try InstrumentHello(json: hello("settings", .array([setting])), of: "x")
        }
        #expect(error?.code == .instrumentProtocol)
    }

    @Test("a key twice, 257 settings, a missing identity and an identity that hides its simulation are refused")
    func structure() {
        let toggle: JSON = ["key": "a", "kind": "toggle"]
        let many = (0..<257).map { JSON.object(["key": .string("k\($0)"), "kind": "toggle"]) }
        for (key, value) in [
            ("settings", JSON.array([toggle, toggle])), ("settings", .array(many)), ("settings", .null),
            ("identity", .null), ("identity", ["vendor": "V", "model": "M", "serial": "7", "firmware": "1"]),
            ("protocol", "1"),
        ] {
            #expect(throws: BellError.self) { try InstrumentHello(json: hello(key, value), of: "x") }
        }
        #expect(throws: Never.self) {
            try InstrumentHello(json: hello("settings", .array(Array(many.prefix(256)))), of: "x")
        }
    }
}
