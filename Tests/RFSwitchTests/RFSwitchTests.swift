import BellModel
import DriverKit
import RFSwitch
import Testing
import VirtualUSB
import TestSupport

@Suite struct RFSwitchTests {
    @Test("a box says what it is and what can be set", arguments: switchModels)
    func identity(_ one: (model: String, firmware: String)) async throws {
        let box = try Box(one.model, firmware: one.firmware)
        let driver = RFSwitch.bench(box)
        #expect(await driver.settings().isEmpty)
        let identity = try await driver.connect()
        #expect(
            identity
                == InstrumentIdentity(
                    vendor: "Mini-Circuits", model: one.model, serial: "11710240017", firmware: one.firmware,
                    isSimulated: true))
        let settings = await driver.settings()
        let isMechanical = mechanicalModels.contains { $0.model == one.model }
        #expect(settings.count == box.hardware.ports.count * (isMechanical ? 2 : 1))
        #expect(settings.first?.key == "switch_a")
        #expect(settings.count { !$0.isWritable } == (isMechanical ? box.hardware.ports.count : 0))
        await driver.close()
        #expect(await driver.settings().isEmpty)
        #expect(box.openings == 0)
    }

    @Test("random calls agree with a reference, also when old replies come first", arguments: switchModels)
    func property(_ one: (model: String, firmware: String)) async throws {
        var random = SplitMix(seed: UInt64(one.model.utf8.reduce(7) { $0 &* 31 &+ UInt($1) }))
        for round in 0..<4 {
            // Late boxes: some of the commands from the 60th on are preceded by the reply to the one before.
            let faults =
                round < 2
                ? []
                : (0..<60).map { _ in Int.random(in: 60...500, using: &random) }.map {
                    MiniCircuitsFault(.staleFirst, at: $0...$0)
                }
            let box = try Box(
                .init(model: one.model, serial: "42", firmware: one.firmware, usbSerial: "42", faults: faults))
            let store = MemoryStore()
            let driver = RFSwitch.bench(box, serial: "42", counts: store)
            _ = try await driver.connect()
            let settings = await driver.settings().filter(\.isWritable)
            var reference = box.hardware.ports
            var moved = 0
            for _ in 0..<120 {
                let index = Int.random(in: 0..<settings.count, using: &random)
                guard case .integer(let ports) = settings[index].kind else { continue }
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<5:
                    let port = Int.random(in: ports, using: &random)
                    if port != reference[index] { moved += 1 }
                    #expect(try await driver.set(settings[index].key, to: .integer(port)) == .integer(port))
                    reference[index] = port
                case 5..<8:
                    #expect(try await driver.read(settings[index].key) == .integer(reference[index]))
                case 8:
                    _ = try await driver.connect()
                default:
                    try await driver.makeSafe()
                    let safe = one.model.hasPrefix("RC-") && !one.model.contains("SPDT") ? 0 : 1
                    moved += reference.count { $0 != safe }
                    reference = reference.map { _ in safe }
                }
                #expect(box.hardware.ports == reference)
            }
            #expect(try await driver.problems().isEmpty)
            if mechanicalModels.contains(where: { $0.model == one.model }) {
                #expect(store["42"]?.operations == box.hardware.moves.map(UInt64.init))
                #expect(box.hardware.moves.reduce(0, +) == moved)
            } else {
                #expect(store["42"] == nil, "solid state does not wear")
            }
        }
    }

    @Test("values outside of the ports are refused, and nothing is sent")
    func range() async throws {
        let box = try Box("RC-2SP6T-A12")
        let driver = RFSwitch.bench(box)
        _ = try await driver.connect()
        let before = box.commands
        let cases: [(String, InstrumentValue, BellError.Code)] = [
            ("switch_a", .integer(7), .instrumentRange), ("switch_a", .integer(-1), .instrumentRange),
            ("switch_a", .number(1), .instrumentRange), ("switch_c", .integer(1), .instrumentUnknownSetting),
            ("switch_a_count", .integer(1), .instrumentReadOnly), ("", .integer(1), .instrumentUnknownSetting),
        ]
        for (key, value, code) in cases {
            #expect(try await failure { try await driver.set(key, to: value) }.code == code, "\(key) \(value)")
        }
        #expect(box.commands == before)
        let error = try await failure { try await driver.read("swich_b") }
        #expect(error.fix?.contains("did you mean \"switch_b\"?") == true)
    }

    @Test("nothing works before connect, and after close")
    func notConnected() async throws {
        let driver = RFSwitch.bench(try Box("RC-1SPDT-A18"))
        #expect(try await failure { try await driver.read("switch_a") }.code == .instrumentNotConnected)
        _ = try await driver.connect()
        await driver.close()
        #expect(try await failure { try await driver.set("switch_a", to: .integer(1)) }.code == .instrumentNotConnected)
        #expect(try await failure { try await driver.problems() }.code == .instrumentNotConnected)
        #expect(try await failure { try await driver.makeSafe() }.code == .instrumentNotConnected)
        _ = try await driver.connect()
        #expect(try await driver.read("switch_a") == .integer(1))
    }

    @Test("a relay gets time to settle, solid state and a relay that does not move get none")
    func settling() async throws {
        let clock = InstantClock()
        let driver = RFSwitch.bench(try Box("RC-1SPDT-A18"), clock: clock)
        _ = try await driver.connect()
        _ = try await driver.set("switch_a", to: .integer(2))
        _ = try await driver.set("switch_a", to: .integer(2))
        #expect(clock.sleeps == [.milliseconds(25)])
        let six = InstantClock()
        let slow = RFSwitch.bench(try Box("RC-2SP6T-A12", firmware: "D1"), clock: six)
        _ = try await slow.connect()
        _ = try await slow.set("switch_a", to: .integer(2))
        #expect(six.sleeps == [.milliseconds(100)])
        let solid = InstantClock()
        let quick = RFSwitch.bench(try Box("USB-SP4T-63"), clock: solid)
        _ = try await quick.connect()
        _ = try await quick.set("switch_a", to: .integer(4))
        #expect(solid.sleeps.isEmpty)
    }

    @Test("a switch that something else moved is a problem, until it is set again")
    func moved() async throws {
        let box = try Box("RC-2SPDT-A18")
        let driver = RFSwitch.bench(box)
        _ = try await driver.connect()
        _ = try await driver.set("switch_b", to: .integer(2))
        box.move(1, to: 1)
        let problems = try await driver.problems()
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("switch B stands at port 1, but 2 was set last") == true)
        #expect(try await driver.read("switch_b_count") == .integer(2), "the other's operation counts too")
        _ = try await driver.set("switch_b", to: .integer(2))
        #expect(try await driver.problems().isEmpty)
    }

    @Test("a switch that nobody has set is no problem wherever it stands")
    func movedUnset() async throws {
        let box = try Box("RC-2SPDT-A18")
        let driver = RFSwitch.bench(box)
        _ = try await driver.connect()
        _ = try await driver.set("switch_b", to: .integer(2))
        box.move(0, to: 2)
        #expect(try await driver.problems().isEmpty)
        #expect(try await driver.read("switch_a") == .integer(2))
    }

    @Test("calls made at once are performed one after the other", arguments: switchModels)
    func concurrent(_ one: (model: String, firmware: String)) async throws {
        let box = try Box(one.model, firmware: one.firmware)
        let driver = RFSwitch.bench(box)
        _ = try await driver.connect()
        let results = await withTaskGroup(of: Bool.self) { group in
            for call in 0..<40 {
                group.addTask {
                    let port = 1 + call % 2
                    return (try? await driver.set("switch_a", to: .integer(port))) == .integer(port)
                }
            }
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(results == Array(repeating: true, count: 40))
    }

    @Test("a switch box at an attenuator's entry is refused, and the other way round")
    func wrongKind() async throws {
        let box = try Box("RC-1SPDT-A18")
        let attenuator = Attenuator(
            name: "bob/attenuator", product: 0x0022, serial: "11710240017", bus: BenchBus([box]))
        let error = try await failure { try await attenuator.connect() }
        #expect(error.code == .instrumentWrongDevice)
        #expect(error.what == "The Mini-Circuits box is no attenuator: RC-1SPDT-A18 is a different kind, switch box.")
        #expect(error.place?.hasPrefix("bob/attenuator (USB 20ce:0022") == true)
        #expect(box.openings == 0)
        let other = try Box("RUDAT-6000-30")
        let driver = RFSwitch(
            name: "x", product: 0x0023, serial: "11710240017", bus: BenchBus([other]), counts: NoSwitchCountStore())
        #expect(try await failure { try await driver.connect() }.code == .instrumentWrongDevice)
        #expect(other.hardware.quarters == 120)
        #expect(other.openings == 0)
    }
}
