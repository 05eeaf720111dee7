import BellModel
import DriverKit
import RFSwitch
import Testing
import VirtualUSB
import TestSupport

/// Driver and simulated box over the bus in the same process, with its own waiting and time-outs.
@Suite struct VirtualBusTests {
    private static func device(_ description: SimulatedMiniCircuits.Description) throws -> VirtualUSBDevice {
        VirtualUSBDevice(try #require(SimulatedMiniCircuits(description)))
    }

    @Test("every switch box is driven", arguments: switchModels)
    func switches(_ one: (model: String, firmware: String)) async throws {
        let device = try VirtualBusTests.device(.init(model: one.model, serial: "7", firmware: one.firmware))
        let driver = RFSwitch(
            name: "x", serial: "7", bus: VirtualBus([device]), counts: MemoryStore(), timeout: .milliseconds(500),
            clock: InstantClock())
        #expect(try await driver.connect().isSimulated)
        for setting in await driver.settings() where setting.isWritable {
            guard case .integer(let ports) = setting.kind else { continue }
            for port in ports.reversed() {
                #expect(try await driver.set(setting.key, to: .integer(port)) == .integer(port))
            }
        }
        try await driver.makeSafe()
        #expect(try await driver.problems().isEmpty)
        await driver.close()
    }

    @Test("every attenuator is driven", arguments: attenuatorModels)
    func attenuators(_ model: String) async throws {
        let device = try VirtualBusTests.device(.init(model: model, serial: "7", usbSerial: "7"))
        let driver = Attenuator(name: "x", serial: "7", bus: VirtualBus([device]))
        _ = try await driver.connect()
        #expect(try await driver.set("attenuation_db", to: .number(10.5)) == .number(10.5))
    }

    @Test("after the cable was pulled and put back, connecting again works")
    func replug() async throws {
        let device = try VirtualBusTests.device(.init(model: "RC-2SPDT-A18", serial: "7"))
        let driver = RFSwitch(
            name: "x", serial: "7", bus: VirtualBus([device]), counts: MemoryStore(), clock: InstantClock())
        _ = try await driver.connect()
        _ = try await driver.set("switch_b", to: .integer(2))
        device.unplug()
        #expect(try await failure { try await driver.set("switch_b", to: .integer(1)) }.code == .usbUnplugged)
        #expect(try await failure { try await driver.connect() }.code == .usbNotFound)
        device.plug()
        _ = try await driver.connect()
        #expect(try await driver.read("switch_b") == .integer(2))
    }

    @Test("closing ends a call that waits for the box")
    func closing() async throws {
        let device = try VirtualBusTests.device(
            .init(model: "RC-1SPDT-A18", serial: "7", faults: [.init(.silent, at: 5...Int.max)]))
        let driver = RFSwitch(
            name: "x", serial: "7", bus: VirtualBus([device]), counts: MemoryStore(), timeout: .seconds(600))
        _ = try await driver.connect()
        let call = Task { try await driver.read("switch_a") }
        // The fifth command is that call's.
        while device.withModel(as: SimulatedMiniCircuits.self, { $0.commands }) != 5 { await Task.yield() }
        await driver.close()
        #expect(try await failure { try await call.value }.code == .usbClosed)
    }

    @Test("cancelling a call ends it, and the next one works")
    func cancelling() async throws {
        let device = try VirtualBusTests.device(
            .init(model: "RC-1SPDT-A18", serial: "7", faults: [.init(.late, at: 6...6)]))
        let driver = RFSwitch(
            name: "x", serial: "7", bus: VirtualBus([device]), counts: MemoryStore(), timeout: .seconds(600),
            clock: InstantClock())
        _ = try await driver.connect()
        let call = Task { try await driver.set("switch_a", to: .integer(2)) }
        while device.withModel(as: SimulatedMiniCircuits.self, { $0.commands }) != 6 { await Task.yield() }
        call.cancel()
        #expect(try await failure { try await call.value }.code == .usbCancelled)
        #expect(try await driver.set("switch_a", to: .integer(2)) == .integer(2))
    }

    @Test("the box answers the requests of a HID driver")
    func hid() async throws {
        let device = try VirtualBusTests.device(.init(model: "USB-SP4T-63", serial: "7"))
        let bus = VirtualBus([device])
        let identity = try #require(try await bus.devices(vendor: 0x20CE, product: 0x22).first)
        let usb = try await bus.open(identity, interface: .kind(class: 3, subclass: nil, protocol: nil))
        let second = Duration.seconds(1)
        let descriptor = try await usb.control(
            USBControlRequest(type: 0x81, request: 6, value: 0x2100, length: 9), data: [], timeout: second)
        #expect(descriptor.prefix(4) == [9, 0x21, 0x11, 0x01])
        let length = UInt16(descriptor[7])
        let report = try await usb.control(
            USBControlRequest(type: 0x81, request: 6, value: 0x2200, length: 255), data: [], timeout: second)
        #expect(report.count == Int(length))
        #expect(report.first == 0x06 && report.last == 0xC0)
        // SET_IDLE, then a command by SET_REPORT.
        _ = try await usb.control(USBControlRequest(type: 0x21, request: 0x0A), data: [], timeout: second)
        let command = [3] + [UInt8](repeating: 0, count: 63)
        _ = try await usb.control(
            USBControlRequest(type: 0x21, request: 9, value: 0x0200, length: 64), data: command, timeout: second)
        #expect(try await usb.read(64, from: 0x81, timeout: second) == command)
        let stall = try await failure {
            try await usb.control(
                USBControlRequest(type: 0x81, request: 6, value: 0x2300, length: 9), data: [], timeout: second)
        }
        #expect(stall.code == .usbStall)
    }
}
