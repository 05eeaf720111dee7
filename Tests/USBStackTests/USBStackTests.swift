import BellModel
import DriverKit
import Synchronization
import Testing
import USBTestbed
import USBTransport

@testable import VirtualUSB

/// Simulated devices through ``LibUSBBus``: emulated under Tests/USB/run, the kernel's USB stack under
/// Tests/USB/kernel/run. Each test has product numbers of its own, as all of them share one bus.
@Suite(.enabled(if: USBTestbed.current != nil), .serialized, .timeLimit(.minutes(5))) struct USBStackTests {
    private static let patience: Duration = .seconds(30)

    private func code(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "ok"
        } catch {
            return (error as? BellError)?.code.name ?? "\(error)"
        }
    }

    /// Plugs one device in and opens its interface 0.
    private func scene(
        _ model: any USBDeviceModel
    ) async throws -> (devices: TestbedDevices, place: USBTestbed.Place, bus: LibUSBBus, interface: any USBInterface) {
        let devices = try TestbedDevices(try #require(USBTestbed.current), [VirtualUSBDevice(model)])
        let place = try devices.plug(0)
        let bus = LibUSBBus()
        return (devices, place, bus, try await open(bus, model))
    }

    /// Opens the device; a kernel needs a moment until udev has told of it.
    private func open(_ bus: LibUSBBus, _ model: any USBDeviceModel) async throws -> any USBInterface {
        let set = model.descriptors
        let deadline = ContinuousClock.now + Self.patience
        while true {
            do {
                return try await bus.open(
                    vendor: set.vendor, product: set.product, serial: set.serial ?? "", interface: .number(0))
            } catch {
                guard error.code == .usbNotFound, ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    @Test("Data loop through bulk pipes unharmed, in transfers of many sizes")
    func bulk() async throws {
        let (devices, place, bus, interface) = try await scene(VendorLoop(product: 0x0101, serial: "BULK"))
        for size in [0, 1, 511, 512, 513, 16_384, 65_537, 1 << 20] {
            let data = (0..<size).map { UInt8(truncatingIfNeeded: ($0 &* 131) >> 3) }
            try await interface.write(data, to: 0x01, timeout: Self.patience)
            // An odd count: a transfer that fills a whole number of packets ends only with what is asked for.
            var got: [UInt8] = []
            repeat {
                got += try await interface.read((size / 512 + 1) * 512, from: 0x81, timeout: Self.patience)
            } while got.count < size
            #expect(got == data, "\(size) bytes")
        }
        let request = USBControlRequest(type: 0xC0, request: 5, length: 8)
        #expect(try await interface.control(request, data: [], timeout: Self.patience) == [1, 2, 3])
        interface.close()
        bus.close()
        try devices.unplug(0, at: place)
    }

    @Test("A chain of transfers gives what its last one read, or says how far it came and why")
    func chain() async throws {
        let (devices, place, bus, interface) = try await scene(VendorLoop(product: 0x0180, serial: "CHAIN"))
        func write(_ bytes: [UInt8]) -> USBStep { .write(bytes, to: 0x01, timeout: Self.patience) }
        let read = USBStep.read(512, from: 0x81, timeout: Self.patience)
        let whole = await interface.chain([write([1]), write([2]), read])
        #expect(whole.completed == 3)
        #expect(whole.bytes == [1])
        #expect(whole.error == nil)
        let broken = await interface.chain([write([3]), write(Array("stall".utf8)), read])
        #expect(broken.completed == 1)
        #expect(broken.error?.code == .usbStall)
        // The read may have been under way with the write that failed, and taken the first byte; the second one is there.
        var rest: [UInt8] = []
        while rest.last != 3 {
            let next = await interface.chain([read])
            guard next.error == nil else { break }
            rest += next.bytes
        }
        #expect(rest == [2, 3] || rest == [3])
        let late = await interface.chain([.read(512, from: 0x81, timeout: .milliseconds(50)), read])
        #expect(late.completed == 0)
        #expect(late.error?.code == .usbTimeout)
        let task = Task { await interface.chain([read, read]) }
        task.cancel()
        #expect(await task.value.error?.code == .usbCancelled)
        #expect(await interface.chain([]).completed == 0)
        interface.close()
        #expect(await interface.chain([read]).error?.code == .usbClosed)
        bus.close()
        try devices.unplug(0, at: place)
    }

    @Test("A stall halts the pipe until it is cleared, on both sides of the cable")
    func stall() async throws {
        let (devices, place, bus, interface) = try await scene(VendorLoop(product: 0x0102, serial: "STALL"))
        let bad = Array("stall".utf8)
        #expect(await code { try await interface.write(bad, to: 0x01, timeout: Self.patience) } == "usb.stall")
        #expect(await code { try await interface.write([1], to: 0x01, timeout: Self.patience) } == "usb.stall")
        try await interface.clearHalt(0x01)
        try await interface.write([1], to: 0x01, timeout: Self.patience)
        #expect(try await interface.read(512, from: 0x81, timeout: Self.patience) == [1])
        let unknown = USBControlRequest(type: 0xC0, request: 99, length: 1)
        #expect(
            await code { _ = try await interface.control(unknown, data: [], timeout: Self.patience) } == "usb.stall")
        interface.close()
        bus.close()
        try devices.unplug(0, at: place)
    }

    @Test("A silent pipe times out, a cancelled read ends, and the next transfer is not harmed by either")
    func timeout() async throws {
        let (devices, place, bus, interface) = try await scene(VendorLoop(product: 0x0103, serial: "TIME"))
        #expect(
            await code { _ = try await interface.read(512, from: 0x81, timeout: .milliseconds(200)) } == "usb.timeout")
        let task = Task { try await interface.read(512, from: 0x81, timeout: Self.patience) }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        #expect(await code { _ = try await task.value } == "usb.cancelled")
        try await interface.write([7], to: 0x01, timeout: Self.patience)
        #expect(try await interface.read(512, from: 0x81, timeout: Self.patience) == [7])
        interface.close()
        bus.close()
        try devices.unplug(0, at: place)
    }

    @Test("A reset empties the device, and the interface goes on")
    func reset() async throws {
        let (devices, place, bus, interface) = try await scene(VendorLoop(product: 0x0106, serial: "RESET"))
        try await interface.write([1], to: 0x01, timeout: Self.patience)
        try await interface.reset()
        #expect(
            await code { _ = try await interface.read(512, from: 0x81, timeout: .milliseconds(200)) } == "usb.timeout")
        try await interface.write([2], to: 0x01, timeout: Self.patience)
        #expect(try await interface.read(512, from: 0x81, timeout: Self.patience) == [2])
        interface.close()
        bus.close()
        try devices.unplug(0, at: place)
    }

    @Test("Reports loop through interrupt endpoints of a device that usbhid may have had before")
    func reports() async throws {
        let model = ReportLoop(product: 0x0104, serial: "HID")
        let (devices, place, bus, interface) = try await scene(model)
        for number in 0..<20 as Range<UInt8> {
            try await interface.write([UInt8](repeating: number, count: 64), to: 0x01, timeout: Self.patience)
            let report = try await interface.read(64, from: 0x81, timeout: Self.patience)
            #expect(report == [UInt8](repeating: ~number, count: 64))
        }
        interface.close()
        bus.close()
        try devices.unplug(0, at: place)
    }

    @Test("Pulling the cable with a read under way is told at once, and the device is found again by its serial")
    func hotUnplug() async throws {
        let model = VendorLoop(product: 0x0105, serial: "HOT")
        let (devices, place, bus, interface) = try await scene(model)
        // Changes of this device only: other suites plug theirs in beside it.
        let changes = bus.changes()
        let gone = Task { () -> USBChange? in
            for await change in changes where change.device.product == 0x0105 && !change.isArrival { return change }
            return nil
        }
        let reads = (0..<4).map { _ in Task { try await interface.read(512, from: 0x81, timeout: Self.patience) } }
        try await Task.sleep(for: .milliseconds(200))
        let start = ContinuousClock.now
        try devices.unplug(0, at: place)
        for read in reads { #expect(await code { _ = try await read.value } == "usb.unplugged") }
        print("unplugged told after \(ContinuousClock.now - start), with the kernel's own time to forget the device")
        #expect(await code { try await interface.write([1], to: 0x01, timeout: Self.patience) } == "usb.unplugged")
        #expect(await gone.value?.device.product == 0x0105)
        interface.close()

        let again = try devices.plug(0)
        #expect(again.port == place.port)
        #expect(again.address != place.address)
        let reopened = try await open(bus, model)
        #expect(reopened.identity.address == again.address)
        try await reopened.write([9], to: 0x01, timeout: Self.patience)
        #expect(try await reopened.read(512, from: 0x81, timeout: Self.patience) == [9])
        reopened.close()
        bus.close()
        try devices.unplug(0, at: again)
    }

    @Test("Frames of two boards go both ways at once")
    func boards() async throws {
        let boards = ["ALICE01", "BOB01"].map { serial in Echo(serial: serial) }
        let devices = try TestbedDevices(try #require(USBTestbed.current), boards.map(\.board.device))
        let places = try boards.indices.map { try devices.plug($0) }
        let bus = LibUSBBus()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for echo in boards {
                group.addTask {
                    let interface = try await self.open(bus, echo.model)
                    var decoder = FrameStreamDecoder()
                    for number in 1...40 as ClosedRange<UInt32> {
                        let payload = [UInt8](repeating: UInt8(number), count: Int(number) * 997)
                        let frame = Frame(type: 7, sequence: number, payload: payload).encoded()
                        try await interface.write(frame, to: 0x01, timeout: Self.patience)
                        var answer: [UInt8]?
                        while answer == nil {
                            decoder.append(try await interface.read(16_384, from: 0x81, timeout: Self.patience))
                            answer = decoder.next()
                        }
                        #expect(answer == frame)
                    }
                    interface.close()
                }
            }
            try await group.waitForAll()
        }
        bus.close()
        for index in boards.indices { try devices.unplug(index, at: places[index]) }
    }
}

/// A board that sends every frame back.
private final class Echo: Sendable {
    private struct Target {
        weak var board: VirtualUSBBoard?
    }

    private final class Link: Sendable {
        let target = Mutex(Target())
    }

    let board: VirtualUSBBoard
    /// For its descriptors.
    let model: any USBDeviceModel

    init(serial: String) {
        let link = Link()
        board = VirtualUSBBoard(serial: serial) { frame, connection in
            link.target.withLock { $0.board }?.send(frame, on: connection)
        }
        model = BoardPipe(serial: serial, exchange: FrameExchange(limit: 0))
        link.target.withLock { $0.board = board }
    }
}
