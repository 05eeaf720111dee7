import BellModel
import BellSequence
import BellYAML
import Testing
import TestSupport

@Suite("Laboratory, calibration and sequence files")
struct FileTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let file: String
        let old: String
        let new: String
        let says: [String]
        var testDescription: String { "\(file): \(old) → \(new)" }
    }

    static let lab = "\(Shipped.folder)/lab.yaml"
    static let alice = "\(Shipped.folder)/alice.yaml"
    static let timing = "\(Shipped.folder)/timing.yaml"
    static let sequence = Shipped.sequencePath

    static let cases = [
        // Units.
        Case(
            file: alice, old: "{value: 0, unit: Hz", new: "{value: 2, unit: MHz",
            says: [
                "drive_detuning has the unit \"MHz\"; it must be Hz", "write value: 2000000, unit: Hz",
                "alice.yaml:14:41 values.drive_detuning.unit = MHz",
            ]),
        Case(
            file: alice, old: "{value: 0, unit: Hz", new: "{value: 2, unit: mhz",
            says: ["drive_detuning has the unit \"mhz\"; it must be Hz", "could mean MHz or mHz"]),
        Case(
            file: timing, old: "{value: 152.4, unit: ns", new: "{value: 0.1524, unit: us",
            says: ["trigger_delay has the unit \"us\"; it must be ns", "write value: 152.4, unit: ns"]),
        Case(
            file: alice, old: "{value: 0.31, unit: rad", new: "{value: 18, unit: deg",
            says: ["it must be rad", "write value: 0.314159265359, unit: rad"]),
        Case(
            file: alice, old: "{value: 0.31, unit: rad", new: "{value: 0.31, unit: furlong",
            says: ["readout_angle has the unit \"furlong\"", "convert it and write unit: rad"]),
        // Two at one address.
        Case(
            file: lab, old: "at: zmq+ipc://@run/bob", new: "at: zmq+ipc://@run/alice",
            says: ["alice and bob have the same address", "devices.bob.at = zmq+ipc://@run/alice"]),
        Case(
            file: lab, old: "at: zmq+ipc://@run/bob", new: "at: zmq+ipc://@run/bob\n    shadow: zmq+ipc://@run/alice",
            says: ["alice and the shadow of bob have the same address", "devices.bob.shadow = zmq+ipc://@run/alice"]),
        // Impossible numbers.
        Case(
            file: alice, old: "{value: 0.757576", new: "{value: 1.757576",
            says: ["value = 1.757576 is out of range", "0.0 ≤ value ≤ 1.0", "alice.yaml:12"]),
        Case(file: alice, old: "{value: 0.757576", new: "{value: .nan", says: ["Expected a number, found .nan"]),
        Case(file: timing, old: "uncertainty: 0.08", new: "uncertainty: -0.08", says: ["uncertainty ≥ 0"]),
        Case(file: lab, old: "{value: 32.824", new: "{value: 328240000", says: ["is out of range"]),
        Case(
            file: lab, old: "tick_rate_hz: 8000000000", new: "tick_rate_hz: 8",
            says: ["tick_rate_hz = 8 is out of range", "1000 ≤ tick_rate_hz"]),
        Case(
            file: alice, old: "time: 2026-11-20T06:12:00Z", new: "time: yesterday",
            says: ["\"yesterday\" is not a time in UTC", "2026-11-20T06:12:00Z"]),
        Case(
            file: alice, old: "duration_ns: 12}", new: "duration_ns: 12.3}",
            says: [
                "The duration of alice/rotation, 12.3 ns, is 0.2 ns before the nearest sample",
                "alice.yaml:7 pulse of alice/rotation", "write 12.5 ns",
            ]),
        Case(
            file: alice, old: "{value: 0, unit: ns", new: "{value: 8, unit: ns",
            says: ["passes full scale with its DRAG quadrature", "half_pi_drag is 8 ns"]),
        Case(
            file: alice, old: "  emission_amplitude: ", new: "  #",
            says: ["The sequence needs emission_amplitude", "alice.yaml"]),
        // Keys.
        Case(
            file: alice, old: "half_pi_drag:  ", new: "half_pi_darg:  ",
            says: ["Unknown key \"half_pi_darg\"", "\"half_pi_drag\" is missing", "did you mean \"half_pi_drag\"?"]),
        Case(
            file: alice, old: "envelope: cosine, duration_ns: 12", new: "envelope: cosin, duration_ns: 12",
            says: ["envelope cannot be \"cosin\"", "did you mean \"cosine\"?"]),
        Case(
            file: timing, old: "kind: bound", new: "kind: worst", says: ["kind cannot be \"worst\"", "random, bound"]),
        Case(
            file: alice, old: "laboratory: mocklab", new: "laboratory: basement",
            says: ["belongs to the laboratory \"basement\"", "Calibration/mocklab/lab.yaml is \"mocklab\""]),
        Case(file: alice, old: "node: alice", new: "node: bob", says: ["measured at bob, not at alice"]),
        // The sequence.
        Case(
            file: sequence, old: "- rotation:  ", new: "- rotatoin:  ",
            says: ["Unknown operation \"rotatoin\"", "did you mean \"rotation\"?", "bell-chsh.yaml:20"]),
        Case(
            file: sequence, old: "at_ns: 2600", new: "at_us: 2.6",
            says: ["Unknown key \"at_us\"", "did you mean \"at_ns\"?"]),
        Case(
            file: sequence, old: "window_ns: 50}", new: "window_ns: 50 ns}",
            says: ["Expected a number, found 50 ns", "the key's ending says its unit (window_ns)"]),
        Case(
            file: sequence, old: "{after: reset,", new: "{after: reset, at_ns: 5,",
            says: ["either at_ns or after, not both"]),
        Case(
            file: sequence, old: "{after: reset,", new: "{after: carol.reset.start,", says: ["names no operation"]),
        Case(
            file: sequence, old: "{after: reset,", new: "{name: a.b, after: reset,", says: ["cannot contain a point"]),
        Case(
            file: sequence, old: "- latch:          {after: input_bit}",
            new: "- latch:          {name: reset, after: input_bit}",
            says: ["Two operations have the name \"reset\" (lines 16 and 19)"]),
        Case(file: sequence, old: "clock_every: 64", new: "clock_every: 0", says: ["1 ≤ clock_every"]),
        // The laboratory.
        Case(
            file: lab, old: "setting_switch: {alice: alice", new: "setting_switch: {alice: alcie",
            says: ["No device has the name \"alcie\"", "did you mean \"alice\"?"]),
        Case(
            file: lab, old: "setting_switch: {alice: alice", new: "setting_switch: {alice: bob",
            says: ["The board bob stands at bob, not at alice"]),
        Case(
            file: lab, old: "trigger_master: alice", new: "trigger_master: carol",
            says: ["The trigger master \"carol\" is no board", "boards: alice, bob"]),
        Case(
            file: lab, old: "    node: bob", new: "    node: alice",
            says: ["2 devices are boards of alice", "No device is the board of bob"]),
        Case(file: lab, old: "driver: board", new: "driver: borad", says: ["did you mean \"board\"?"]),
    ]

    @Test("say what is wrong, where, and what to write", arguments: cases)
    func refused(_ test: Case) {
        let failures = Shipped().editing(test.file, test.old, test.new).failures
        #expect(!failures.isEmpty)
        let text = failures.map(\.description).joined(separator: "\n")
        for part in test.says { #expect(text.contains(part), "\(part) is not in\n\(text)") }
        #expect(failures.allSatisfy { $0.code.exit == .usage })
    }

    @Test("refuse a switch on USB as the setting switch")
    func settingSwitch() {
        let shipped = Shipped().editing(
            Self.lab, "trigger_master: alice",
            "  chopper: {driver: rf-switch, node: alice, at: \"usb://20ce:0022/1180301\"}\n\ntrigger_master: alice"
        ).editing(Self.lab, "setting_switch: {alice: alice", "setting_switch: {alice: chopper")
        let failures = shipped.failures
        #expect(failures.map(\.code) == [.labSettingSwitch])
        #expect(failures.first?.what == "The device chopper (rf-switch) cannot be the setting switch.")
        #expect(failures.first?.fix?.contains("alice's board") == true)
    }

    @Test("report every file's failures at once")
    func allFiles() {
        let failures = Shipped().editing(Self.alice, "unit: Hz", "unit: kHz")
            .editing(Self.timing, "uncertainty: 0.08", "uncertainty: -1").failures
        #expect(failures.count == 3)
    }

    @Test("give the laboratory its devices")
    func laboratory() throws {
        let laboratory = try Shipped().laboratory()
        #expect(laboratory.boards.bob.address.text == "zmq+ipc://@run/bob")
        #expect(laboratory.triggerMaster == .alice)
        #expect(laboratory.limits.alice == .typical)
        #expect(laboratory.resolve("alice.yaml") == "Calibration/mocklab/alice.yaml")
        #expect(laboratory.resolve("/etc/alice.yaml") == "/etc/alice.yaml")
    }

    @Test("freeze the calibration as content: places do not count, values do")
    func frozen() throws {
        let calibration = try Shipped().calibration()
        let moved = try Shipped().editing(Self.alice, "values:\n", "\n\nvalues:\n").calibration()
        #expect(moved != calibration)
        #expect(moved.frozen.text == calibration.frozen.text)
        let changed = try Shipped().editing(Self.alice, "0.757576", "0.757577").calibration()
        #expect(changed.frozen.text != calibration.frozen.text)
        let value = calibration.frozen["alice"]?["values"]?["half_pi_amplitude"]
        #expect(value?["value"]?.doubleValue == 0.757576)
        #expect(value?["uncertainty"]?.doubleValue == 0.0005)
        #expect(value?["run"]?.stringValue == "mocklab-a-0117")
        #expect(calibration.frozen["geometry"]?["bob_bit_to_alice_outcome"]?["unit"]?.stringValue == "m")
    }

    @Test("with bytes changed at random compile or are refused, but never crash", arguments: 0..<40)
    func hostile(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let files = [Shipped.sequencePath, Self.lab, Self.alice, Self.timing]
        let path = files[Int(random.next() % 4)]
        var bytes = Array(try Shipped().load(path).utf8)
        for _ in 0..<(1 + random.next() % 6) {
            let place = Int(random.next() % UInt64(bytes.count))
            // Digits and signs are what arithmetic could trip over.
            let alphabet = Array("0123456789-.e9:{}# ".utf8)
            bytes[place] = alphabet[Int(random.next() % UInt64(alphabet.count))]
        }
        let original = try Shipped().load(path)
        let shipped = Shipped().editing(path, original, String(decoding: bytes, as: UTF8.self))
        let failures = shipped.failures
        let compiles = (try? shipped.compile()) != nil
        #expect(compiles == failures.isEmpty)
        #expect(failures.allSatisfy { !$0.what.isEmpty && $0.code.exit != .internal })
    }
}
