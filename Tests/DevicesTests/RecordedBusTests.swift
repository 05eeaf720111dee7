import BellModel
import BellSequence
import DriverKit
import Recording
import Testing
import VirtualUSB

@testable import Devices

@Suite("Recorded buses")
struct RecordedBusTests {
    /// Connects a switch box on a bus with these boxes, `times` times with the cable pulled in between.
    private func record(_ boxes: [VirtualUSBDevice], serial: String, times: Int = 1, _ bench: Bench) async throws -> String {
        try await bench.recorded(.usb, at: "usb://20ce:0022/\(serial)") { tap in
            let bus = TappedBus(VirtualBus(boxes), tap: tap)
            let driver = try bench.access.instrument(
                name: "x", driver: .rfSwitch, at: USBPlace(vendor: 0x20CE, product: 0x22, serial: serial), on: bus,
                address: try DeviceAddress("usb://20ce:0022/\(serial)"))
            for time in 0..<times {
                if time > 0 {
                    for box in boxes { box.unplug() }
                    for box in boxes { box.plug() }
                }
                #expect(try await driver.connect().serial == serial)
            }
            #expect(try await driver.set("switch_a", to: .integer(5)) == .integer(5))
            await driver.close()
        }
    }

    private func path(_ address: String) -> String { String(address.dropFirst("replay://".count)) }

    @Test("with two boxes that the bus cannot tell apart, the one that was meant is found again", arguments: ["A1", "B2"])
    func twoBoxes(serial: String) async throws {
        let bench = try Bench()
        let boxes = [try Bench.box("A1", usbSerial: nil), try Bench.box("B2", usbSerial: nil)]
        let address = try await record(boxes, serial: serial, bench)
        let trace = try Trace(file: path(address))
        let bus = try ReplayBus(trace, path: "x")
        #expect(bus.place == USBPlace(vendor: 0x20CE, product: 0x22, serial: serial))
        #expect(try await bus.devices(vendor: 0x20CE, product: 0x22).map(\.port) == ["1-1", "1-2"])
        #expect(try await bus.devices(vendor: 0x20CE, product: 0x23) == [])
        let replayed = try bench.instrument(.rfSwitch, address)
        #expect(try await replayed.connect().serial == serial)
        #expect(try await replayed.set("switch_a", to: .integer(5)) == .integer(5))
        await replayed.close()
    }

    @Test("a box that was plugged in again is the same box, though its address on the bus is another one")
    func replugged() async throws {
        let bench = try Bench()
        let address = try await record([try Bench.box("A1", usbSerial: "A1")], serial: "A1", times: 3, bench)
        let bus = try ReplayBus(try Trace(file: path(address)), path: "x")
        #expect(try await bus.devices(vendor: 0x20CE, product: 0x22).count == 1)
        let replayed = try bench.instrument(.rfSwitch, address)
        for _ in 0..<3 { #expect(try await replayed.connect().serial == "A1") }
        #expect(try await replayed.set("switch_a", to: .integer(5)) == .integer(5))
        await replayed.close()
    }

    @Test("a source that was plugged in again is not two sources with one serial number")
    func repluggedSource() async throws {
        let bench = try Bench()
        let address = try await bench.recorded(.usb, at: "usb://1209:be12/LO-1") { tap in
            let driver = try bench.instrument(.microwaveSource, "mock://lab/lo", tap: tap)
            _ = try await driver.connect()
            bench.source.unplug()
            bench.source.plug()
            _ = try await driver.connect()
            await driver.close()
        }
        let replayed = try bench.instrument(.microwaveSource, address)
        for _ in 0..<2 { #expect(try await replayed.connect().serial == "LO-1") }
        await replayed.close()
    }

    @Test("a recording without an opening is refused")
    func empty() async throws {
        let header = TraceHeader(
            kind: .usb, device: "x", address: "usb://20ce:0022/7", software: "test", started: "2026-11-21T00:00:00Z")
        let trace = Trace(header: header, entries: [], tail: .stopped(.requested))
        let error = try await failure { try ReplayBus(trace, path: "x.belltrace") }
        #expect(error.code == .recordingFormat)
        #expect(error.place == "x.belltrace")
        #expect(error.fix?.contains("record it again") == true)
    }

    @Test("nothing comes or goes on a recorded bus by itself")
    func changes() async throws {
        let bench = try Bench()
        let address = try await record([try Bench.box("A1", usbSerial: "A1")], serial: "A1", bench)
        var changes = 0
        for await _ in try ReplayBus(try Trace(file: path(address)), path: "x").changes() { changes += 1 }
        #expect(changes == 0)
    }

    @Test("a tapped bus records each opening and each transfer, and failed openings")
    func tapped() async throws {
        let bench = try Bench()
        let address = try await bench.recorded(.usb, at: "usb://20ce:0022/7") { tap in
            let box = try Bench.box("7", usbSerial: "7")
            let bus = TappedBus(VirtualBus([box]), tap: tap)
            let device = try #require(try await bus.devices(vendor: 0x20CE, product: 0x22).first)
            let usb = try await bus.open(device, interface: .number(0))
            let busy = try await failure { try await bus.open(device, interface: .number(0)) }
            #expect(busy.code == .usbBusy)
            try await usb.write([40] + [UInt8](repeating: 0, count: 63), to: 0x01, timeout: .seconds(5))
            #expect(try await usb.read(64, from: 0x81, timeout: .seconds(5)).count == 64)
            usb.close()
        }
        let events = try Trace(file: path(address)).entries.map(\.record.event)
        let calls = events.compactMap { if case .operation(let operation) = $0 { operation.call } else { nil } }
        #expect(events.count { if case .opened = $0 { true } else { false } } == 1)
        #expect(events.contains { if case .openFailed(let error) = $0 { error.code == .usbBusy } else { false } })
        #expect(calls == [.write([40] + [UInt8](repeating: 0, count: 63), endpoint: 0x01), .read(64, endpoint: 0x81)])
    }
}
