import BellModel
import DriverKit
import Foundation
import Testing
import USBTestbed
import USBTransport

@testable import VirtualUSB

/// Interfaces that a driver of the kernel has: taken from it when they are opened, given back when they are closed.
@Suite(.enabled(if: USBTestbed.current?.isKernel == true), .serialized, .timeLimit(.minutes(5)))
struct KernelDriverTests {
    /// The kernel's driver of interface 0 of the device at a port; nil when it has none.
    private func driver(_ place: USBTestbed.Place) -> String? {
        let link = "/sys/bus/usb/devices/\(place.port):1.0/driver"
        return try? URL(fileURLWithPath: FileManager.default.destinationOfSymbolicLink(atPath: link)).lastPathComponent
    }

    private func wait(for wanted: String, _ place: USBTestbed.Place) async throws -> String? {
        for _ in 0..<600 where driver(place) != wanted { try await Task.sleep(for: .milliseconds(50)) }
        return driver(place)
    }

    @Test("The kernel's usbtmc has the instrument until libusb claims it, and has it again afterwards")
    func usbtmc() async throws {
        let model = BareInstrument(product: 0x0201, serial: "TMC")
        let devices = try TestbedDevices(try #require(USBTestbed.current), [VirtualUSBDevice(model)])
        let place = try devices.plug(0)
        #expect(try await wait(for: "usbtmc", place) == "usbtmc")
        let bus = LibUSBBus()
        let choice = USBInterfaceChoice.kind(class: 0xFE, subclass: 3, protocol: nil)
        let interface = try await bus.open(vendor: 0x1209, product: 0x0201, serial: "TMC", interface: choice)
        #expect(driver(place) == "usbfs")
        let request: [UInt8] = [2, 1, 254, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        try await interface.write(request, to: 0x01, timeout: .seconds(30))
        let answer = try await interface.read(512, from: 0x81, timeout: .seconds(30))
        #expect(answer.dropFirst(12).prefix(6) == Array("belld\n".utf8)[...])
        interface.close()
        bus.close()
        #expect(try await wait(for: "usbtmc", place) == "usbtmc")
        try devices.unplug(0, at: place)
    }

    @Test("The kernel's usbhid has the switch box until libusb claims it")
    func usbhid() async throws {
        let model = ReportLoop(product: 0x0202, serial: "BOX")
        let devices = try TestbedDevices(try #require(USBTestbed.current), [VirtualUSBDevice(model)])
        let place = try devices.plug(0)
        #expect(try await wait(for: "usbhid", place) == "usbhid")
        let bus = LibUSBBus()
        let choice = USBInterfaceChoice.kind(class: 3, subclass: nil, protocol: nil)
        let interface = try await bus.open(vendor: 0x1209, product: 0x0202, serial: "BOX", interface: choice)
        #expect(driver(place) == "usbfs")
        try await interface.write([UInt8](repeating: 0x0F, count: 64), to: 0x01, timeout: .seconds(30))
        let report = try await interface.read(64, from: 0x81, timeout: .seconds(30))
        #expect(report == [UInt8](repeating: 0xF0, count: 64))
        interface.close()
        bus.close()
        try devices.unplug(0, at: place)
    }

    @Test("Pulling the cable of a claimed interface that a kernel driver had before leaves nothing behind")
    func unplugClaimed() async throws {
        let model = BareInstrument(product: 0x0203, serial: "PULL")
        let devices = try TestbedDevices(try #require(USBTestbed.current), [VirtualUSBDevice(model)])
        let place = try devices.plug(0)
        #expect(try await wait(for: "usbtmc", place) == "usbtmc")
        let bus = LibUSBBus()
        let interface = try await bus.open(vendor: 0x1209, product: 0x0203, serial: "PULL", interface: .number(0))
        let read = Task { try await interface.read(512, from: 0x81, timeout: .seconds(60)) }
        try await Task.sleep(for: .milliseconds(200))
        try devices.unplug(0, at: place)
        let error = await #expect(throws: BellError.self) { try await read.value }
        #expect(error?.code == .usbUnplugged)
        interface.close()
        bus.close()
        let again = try devices.plug(0)
        #expect(try await wait(for: "usbtmc", again) == "usbtmc")
        try devices.unplug(0, at: again)
    }
}
