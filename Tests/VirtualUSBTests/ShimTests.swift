import BellModel
import DriverKit
import Foundation
import Testing
import USBTestbed

@testable import VirtualUSB

/// Simulated devices met by pyusb and lsusb through Debian's libusb: emulated by the usbfs shim, or in the
/// kernel that Tests/USB/kernel/run boots.
@Suite(.serialized, .enabled(if: USBTestbed.current != nil)) struct ShimTests {
    /// Runs a program of Tests/USB in this testbed; its output, line by line, and status.
    private func run(_ arguments: [String], reading: (String) throws -> Void = { _ in }) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        var line: [UInt8] = []
        while let byte = try pipe.fileHandleForReading.read(upToCount: 1)?.first {
            if byte == 0x0A {
                try reading(String(decoding: line, as: UTF8.self))
                line = []
            } else {
                line.append(byte)
            }
        }
        process.waitUntilExit()
        return process.terminationStatus
    }

    private var folder: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../USB").path
    }

    @Test(
        "pyusb loops data, meets a stall, a time-out and the pulled cable, and finds the device again",
        .enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/python3"), "needs python3-usb"))
    func pyusb() throws {
        let testbed = try #require(USBTestbed.current)
        let devices = try TestbedDevices(testbed, [VirtualUSBDevice(LoopDevice())])
        var place = try devices.plug(0)
        var lines: [String] = []
        let status = try run(["/usr/bin/python3", "\(folder)/check_pyusb.py"]) { line in
            lines.append(line)
            if line == "unplug me" { try devices.unplug(0, at: place) }
            if line == "plug me" {
                let again = try devices.plug(0)
                #expect(again.port == place.port)
                #expect(again.address != place.address)
                place = again
            }
        }
        #expect(status == 0)
        #expect(
            lines == [
                "Prüfstand Loop 循環 🔁 L-1", "loop ok", "control ok", "stall ok", "timeout ok", "interrupt ok",
                "claim ok",
                "unplug me", "gone ok", "plug me", "back ok",
            ])
        try devices.unplug(0, at: place)
    }

    @Test(
        "lsusb lists what is plugged in and no longer what is not",
        .enabled(if: USBTestbed.current?.isKernel == false, "the guest's lsusb is another program"),
        .enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/lsusb"), "needs usbutils"))
    func lsusb() throws {
        let testbed = try #require(USBTestbed.current)
        var model = LoopDevice()
        model.descriptors.product = 0x0013
        let devices = try TestbedDevices(testbed, [VirtualUSBDevice(model)])
        func listed() throws -> [String] {
            var lines: [String] = []
            _ = try run(["lsusb", "-d", "1209:0013"]) { lines.append($0) }
            return lines
        }
        let place = try devices.plug(0)
        let address = String(repeating: "0", count: 3 - String(place.address).count) + String(place.address)
        #expect(try listed().map { String($0.prefix(32)) } == ["Bus 001 Device \(address): ID 1209:0013"])
        try devices.unplug(0, at: place)
        #expect(try listed() == [])
    }

    @Test("A bare libusb loop streams in both directions", arguments: ["0x01", "0x81"])
    func stream(endpoint: String) throws {
        let output = try bulk(FloodDevice(), endpoint, seconds: "0.2")
        #expect(try #require(output["bytes"]) > 1e6)
        print("libusb loop on \(endpoint): \(Int((output["bytes_per_second"] ?? 0) / 1e6)) MB/s")
    }

    @Test("A libusb that waits for a silent device sleeps")
    func idle() throws {
        let output = try bulk(LoopDevice(), "0x81", seconds: "0.5")
        #expect(output["bytes"] == 0)
        #expect(try #require(output["cpu_share"]) < 0.2)
    }

    /// Runs Tests/USB/bulk.c on a device; what it measured.
    private func bulk(_ model: any USBDeviceModel, _ endpoint: String, seconds: String) throws -> [String: Double] {
        let testbed = try #require(USBTestbed.current)
        let tools = try #require(ProcessInfo.processInfo.environment["BELL_USB_TOOLS"])
        var model = model
        if var flood = model as? FloodDevice {
            flood.descriptors.product = endpoint == "0x01" ? 0x0011 : 0x0012
            model = flood
        }
        let devices = try TestbedDevices(testbed, [VirtualUSBDevice(model)])
        let place = try devices.plug(0)
        var text = ""
        let product = String(model.descriptors.product)
        let status = try run(["\(tools)/bulk", "0x1209", product, endpoint, "65536", "8", seconds]) { text += $0 }
        try devices.unplug(0, at: place)
        #expect(status == 0)
        return try JSONDecoder().decode([String: Double].self, from: Data(text.utf8))
    }
}
