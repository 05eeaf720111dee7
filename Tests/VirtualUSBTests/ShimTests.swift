import BellModel
import DriverKit
import Foundation
import Testing
import USBTestbed

@testable import VirtualUSB

/// Simulated devices met by pyusb and lsusb through Debian's libusb: emulated by the usbfs shim, run by Tests/USB/run.
@Suite(.enabled(if: USBTestbed.current != nil)) struct ShimTests {
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

    @Test("pyusb loops data, meets a stall, a time-out and the pulled cable, and finds the device again")
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
}
