import BellModel
import DriverKit
import Testing

@testable import VirtualUSB

/// Injected misbehaviour of bus and cable.
@Suite struct FaultTests {
    private func code(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "ok"
        } catch {
            return (error as? BellError)?.code.name ?? "\(error)"
        }
    }

    private func open(_ device: VirtualUSBDevice) async throws(BellError) -> (VirtualBus, any USBInterface) {
        let bus = VirtualBus([device])
        return (bus, try await bus.open(vendor: 0x1209, product: 1, serial: "L-1", interface: .number(0)))
    }

    @Test("An endpoint stalls at the named transfer and works again after its halt is cleared")
    func stall() async throws {
        let device = VirtualUSBDevice(LoopDevice(), faults: [.stall(endpoint: 0x01, transfer: 2)])
        let (bus, interface) = try await open(device)
        var seen: [String] = []
        for _ in 0..<3 { seen.append(await code { try await interface.write([1], to: 0x01, timeout: .seconds(5)) }) }
        try await interface.clearHalt(0x01)
        seen.append(await code { try await interface.write([1], to: 0x01, timeout: .seconds(5)) })
        #expect(seen == ["ok", "usb.stall", "usb.stall", "ok"])
        withExtendedLifetime(bus) {}
    }

    @Test("The cable is pulled at the named transfer of an endpoint", arguments: [1, 2, 3])
    func unplug(at transfer: Int) async throws {
        let device = VirtualUSBDevice(LoopDevice(), faults: [.unplug(endpoint: 0x01, transfer: transfer)])
        let (bus, interface) = try await open(device)
        var seen: [String] = []
        for _ in 0..<3 { seen.append(await code { try await interface.write([1], to: 0x01, timeout: .seconds(5)) }) }
        #expect(seen == (1...3).map { $0 < transfer ? "ok" : "usb.unplugged" })
        #expect(!device.isPlugged)
        withExtendedLifetime(bus) {}
    }

    @Test("The cable is pulled at the named control request of the model; the host's own ones are not counted")
    func unplugAtControl() async throws {
        let device = VirtualUSBDevice(LoopDevice(), faults: [.unplugAtControl(2)])
        let (bus, interface) = try await open(device)
        let get = USBControlRequest(type: 0xC0, request: 1, length: 2)
        let standard = USBControlRequest(type: 0x80, request: 6, value: 0x0100, length: 18)
        var seen: [String] = []
        for request in [get, standard, standard, get, get] {
            seen.append(await code { _ = try await interface.control(request, data: [], timeout: .seconds(5)) })
        }
        #expect(seen == ["ok", "ok", "ok", "usb.unplugged", "usb.unplugged"])
        withExtendedLifetime(bus) {}
    }

    @Test("Endless empty packets come from the named transfer on, until the fault is taken away")
    func empties() async throws {
        let device = VirtualUSBDevice(LoopDevice(), faults: [.emptyReads(endpoint: 0x81, from: 2)])
        let (bus, interface) = try await open(device)
        for number in [1, 2] as [UInt8] { try await interface.write([number], to: 0x01, timeout: .seconds(5)) }
        #expect(try await interface.read(512, from: 0x81, timeout: .seconds(5)) == [1])
        for _ in 0..<100 { #expect(try await interface.read(512, from: 0x81, timeout: .seconds(5)) == []) }
        device.removeFaults()
        #expect(try await interface.read(512, from: 0x81, timeout: .seconds(5)) == [2])
        withExtendedLifetime(bus) {}
    }

    @Test("Garbage comes before the data of the named transfer, within what was asked for")
    func garbage() async throws {
        let device = VirtualUSBDevice(
            LoopDevice(),
            faults: [
                .garbage([0xDE, 0xAD], endpoint: 0x81, transfer: 1),
                .garbage([UInt8](repeating: 1, count: 600), endpoint: 0x81, transfer: 2),
            ])
        let (bus, interface) = try await open(device)
        for bytes in [[7, 8], []] as [[UInt8]] { try await interface.write(bytes, to: 0x01, timeout: .seconds(5)) }
        #expect(try await interface.read(512, from: 0x81, timeout: .seconds(5)) == [0xDE, 0xAD, 7, 8])
        #expect(try await interface.read(512, from: 0x81, timeout: .seconds(5)) == [UInt8](repeating: 1, count: 512))
        withExtendedLifetime(bus) {}
    }
}
