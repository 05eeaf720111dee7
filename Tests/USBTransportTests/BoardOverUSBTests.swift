import BellModel
import Board
import DriverKit
import Testing
import USBTestbed
import VirtualUSB

@testable import USBTransport

/// The board driver and the transport on a simulated board: in process, and through libusb on the usbfs shim.
@Suite("A board over USB", .serialized)
struct BoardOverUSBTests {
    private func program() throws -> NodeProgram {
        NodeProgram(
            node: .alice, tickRate: try #require(TickRate(numerator: 8_000_000_000)), ticksPerSample: 4,
            trialPeriod: 640_000, clockEvery: 4, inputBits: .board, waveforms: [],
            events: [ProgramEvent(kind: .inputBit, tick: 1, duration: 0)],
            discriminator: Discriminator(weightI: 1, weightQ: 0, threshold: 0))
    }

    private func driver(_ bus: any USBBus, _ serial: String) -> BoardDriver {
        BoardDriver(
            name: "alice/board", node: .alice,
            open: USBTransport.opener(bus: bus, vendor: 0x1209, product: 0xBE11, serial: serial))
    }

    /// Connects, loads and pings: the steps at which a cable may be pulled.
    private func greet(_ driver: BoardDriver) async throws(BellError) {
        _ = try await driver.connect()
        let program: NodeProgram
        do { program = try self.program() } catch { throw BellError(.boardProgram, "No program.") }
        try await driver.load(program)
        for _ in 0..<20 { try await driver.ping() }
    }

    /// Why the connection ended, once it has.
    private func lost(_ driver: BoardDriver) async -> BellError? {
        for await event in driver.events {
            if case .disconnected(let error) = event { return error }
        }
        return nil
    }

    @Test("in process: connect, load, ping, and again after a re-plug")
    func inProcess() async throws {
        let board = SimulatedBoard(serial: "ALICE01")
        let bus = VirtualBus([board.device])
        let driver = driver(bus, "ALICE01")
        try await greet(driver)
        board.device.unplug()
        #expect(await lost(driver)?.code == .usbUnplugged)
        board.device.plug()
        try await greet(driver)
        #expect(await driver.isConnected)
        await driver.close()
    }

    @Test("in process: 100 MiB of frames come back whole and in order")
    func volumeInProcess() async throws {
        let board = SimulatedBoard(serial: "ALICE01")
        let bus = VirtualBus([board.device])
        try await volume(bus, "ALICE01", count: 100)
    }

    /// Sends frames of all sizes that the board sends back, with a few of them under way.
    private func volume(_ bus: any USBBus, _ serial: String, count: UInt32) async throws {
        let interface = try await bus.open(
            vendor: 0x1209, product: 0xBE11, serial: serial,
            interface: .kind(class: 0xFF, subclass: nil, protocol: nil))
        let transport = try USBTransport.make(interface)
        let sizes = [Frame.maximumPayload, 0, 488, 1000, 262_144 - 24, 65_536]
        func frame(_ number: UInt32) -> [UInt8] {
            // No known type: the simulated board sends it back as it is.
            Frame(
                type: 0x7777, sequence: number,
                payload: [UInt8](repeating: UInt8(number & 0xFF), count: sizes[Int(number) % sizes.count])
            ).encoded()
        }
        var iterator = transport.incoming.makeAsyncIterator()
        var sent: UInt32 = 0
        for number in 1...count {
            while sent < count, sent < number + 6 {
                sent += 1
                try transport.send(frame(sent))
            }
            let isEqual = try await iterator.next() == frame(number)
            #expect(isEqual, "frame \(number)")
            guard isEqual else { return }
        }
        #expect(transport.counts.garbageBytes == 0)
        // A board on a thread of its own may answer before the last write is counted.
        for _ in 0..<2000 where transport.counts.bytesRead != transport.counts.bytesWritten {
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(transport.counts.bytesRead == transport.counts.bytesWritten)
        transport.close()
    }

    // MARK: Through libusb

    /// Plugs a board into the testbed and takes it away again.
    private func withShim(
        _ serial: String, faults: [USBFault] = [],
        _ body: (LibUSBBus, SimulatedBoard, TestbedDevices, USBTestbed.Place) async throws -> Void
    ) async throws {
        let testbed = try #require(USBTestbed.current)
        let board = SimulatedBoard(serial: serial, faults: faults)
        let devices = try TestbedDevices(testbed, [board.device])
        let place = try devices.plug(0)
        let bus = LibUSBBus()
        do { try await body(bus, board, devices, place) } catch { Issue.record("\(error)") }
        bus.close()
        try? devices.unplug(0, at: place)
    }

    @Test("through libusb: connect, load, ping", .enabled(if: USBTestbed.current != nil))
    func connect() async throws {
        try await withShim("ALICE01") { bus, _, _, _ in
            let driver = driver(bus, "ALICE01")
            try await greet(driver)
            #expect(await driver.capabilities?.simulated == true)
            await driver.close()
        }
    }

    @Test("through libusb: frames of all sizes come back whole and in order", .enabled(if: USBTestbed.current != nil))
    func volume() async throws {
        try await withShim("ALICE02") { bus, _, _, _ in try await volume(bus, "ALICE02", count: 300) }
    }

    @Test(
        "through libusb: a cable pulled at any step of the greeting is usb.unplugged, and a re-plug heals it",
        .enabled(if: USBTestbed.current != nil),
        arguments: [
            .unplug(endpoint: 0x81, transfer: 1), .unplug(endpoint: 0x81, transfer: 4),
            .unplug(endpoint: 0x81, transfer: 8), .unplug(endpoint: 0x81, transfer: 9),
            .unplug(endpoint: 0x81, transfer: 10), .unplug(endpoint: 0x81, transfer: 15),
            .unplug(endpoint: 0x01, transfer: 1), .unplug(endpoint: 0x01, transfer: 2),
            .unplug(endpoint: 0x01, transfer: 3), .unplug(endpoint: 0x01, transfer: 10),
        ] as [USBFault])
    func pulled(fault: USBFault) async throws {
        try await withShim("ALICE03", faults: [fault]) { bus, board, devices, place in
            let driver = driver(bus, "ALICE03")
            let error = try #require(await #expect(throws: BellError.self) { try await greet(driver) })
            // Between two requests it is told as an event, and the next request finds no connection.
            let reason = error.code == .usbUnplugged ? error : try #require(await lost(driver))
            #expect(reason.code == .usbUnplugged, "\(fault): \(error)")
            try devices.unplug(0, at: place)
            board.device.removeFaults()
            let again = try devices.plug(0)
            try await greet(driver)
            await driver.close()
            try devices.unplug(0, at: again)
        }
    }

    @Test(
        "through libusb: a stall in either direction is mended and the greeting goes on",
        .enabled(if: USBTestbed.current != nil),
        arguments: [
            .stall(endpoint: 0x81, transfer: 1), .stall(endpoint: 0x81, transfer: 3),
            .stall(endpoint: 0x81, transfer: 9), .stall(endpoint: 0x01, transfer: 1),
            .stall(endpoint: 0x01, transfer: 2), .stall(endpoint: 0x01, transfer: 5),
        ] as [USBFault])
    func stalled(fault: USBFault) async throws {
        try await withShim("ALICE04", faults: [fault]) { bus, board, _, _ in
            let driver = driver(bus, "ALICE04")
            try await greet(driver)
            #expect(board.device.shownFaults == 1)
            #expect(await driver.isConnected)
            await driver.close()
        }
    }

    @Test("through libusb: empty packets without end are usb.io", .enabled(if: USBTestbed.current != nil))
    func empties() async throws {
        try await withShim("ALICE05", faults: [.emptyReads(endpoint: 0x81, from: 1)]) { bus, _, _, _ in
            let driver = driver(bus, "ALICE05")
            let error = await #expect(throws: BellError.self) { try await driver.connect() }
            #expect(error?.code == .usbIO)
            #expect(error?.what == "The USB device sends empty packets without end.")
        }
    }

    @Test("through libusb: garbage before a frame is passed over", .enabled(if: USBTestbed.current != nil))
    func garbage() async throws {
        let noise = [UInt8](repeating: 0x42, count: 777)
        try await withShim("ALICE06", faults: [.garbage(noise, endpoint: 0x81, transfer: 1)]) { bus, board, _, _ in
            let driver = driver(bus, "ALICE06")
            try await greet(driver)
            #expect(board.device.shownFaults == 1)
            #expect(await driver.isConnected)
            await driver.close()
        }
    }
}
