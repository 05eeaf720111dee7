import BellModel
import DriverKit
import RFSwitch
import Testing
import VirtualUSB

/// Code 1 sets switch A of one family and begins a text for another.
@Suite struct HazardTests {
    @Test("the model is asked for first, and a mechanical box gets codes 1 … 8 only for sets", arguments: switchModels)
    func traffic(_ one: (model: String, firmware: String)) async throws {
        let isSPDT = one.model.contains("SPDT")
        // With and without each command going unanswered, so that no way out of an error sends it either.
        for silent in 0..<24 {
            let faults = silent == 0 ? [] : [MiniCircuitsFault(.silent, at: silent...silent)]
            let box = try Box(one.model, firmware: one.firmware, faults: faults)
            let driver = RFSwitch.bench(box)
            for _ in 0..<3 { if (try? await driver.connect()) != nil { break } }
            let settings = await driver.settings()
            for setting in settings { _ = try? await driver.read(setting.key) }
            _ = try? await driver.problems()
            let before = box.written
            #expect(before.first?.first == 40)
            if one.model.contains("SP6T") || isSPDT {
                #expect(before.allSatisfy { !(1...12).contains($0[0]) }, "nothing is set before a set")
            }
            #expect(box.hardware.moves.allSatisfy { $0 == 0 })
            for setting in settings where setting.isWritable {
                guard case .integer(let ports) = setting.kind else { continue }
                for port in ports { _ = try? await driver.set(setting.key, to: .integer(port)) }
            }
            _ = try? await driver.makeSafe()
            for report in box.written where isSPDT && (1...9).contains(report[0]) {
                #expect(report[0] <= 8 && report[1] <= 1 && report[2...].allSatisfy { $0 == 0 })
            }
            #expect(box.written.allSatisfy { $0.count == 64 })
        }
    }

    @Test(
        "an unknown model is refused after two questions", arguments: ["ZTRC-4SPDT-A18", "RC-9SPDT-A18", "RC-SPDT-A18"])
    func unknown(_ model: String) async throws {
        let usb = ScriptedUSB(
            identity: USBIdentity(vendor: 0x20CE, product: 0x22, serial: "1"),
            endpoints: [
                USBEndpoint(address: 1, kind: .interrupt, maximumPacket: 64),
                USBEndpoint(address: 0x81, kind: .interrupt, maximumPacket: 64),
            ]
        ) { (bytes, _) in
            let text = bytes[0] == 40 ? model : "1"
            let reply = [bytes[0]] + Array(text.utf8)
            return [.init(0x81, reply + [UInt8](repeating: 0, count: 64 - reply.count))]
        }
        let driver = RFSwitch(name: "alice/rf-switch", serial: "1", bus: OneBus(usb), counts: NoSwitchCountStore())
        let error = try await failure { try await driver.connect() }
        #expect(error.code == .instrumentWrongDevice)
        #expect(error.what == "belld does not know the Mini-Circuits model \(model).")
        #expect(error.cause?.contains("RC-#SPDT-*") == true)
        #expect(error.fix?.contains("MiniCircuitsTable+Known.swift") == true)
        let codes = usb.calls.compactMap { call -> UInt8? in
            if case .write(let bytes, _) = call { bytes[0] } else { nil }
        }
        #expect(codes == [40, 41])
        #expect(usb.calls.last == .close)
    }

    @Test("a row of the laboratory's own makes a model known")
    func ownRow() async throws {
        let box = try Box("USB-1SP8T-852H")
        let own = MiniCircuitsTable.Row(
            "USB-1SP8T-852H", .text(code: 42, path: ":SP8T:STATE"), .oneSource, source: "our manual"
        ) { _ in
            .switches(
                SwitchLayout(
                    count: 1, ports: 1...3, safePort: 2, settling: .zero, ratedOperations: nil, lifeSource: "none"))
        }
        let driver = RFSwitch(
            name: "x", serial: "11710240017", bus: BenchBus([box]), counts: NoSwitchCountStore(),
            table: MiniCircuitsTable([own] + MiniCircuitsTable.known.rows))
        _ = try await driver.connect()
        #expect(await driver.settings().map(\.kind) == [.integer(1...3)])
        try await driver.makeSafe()
        #expect(box.hardware.ports == [2])
        #expect(await driver.model?.source == "our manual")
    }

    @Test(
        "names find their rows",
        arguments: [
            ("RC-8SPDT-A18", true), ("RC-0SPDT-A18", false), ("RC-10SPDT-A18", false), ("RC-2SPDT-", false),
            ("USB-SP4T-63", true), ("USB-SP4T-63H", false), ("RUDAT-6000-90", true), ("RUDAT-6000-", false),
            ("RUDAT-6000-9000", false), ("", false), ("RC", false),
        ])
    func names(_ name: String, _ isKnown: Bool) {
        #expect((MiniCircuitsTable.known.model(named: name) != nil) == isKnown)
    }

    @Test("each model of the table is simulated, and driver and simulation agree what it is")
    func coverage() throws {
        for row in MiniCircuitsTable.known.rows {
            let names = switchModels.map(\.model) + attenuatorModels
            let covered = names.contains { MiniCircuitsTable([row]).model(named: $0) != nil }
            #expect(covered, "\(row.pattern)")
            #expect(!row.source.isEmpty)
        }
    }
}

/// A bus with one scripted device.
final class OneBus: USBBus {
    private let usb: ScriptedUSB

    init(_ usb: ScriptedUSB) { self.usb = usb }

    func devices(vendor: UInt16, product: UInt16) async throws(BellError) -> [USBIdentity] { [usb.identity] }
    func open(_ device: USBIdentity, interface: USBInterfaceChoice) async throws(BellError) -> any USBInterface { usb }
    func changes() -> AsyncStream<USBChange> { AsyncStream { $0.finish() } }
}
