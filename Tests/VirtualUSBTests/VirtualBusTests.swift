import BellModel
import DriverKit
import Testing

@testable import VirtualUSB

/// Drivers meet simulated devices in the same process.
@Suite struct VirtualBusTests {
    private let device = VirtualUSBDevice(LoopDevice())

    private func open(
        _ bus: VirtualBus, _ choice: USBInterfaceChoice = .number(0)
    ) async throws(BellError) -> any USBInterface {
        try await bus.open(vendor: 0x1209, product: 0x0001, serial: "L-1", interface: choice)
    }

    private func code(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "no error"
        } catch {
            return (error as? BellError)?.code.name ?? "\(error)"
        }
    }

    @Test("Devices are listed with their strings, and opened by serial and kind of interface")
    func listing() async throws {
        let bus = VirtualBus([device, VirtualUSBDevice(LoopDevice())])
        let listed = try await bus.devices(vendor: 0x1209, product: 0x0001)
        #expect(listed.map(\.port) == ["1-1", "1-2"])
        #expect(listed.map(\.productName) == ["Loop 循環 🔁", "Loop 循環 🔁"])
        #expect(listed[0].address != listed[1].address)
        #expect(try await bus.devices(vendor: 0x1209, product: 0x0002).isEmpty)
        let hid = try await bus.open(listed[0], interface: .kind(class: 3, subclass: nil, protocol: 0))
        #expect(hid.number == 1)
        #expect(hid.endpoint(.interrupt, isIn: true)?.address == LoopDevice.interruptIn)
        #expect(await code { _ = try await bus.open(listed[1], interface: .number(7)) } == "usb.no-interface")
        #expect(await code { _ = try await self.open(bus) } == "usb.ambiguous")
    }

    @Test("What is written comes back, in order, with an empty transfer among it")
    func loop() async throws {
        let interface = try await open(VirtualBus([device]))
        for bytes in [[1, 2, 3], [], [UInt8](repeating: 7, count: 512)] as [[UInt8]] {
            try await interface.write(bytes, to: 0x01, timeout: .seconds(5))
        }
        #expect(try await interface.read(512, from: 0x81, timeout: .seconds(5)) == [1, 2, 3])
        #expect(try await interface.read(512, from: 0x81, timeout: .seconds(5)) == [])
        #expect(try await interface.read(512, from: 0x81, timeout: .seconds(5)).count == 512)
    }

    @Test("A read waits for a later write, and a write for room")
    func waiting() async throws {
        let interface = try await open(VirtualBus([device]))
        async let early = interface.read(512, from: 0x81, timeout: .seconds(30))
        try await interface.write([9], to: 0x01, timeout: .seconds(5))
        #expect(try await early == [9])
        for number in 0..<4 as Range<UInt8> { try await interface.write([number], to: 0x01, timeout: .seconds(5)) }
        async let late: Void = interface.write([4], to: 0x01, timeout: .seconds(30))
        for number in 0...4 as ClosedRange<UInt8> {
            #expect(try await interface.read(512, from: 0x81, timeout: .seconds(30)) == [number])
        }
        try await late
    }

    @Test("Control requests carry data both ways; an unknown one stalls and the next one works")
    func control() async throws {
        let interface = try await open(VirtualBus([device]))
        let set = USBControlRequest(type: 0x40, request: 2, length: 2)
        _ = try await interface.control(set, data: [0x34, 0x12], timeout: .seconds(5))
        let get = USBControlRequest(type: 0xC0, request: 1, length: 2)
        #expect(
            await code {
                let bad = USBControlRequest(type: 0xC0, request: 9, length: 1)
                _ = try await interface.control(bad, data: [], timeout: .seconds(5))
            } == "usb.stall")
        #expect(try await interface.control(get, data: [], timeout: .seconds(5)) == [0x34, 0x12])
    }

    @Test("A read of a silent endpoint times out, and nothing is lost by it")
    func timeout() async throws {
        let interface = try await open(VirtualBus([device]))
        #expect(
            await code { _ = try await interface.read(512, from: 0x81, timeout: .milliseconds(20)) } == "usb.timeout")
        try await interface.write([5], to: 0x01, timeout: .seconds(5))
        #expect(try await interface.read(512, from: 0x81, timeout: .seconds(5)) == [5])
    }

    @Test("A cancelled task's transfer ends as cancelled and takes no data with it")
    func cancellation() async throws {
        let interface = try await open(VirtualBus([device]))
        let task = Task { try await interface.read(512, from: 0x81, timeout: .seconds(60)) }
        try await Task.sleep(for: .milliseconds(20))
        task.cancel()
        #expect(await code { _ = try await task.value } == "usb.cancelled")
        let early = Task { try await interface.read(512, from: 0x81, timeout: .seconds(60)) }
        early.cancel()
        #expect(await code { _ = try await early.value } == "usb.cancelled")
        try await interface.write([6], to: 0x01, timeout: .seconds(5))
        #expect(try await interface.read(512, from: 0x81, timeout: .seconds(5)) == [6])
    }

    @Test("A stall halts the endpoint until it is cleared")
    func stall() async throws {
        let interface = try await open(VirtualBus([device]))
        let bad = Array("stall".utf8)
        #expect(await code { try await interface.write(bad, to: 0x01, timeout: .seconds(5)) } == "usb.stall")
        #expect(await code { try await interface.write([1], to: 0x01, timeout: .seconds(5)) } == "usb.stall")
        try await interface.clearHalt(0x01)
        try await interface.write([1], to: 0x01, timeout: .seconds(5))
        #expect(device.withModel(as: LoopDevice.self) { $0.cleared } == [0x01])
    }

    @Test("An interface has one owner at a time")
    func claim() async throws {
        let bus = VirtualBus([device])
        let first = try await open(bus)
        #expect(await code { _ = try await self.open(bus) } == "usb.busy")
        _ = try await open(bus, .number(1))
        first.close()
        first.close()
        #expect(await code { _ = try await first.read(1, from: 0x81, timeout: .seconds(5)) } == "usb.closed")
        _ = try await open(bus)
    }

    @Test("Closing ends a read under way")
    func closing() async throws {
        let interface = try await open(VirtualBus([device]))
        let task = Task { try await interface.read(512, from: 0x81, timeout: .seconds(60)) }
        try await Task.sleep(for: .milliseconds(20))
        interface.close()
        #expect(await code { _ = try await task.value } == "usb.closed")
    }

    @Test("Pulling the cable ends what is under way, is announced, and makes the old interface useless for good")
    func unplug() async throws {
        let bus = VirtualBus([device])
        var changes = bus.changes().makeAsyncIterator()
        let old = try await bus.devices(vendor: 0x1209, product: 0x0001)[0]
        let interface = try await open(bus)
        let task = Task { try await interface.read(512, from: 0x81, timeout: .seconds(60)) }
        try await Task.sleep(for: .milliseconds(20))
        device.unplug()
        #expect(await code { _ = try await task.value } == "usb.unplugged")
        #expect(await changes.next() == USBChange(device: old, isArrival: false))
        #expect(try await bus.devices(vendor: 0x1209, product: 0x0001).isEmpty)
        #expect(await code { _ = try await self.open(bus) } == "usb.not-found")
        device.plug()
        let arrival = try #require(await changes.next())
        #expect(arrival.isArrival)
        #expect(arrival.device.port == old.port)
        #expect(arrival.device.address != old.address)
        #expect(await code { try await interface.write([1], to: 0x01, timeout: .seconds(5)) } == "usb.unplugged")
        #expect(await code { _ = try await bus.open(old, interface: .number(0)) } == "usb.not-found")
        let again = try await open(bus)
        try await again.write([3], to: 0x01, timeout: .seconds(5))
        #expect(try await again.read(512, from: 0x81, timeout: .seconds(5)) == [3])
    }

    @Test("A transfer that is longer than what was asked for overflows")
    func overflow() async throws {
        let interface = try await open(VirtualBus([device]))
        try await interface.write([UInt8](repeating: 1, count: 20), to: 0x01, timeout: .seconds(5))
        #expect(await code { _ = try await interface.read(10, from: 0x81, timeout: .seconds(5)) } == "usb.overflow")
    }

    @Test("A wrong endpoint or direction is refused", arguments: [0x01, 0x83, 0x82] as [UInt8])
    func wrongEndpoint(endpoint: UInt8) async throws {
        let interface = try await open(VirtualBus([device]))
        #expect(await code { _ = try await interface.read(10, from: endpoint, timeout: .seconds(5)) } == "usb.io")
    }
}
