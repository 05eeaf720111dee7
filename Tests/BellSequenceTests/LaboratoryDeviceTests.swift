import BellModel
import BellSequence
import BellYAML
import Testing

@Suite("Devices beside the boards in lab.yaml")
struct LaboratoryDeviceTests {
    /// A laboratory with these lines among its devices, from line 6 on.
    private static func file(_ lines: String, alice: String = "at: mock://lab/alice", more: String = "") -> String {
        """
        laboratory: test
        devices:
          alice: {driver: board, node: alice, \(alice)}
          bob: {driver: board, node: bob, at: mock://lab/bob}
          # line 5

        """ + lines.split(separator: "\n").map { "  \($0)\n" }.joined() + """

            trigger_master: alice
            \(more.isEmpty ? "setting_switch: {alice: alice, bob: bob}" : more)
            calibration: {alice: a.yaml, bob: b.yaml, link: l.yaml, timing: t.yaml}
            geometry:
              bob_bit_to_alice_outcome: {value: 32, unit: m, uncertainty: 0.005, kind: bound, time: 2026-11-20T04:00:00Z, routine: survey, run: r}
              alice_bit_to_bob_outcome: {value: 32, unit: m, uncertainty: 0.005, kind: bound, time: 2026-11-20T04:00:00Z, routine: survey, run: r}

            """
    }

    private static func laboratory(_ text: String) throws(BellError) -> Laboratory {
        try Laboratory(yaml: try YAMLNode.parse(text, source: "lab.yaml"))
    }

    private static func errors(_ text: String) -> [BellError] {
        do throws(BellError) {
            _ = try laboratory(text)
            return []
        } catch {
            var first = error
            first.others = []
            return [first] + error.others
        }
    }

    @Test("settings are kept as written, in their order and with their lines")
    func settings() throws {
        let laboratory = try Self.laboratory(
            Self.file(
                """
                lo:
                  driver: microwave-source
                  at: usb://1209:be12/LO-1
                  settings:
                    power_dbm: -10.50
                    frequency_hz: 5.2e9
                    output: on
                """))
        let lo = try #require(laboratory.instruments.first)
        #expect(laboratory.instruments.count == 1)
        #expect(lo.settings.map(\.key) == ["power_dbm", "frequency_hz", "output"])
        #expect(lo.settings.map(\.value) == ["-10.50", "5.2e9", "on"])
        #expect(lo.settings.map(\.place.line) == [10, 11, 12])
        #expect(lo.settings.map { "\($0.place)".hasPrefix("lab.yaml:") } == [true, true, true])
        #expect(lo.node == nil)
        #expect(lo.run.isEmpty)
        #expect(laboratory.boards.alice.settings.isEmpty)
    }

    @Test("a program with its arguments, and a shadow, belong to their devices")
    func runAndShadow() throws {
        let laboratory = try Self.laboratory(
            Self.file(
                "switch: {driver: rf-switch, node: bob, at: zmq+ipc://@run/switch, run: [python3, drv.py, --at, '@run/x']}",
                alice: "at: usb://1209:be11/ALICE01, shadow: mock://lab/alice"))
        #expect(laboratory.instruments.first?.run == ["python3", "drv.py", "--at", "@run/x"])
        #expect(laboratory.instruments.first?.node == .bob)
        #expect(laboratory.boards.alice.shadow?.text == "mock://lab/alice")
        #expect(laboratory.boards.bob.shadow == nil)
    }

    @Test(
        "each driver is reached in its own ways",
        arguments: ["rf-switch", "attenuator", "microwave-source"],
        [
            "mock://lab/x", "zmq+ipc://@run/x", "zmq+ipc:///run/x", "zmq+tcp://10.0.0.5:5701",
            "usb://20ce:0022/1180301",
            "tcp://10.0.0.5:5025", "replay:///tmp/x.belltrace",
        ])
    func ways(driver: String, address: String) {
        let errors = Self.errors(Self.file("x: {driver: \(driver), at: \"\(address)\"}"))
        guard driver != "microwave-source", address.hasPrefix("tcp://") else {
            #expect(errors.isEmpty, "\(errors)")
            return
        }
        #expect(errors.count == 1)
        #expect(errors.first?.what.hasPrefix("SCPI lines over TCP are not for a") == true)
        #expect(errors.first?.place?.hasPrefix("lab.yaml:6:") == true)
        #expect(errors.first?.fix?.contains(" \(driver) is reached by mock://") == true)
    }

    /// Lines among the devices, what the one error says, and on which line of the file.
    struct Refused: Sendable, CustomTestStringConvertible {
        var lines = ""
        var alice = "at: mock://lab/alice"
        var more = ""
        let line: Int
        let says: [String]
        var testDescription: String { lines + alice + more }
    }

    @Test(
        "what cannot be is refused at its line",
        arguments: [
            Refused(
                lines:
                    "a: {driver: rf-switch, at: usb://20ce:0022/1}\nb: {driver: rf-switch, at: \"usb://20CE:0022/1\"}",
                line: 7, says: ["a and b have the same address", "devices.b.at = usb://20CE:0022/1"]),
            Refused(
                alice: "at: usb://1209:be11/ALICE01, shadow: mock://lab/alice",
                line: 0, says: []),
            Refused(
                alice: "at: mock://lab/alice, shadow: mock://lab/alice", line: 3,
                says: ["alice and the shadow of alice have the same address", "devices.alice.shadow"]),
            Refused(
                lines: "x: {driver: attenuator, at: usb://20ce:0023/1, run: [drv]}", line: 6,
                says: ["only over ZeroMQ, not at usb://20ce:0023/1", "write at: zmq+ipc://@run/x"]),
            Refused(
                lines: "x: {driver: attenuator, at: zmq+ipc://@run/x, run: []}", line: 6,
                says: ["devices.x.run", "The command that serves x is an empty list", "or remove run"]),
            Refused(
                lines: "x: {driver: attenuator, at: mock://lab/x, run: [drv]}", line: 6, says: ["only over ZeroMQ"]),
            Refused(
                lines: "x: {driver: attenuator, at: \"zmq+tcp://0.0.0.0:5701\"}", line: 6,
                says: ["names every address of a machine", "an attenuator is reached by"]),
            Refused(
                lines: "x: {driver: microwave-source, at: \"tcp://[::]:5025\"}", line: 6,
                says: ["names every address of a machine"]),
            Refused(
                alice: "at: \"zmq+tcp://0.0.0.0:5701\"", line: 3, says: ["names every address of a machine"]),
            Refused(alice: "at: tcp://10.0.0.5:5025", line: 3, says: ["SCPI lines over TCP are not for a board"]),
            Refused(alice: "at: mock://lab/carol", line: 3, says: ["called alice, not carol"]),
            Refused(
                alice: "at: usb://1209:be11/A, shadow: mock://lab/bob", line: 3,
                says: ["The virtual board of this node is called alice, not bob"]),
            Refused(
                lines: "x: {driver: rf-swich, at: usb://20ce:0022/1}", line: 6,
                says: ["rf-swich", "did you mean \"rf-switch\"?"]),
            Refused(
                alice: "at: mock://lab/alice", more: "setting_switch: {alice: alice, bob: bb}", line: 8,
                says: ["No device has the name \"bb\"", "did you mean \"bob\"?"]),
            Refused(
                lines: "x: {driver: rf-switch, at: usb://20ce:0022/1, settings: {switch_a: [1, 2]}}", line: 6,
                says: ["A setting is one word or number"]),
            Refused(
                lines: "x: {driver: rf-switch, at: usb://20ce:0022/1, shadow: mock://lab/y}", line: 6, says: ["shadow"]),
            Refused(
                lines: "x: {driver: rf-switch, at: usb://20ce:22/1}", line: 6,
                says: ["'usb://20ce:22/1' cannot be read", "usb://<vid>:<pid>/<serial>"]),
            Refused(
                alice: "at: mock://lab/alice, settings: {output: on}", line: 3, says: ["settings"]),
            Refused(
                lines: "sw: {driver: rf-switch, at: usb://20ce:0022/1}", more: "setting_switch: {alice: sw, bob: bob}",
                line: 9, says: ["sw (rf-switch) cannot be the setting switch", "it is set by the host"]),
            Refused(
                lines: "sw: {driver: attenuator, at: usb://20ce:0023/1}",
                more: "setting_switch: {alice: alice, bob: sw}",
                line: 9, says: ["sw (attenuator) cannot be the setting switch"]),
            Refused(
                lines: "lo: {driver: microwave-source, at: usb://1209:be12/1}",
                more: "setting_switch: {alice: lo, bob: bob}",
                line: 9, says: ["lo (microwave-source) cannot be the setting switch", "name alice's board"]),
        ])
    func refused(_ test: Refused) throws {
        let errors = Self.errors(Self.file(test.lines, alice: test.alice, more: test.more))
        guard !test.says.isEmpty else {
            #expect(errors.isEmpty)
            return
        }
        #expect(errors.count == 1, "\(errors)")
        let error = try #require(errors.first)
        #expect(error.code.exit == .usage)
        #expect(error.place?.hasPrefix("lab.yaml:\(test.line)") == true, "\(error)")
        for part in test.says { #expect("\(error)".contains(part), "\(part) is not in\n\(error)") }
    }

    @Test("two boards at one address are refused, and the second one's line is named")
    func twoBoards() {
        let errors = Self.errors(
            Self.file("", alice: "at: \"zmq+tcp://10.0.0.5:5701\"").replacing(
                "mock://lab/bob", with: "\"zmq+tcp://10.0.0.5:5701\""))
        #expect(errors.map(\.what) == ["alice and bob have the same address."])
        #expect(errors.first?.place?.hasPrefix("lab.yaml:4") == true)
    }

    @Test("a board's shadow that is another board's is refused")
    func sharedShadow() {
        let errors = Self.errors(
            Self.file("", alice: "at: usb://1209:be11/A, shadow: replay:///x").replacing(
                "at: mock://lab/bob", with: "at: mock://lab/bob, shadow: replay:///x"))
        #expect(errors.map(\.what) == ["the shadow of alice and the shadow of bob have the same address."])
    }
}
