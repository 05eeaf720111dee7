import BellModel
import DriverKit
import RFSwitch
import Testing
import VirtualUSB

@Suite struct BadInputTests {
    /// One switch or attenuator of each dialect.
    static let dialects: [(model: String, firmware: String)] = [
        ("RC-1SPDT-A18", "A1"), ("USB-SP4T-63", "A1"), ("RC-2SP6T-A12", "A1"), ("RC-2SP6T-A12", "D1"),
        ("USB-1SP8T-63H", "A1"), ("USB-1SP8T-852H", "A1"), ("RUDAT-6000-30", "A1"), ("RUDAT-13G-90", "A1"),
    ]

    private static func instrument(_ box: Box) -> (any Instrument, key: String, value: InstrumentValue) {
        box.hardware.isAttenuator
            ? (Attenuator.bench(box), "attenuation_db", .number(3.25)) : (RFSwitch.bench(box), "switch_a", .integer(2))
    }

    /// Commands of one connect and one set without faults.
    private static func steps(_ one: (model: String, firmware: String)) async throws -> (connect: Int, all: Int) {
        let box = try Box(one.model, firmware: one.firmware)
        let (driver, key, value) = instrument(box)
        _ = try await driver.connect()
        let connect = box.commands
        _ = try await driver.set(key, to: value)
        return (connect, box.commands)
    }

    @Test("an unplugging at any step is one, and connecting again works", arguments: dialects)
    func unplug(_ one: (model: String, firmware: String)) async throws {
        let steps = try await BadInputTests.steps(one)
        for step in 1...steps.all {
            let box = try Box(one.model, firmware: one.firmware, faults: [.init(.unplug, at: step...step)])
            let (driver, key, value) = BadInputTests.instrument(box)
            let error = try await failure {
                _ = try await driver.connect()
                _ = try await driver.set(key, to: value)
            }
            #expect(error.code == .usbUnplugged, "step \(step)")
            #expect(error.place?.hasPrefix(driver.name) == true)
            if step <= steps.connect { #expect(box.openings == 0, "nothing stays open") }
            box.plug()
            _ = try await driver.connect()
            #expect(try await driver.set(key, to: value) == value)
            #expect(try await driver.problems().isEmpty)
            #expect(box.openings == 1)
        }
    }

    @Test(
        "a reply that is missing, late, cut or for another command is an error, and the next try works",
        arguments: dialects,
        [.silent, .late, .wrongEcho, .garbage, .short(0), .short(1), .short(2), .short(63)] as [MiniCircuitsFault.Kind])
    func oneBadReply(_ one: (model: String, firmware: String), _ kind: MiniCircuitsFault.Kind) async throws {
        let steps = try await BadInputTests.steps(one)
        for step in 1...steps.all {
            let box = try Box(one.model, firmware: one.firmware, faults: [.init(kind, at: step...step)])
            let (driver, key, value) = BadInputTests.instrument(box)
            var errors: [BellError] = []
            do throws(BellError) { _ = try await driver.connect() } catch { errors.append(error) }
            if !errors.isEmpty {
                #expect(box.openings == 0)
                _ = try await driver.connect()
            }
            do throws(BellError) { _ = try await driver.set(key, to: value) } catch { errors.append(error) }
            #expect(errors.count <= 1, "step \(step): one bad reply is one error at most")
            for error in errors {
                let isExpected = [.usbTimeout, .instrumentProtocol].contains(error.code) || kind == .garbage
                #expect(isExpected, "step \(step): \(error)")
            }
            #expect(try await driver.set(key, to: value) == value, "step \(step)")
            #expect(try await driver.read(key) == value)
            #expect(try await driver.problems().isEmpty)
            if !box.hardware.isAttenuator { #expect(box.hardware.ports[0] == 2) }
        }
    }

    @Test("every shortened reply to the first command is refused", arguments: 0..<64)
    func truncation(_ length: Int) async throws {
        let box = try Box("RC-1SPDT-A18", faults: [.init(.short(length), at: 1...1)])
        let error = try await failure { try await RFSwitch.bench(box).connect() }
        #expect(error.code == .instrumentProtocol)
        #expect(error.what == "A reply has \(length) bytes instead of 64.")
        #expect(error.place == "alice/rf-switch (USB 20ce:0022 without serial at port 1-1), code 40")
    }

    @Test("a box that sends nothing but old replies is given up", arguments: dialects)
    func staleForever(_ one: (model: String, firmware: String)) async throws {
        let box = try Box(one.model, firmware: one.firmware, faults: [.init(.staleForever)])
        let (driver, _, _) = BadInputTests.instrument(box)
        let error = try await failure { try await driver.connect() }
        #expect(error.code == .instrumentProtocol)
        #expect(error.cause?.hasPrefix("it sent 9 replies to other commands") == true)
        #expect(box.openings == 0)
    }

    @Test("eight old replies are dropped, nine are too many", arguments: [8, 9])
    func bound(_ count: Int) throws {
        var exchange = MiniCircuitsExchange(.serial)
        let old = [15] + [UInt8](repeating: 0, count: 63)
        for _ in 0..<8 { #expect(try exchange.take(old) == nil) }
        if count == 8 {
            #expect(try exchange.take([41] + old.dropFirst())?.code == 41)
        } else {
            #expect(throws: BellError.self) { try exchange.take(old) }
        }
    }

    @Test("a stuck relay is named with what was wanted and what is there", arguments: switchModels)
    func stuck(_ one: (model: String, firmware: String)) async throws {
        let box = try Box(one.model, firmware: one.firmware, faults: [.init(.stuckRelay)])
        let driver = RFSwitch.bench(box)
        _ = try await driver.connect()
        let error = try await failure { try await driver.set("switch_a", to: .integer(2)) }
        let was = box.hardware.ports[0]
        #expect(error.code == .instrumentReadBack)
        #expect(error.what == "Switch A was set to port 2, and the box reports port \(was).")
        #expect(error.fix?.contains("24 V") == mechanicalModels.contains { $0.model == one.model })
        #expect(try await driver.read("switch_a") == .integer(was))
    }

    @Test("one stuck relay does not keep the others from their safe port")
    func stuckSafe() async throws {
        // Found by counting: connect takes 5 commands, each move 3.
        let box = try Box("RC-2SPDT-A18", faults: [.init(.stuckRelay, at: 13...13)])
        let driver = RFSwitch.bench(box)
        _ = try await driver.connect()
        _ = try await driver.set("switch_a", to: .integer(2))
        _ = try await driver.set("switch_b", to: .integer(2))
        let error = try await failure { try await driver.makeSafe() }
        #expect(error.code == .instrumentReadBack)
        #expect(box.hardware.ports == [2, 1])
        try await driver.makeSafe()
        #expect(box.hardware.ports == [1, 1])
    }

    @Test("after a set that timed out the state is read before anything is set")
    func timedOutSet() async throws {
        // 1–3 identify, 4 reads, 5 reads before the set, 6 sets and its reply comes late.
        let box = try Box("RC-1SPDT-A18", faults: [.init(.late, at: 6...6)])
        let store = MemoryStore()
        let driver = RFSwitch.bench(box, counts: store)
        _ = try await driver.connect()
        let error = try await failure { try await driver.set("switch_a", to: .integer(2)) }
        #expect(error.code == .usbTimeout)
        #expect(error.state == "switch A may have moved; it is read again before the next command")
        let before = box.written.count
        #expect(try await driver.set("switch_a", to: .integer(2)) == .integer(2))
        #expect(box.written.dropFirst(before).map { $0[0] } == [41, 15, 41, 15], "it was there already")
        #expect(box.hardware.moves == [1])
        #expect(store["11710240017"]?.operations == [1])
    }

    @Test("once an old reply was seen, an old reply to the same question is not believed")
    func lagging() async throws {
        // The sixth command leaves a reply behind, which the set meets; from the ninth on an old reply precedes each.
        let box = try Box("RC-1SPDT-A18", faults: [.init(.staleFirst, at: 6...6), .init(.staleFirst, at: 9...Int.max)])
        let driver = RFSwitch.bench(box)
        _ = try await driver.connect()
        _ = try await driver.read("switch_a")
        _ = try await driver.read("switch_a")
        _ = try await driver.set("switch_a", to: .integer(2))
        for port in [1, 2, 2, 1] {
            box.move(0, to: port)
            #expect(try await driver.read("switch_a") == .integer(port))
        }
    }

    @Test(
        "an interface without 64-byte interrupt endpoints is no such box",
        arguments: [
            [
                USBEndpoint(address: 0x01, kind: .bulk, maximumPacket: 64),
                USBEndpoint(address: 0x81, kind: .bulk, maximumPacket: 64),
            ],
            [USBEndpoint(address: 0x81, kind: .interrupt, maximumPacket: 64)],
            [
                USBEndpoint(address: 0x01, kind: .interrupt, maximumPacket: 64),
                USBEndpoint(address: 0x81, kind: .interrupt, maximumPacket: 8),
            ],
            [],
        ])
    func endpoints(_ endpoints: [USBEndpoint]) async throws {
        let usb = ScriptedUSB(
            identity: USBIdentity(vendor: 0x20CE, product: 0x22, serial: "1"), endpoints: endpoints
        ) { (_, _) in [] }
        let driver = RFSwitch(name: "x", serial: "1", bus: OneBus(usb), counts: NoSwitchCountStore())
        #expect(try await failure { try await driver.connect() }.code == .instrumentWrongDevice)
        #expect(usb.calls == [.close])
    }

    @Test("other endpoint addresses are used as the descriptors say")
    func otherAddresses() async throws {
        let usb = ScriptedUSB(
            identity: USBIdentity(vendor: 0x20CE, product: 0x22, serial: "1"),
            endpoints: [
                USBEndpoint(address: 0x83, kind: .interrupt, maximumPacket: 64),
                USBEndpoint(address: 0x02, kind: .interrupt, maximumPacket: 64),
            ]
        ) { (bytes, endpoint) in
            #expect(endpoint == 0x02)
            let texts: [UInt8: String] = [40: "USB-SP4T-63", 41: "1", 99: "xxxxA1", 15: "\u{2}"]
            let reply = [bytes[0]] + Array((texts[bytes[0]] ?? "").utf8)
            return [.init(0x83, reply + [UInt8](repeating: 0, count: 64 - reply.count))]
        }
        let driver = RFSwitch(name: "x", serial: "1", bus: OneBus(usb), counts: NoSwitchCountStore())
        _ = try await driver.connect()
        #expect(try await driver.read("switch_a") == .integer(2))
    }

    @Test("a stall is an error, its endpoint is cleared, and the next call works", arguments: [false, true])
    func stall(_ atWrite: Bool) async throws {
        let box = try Box("USB-SP4T-63")
        let inner = box.open()
        let counter = Counter()
        let usb = ScriptedUSB(identity: box.identity, endpoints: inner.endpoints) {
            (bytes, _) throws(BellError) -> [ScriptedUSB.Reply] in
            let error = BellError(.usbStall, "Stalled.")
            if counter.next() == 6 {
                if atWrite { throw error }
                return [.init(0x81, failing: error)]
            }
            let texts: [UInt8: String] = [40: "USB-SP4T-63", 41: "1", 99: "xxxxA1", 15: "\u{2}"]
            let reply = [bytes[0]] + Array((texts[bytes[0]] ?? "").utf8)
            return [.init(0x81, reply + [UInt8](repeating: 0, count: 64 - reply.count))]
        }
        let driver = RFSwitch(name: "x", serial: "1", bus: OneBus(usb), counts: NoSwitchCountStore())
        _ = try await driver.connect()
        _ = try await driver.read("switch_a")
        #expect(try await failure { try await driver.read("switch_a") }.code == .usbStall)
        #expect(usb.calls.contains(.clearHalt(atWrite ? 0x01 : 0x81)))
        #expect(try await driver.read("switch_a") == .integer(2))
    }

    @Test(
        "text replies that are no port are refused",
        arguments: ["", "x", "9", "-1", "1.0", "01x", "99999999999999999999", "+1"])
    func noPort(_ text: String) async throws {
        let driver = RFSwitch(
            name: "x", serial: "1", bus: OneBus(TextBox.usb(model: "USB-1SP8T-63H", answer: text)),
            counts: NoSwitchCountStore())
        #expect(try await failure { try await driver.connect() }.code == .instrumentProtocol)
    }

    @Test(
        "text replies that are no attenuation are refused",
        arguments: ["", "x", "90.25", "-1", "nan", "1e1", "0x10", "1.2.3"])
    func noAttenuation(_ text: String) async throws {
        let driver = Attenuator(
            name: "x", serial: "1", bus: OneBus(TextBox.usb(model: "RUDAT-13G-90", answer: text)))
        #expect(try await failure { try await driver.connect() }.code == .instrumentProtocol)
    }

    @Test("a set that the box refuses is its fault")
    func refused() async throws {
        let driver = RFSwitch(
            name: "x", serial: "1", bus: OneBus(TextBox.usb(model: "USB-1SP8T-63H", answer: "1", setAnswer: "0")),
            counts: NoSwitchCountStore())
        _ = try await driver.connect()
        let error = try await failure { try await driver.set("switch_a", to: .integer(5)) }
        #expect(error.code == .instrumentFault)
        #expect(error.place?.hasSuffix("code 1 \":SP8T:STATE:5\"") == true)
    }
}

/// A box that answers each text question the same.
enum TextBox {
    static func usb(model: String, answer: String, setAnswer: String = "1") -> ScriptedUSB {
        ScriptedUSB(
            identity: USBIdentity(vendor: 0x20CE, product: 0x22, serial: "1"),
            endpoints: [
                USBEndpoint(address: 0x81, kind: .interrupt, maximumPacket: 64),
                USBEndpoint(address: 0x01, kind: .interrupt, maximumPacket: 64),
            ]
        ) { (bytes, _) in
            let isQuestion = bytes.contains(UInt8(ascii: "?"))
            let texts: [UInt8: String] = [40: model, 41: "1", 99: "xxxxA1", 1: isQuestion ? answer : setAnswer]
            let reply = [bytes[0]] + Array((texts[bytes[0]] ?? "").utf8)
            return [.init(0x81, reply + [UInt8](repeating: 0, count: 64 - reply.count))]
        }
    }
}
