import BellModel
import DriverKit
import RFSwitch
import SCPIInstrument
import Synchronization
import Testing
import USBTestbed
import USBTransport
import VirtualUSB

/// The drivers of instruments with their simulated instruments through the real libusb: emulated, or in a kernel that has
/// a driver of its own for each of them.
@Suite(.enabled(if: USBTestbed.current != nil), .serialized, .timeLimit(.minutes(5))) struct DriverTests {
    /// Counts of switches, forgotten at the end.
    private final class Counts: SwitchCountStore {
        private let kept = Mutex<[String: SwitchCounts]>([:])

        func load(serial: String) async throws(BellError) -> SwitchCounts? { kept.withLock { $0[serial] } }

        func save(_ counts: SwitchCounts, serial: String) async throws(BellError) {
            kept.withLock { $0[serial] = counts }
        }
    }

    private func code(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "ok"
        } catch {
            return (error as? BellError)?.code.name ?? "\(error)"
        }
    }

    @Test("A switch box is set and read back, pulled, and driven on after it is back")
    func switchBox() async throws {
        let testbed = try #require(USBTestbed.current)
        let model = try #require(SimulatedMiniCircuits(.init(model: "RC-2SPDT-A18", serial: "7001")))
        let devices = try TestbedDevices(testbed, [VirtualUSBDevice(model)])
        let place = try devices.plug(0)
        let bus = LibUSBBus()
        let driver = RFSwitch(
            name: "alice/rf-switch", serial: "7001", bus: bus, counts: Counts(), timeout: .seconds(10))
        #expect(try await driver.connect().serial == "7001")
        for port in [2, 1, 2] {
            #expect(try await driver.set("switch_b", to: .integer(port)) == .integer(port))
        }
        try devices.unplug(0, at: place)
        #expect(await code { _ = try await driver.set("switch_b", to: .integer(1)) } == "usb.unplugged")
        let again = try devices.plug(0)
        _ = try await driver.connect()
        // A latching relay does not move because a cable was pulled.
        #expect(try await driver.read("switch_b") == .integer(2))
        await driver.close()
        bus.close()
        try devices.unplug(0, at: again)
    }

    @Test("A microwave source is set and read back, and the question after a time-out is answered")
    func source() async throws {
        let testbed = try #require(USBTestbed.current)
        let model = USBTMCSource(source: SimulatedSource(serial: "LO7"), faults: [.hang(reply: 12)])
        let devices = try TestbedDevices(testbed, [VirtualUSBDevice(model)])
        let place = try devices.plug(0)
        let bus = LibUSBBus()
        let link = USBTMCLink(place: "alice/lo") { () throws(BellError) in
            try await bus.open(
                vendor: USBTMCSource.vendor, product: USBTMCSource.product, serial: "LO7",
                interface: USBTMCLink.interfaceKind)
        }
        let session = SCPISession(name: "alice/lo", link: link, timeout: .seconds(3))
        _ = try await session.open()
        var failures = 0
        for _ in 0..<20 {
            let outcome = await code {
                let text = try await session.query("*IDN?")
                #expect(text.contains("LO7"))
            }
            if outcome != "ok" { failures += 1 }
        }
        #expect(failures == 1)
        try devices.unplug(0, at: place)
        #expect(await code { _ = try await session.query("*IDN?") } == "usb.unplugged")
        await session.close()
        bus.close()
    }
}
