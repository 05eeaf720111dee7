import BellModel
import DriverKit
import Foundation
import Synchronization
import Testing
import USBTestbed
import VirtualUSB

@testable import USBTransport

/// The real libusb against simulated devices, emulated by the usbfs shim: run by Tests/USB/run, skipped elsewhere.
@Suite("libusb on the usbfs shim", .serialized, .enabled(if: USBTestbed.current != nil))
struct LibUSBTests {
    private static let bulk = USBInterfaceChoice.kind(class: 0xFF, subclass: nil, protocol: nil)
    private static let second: Duration = .seconds(1)

    /// Plugs echo devices in, gives the bus and the places, and takes all away again.
    private func with(
        _ serials: [String?],
        _ body: (LibUSBBus, TestbedDevices, [USBTestbed.Place]) async throws -> Void
    ) async throws {
        let testbed = try #require(USBTestbed.current)
        let devices = try TestbedDevices(testbed, serials.map { VirtualUSBDevice(EchoDevice(serial: $0)) })
        var places: [USBTestbed.Place] = []
        for index in serials.indices { places.append(try devices.plug(index)) }
        let bus = LibUSBBus()
        do { try await body(bus, devices, places) } catch { Issue.record("\(error)") }
        bus.close()
        for index in serials.indices { try? devices.unplug(index, at: places[index]) }
    }

    private func open(_ bus: LibUSBBus, _ serial: String) async throws(BellError) -> any USBInterface {
        try await bus.open(vendor: 0x1209, product: 1, serial: serial, interface: Self.bulk)
    }

    /// The code with which an expression throws.
    private func code<T>(_ body: () async throws -> T) async -> String? {
        do {
            _ = try await body()
            return nil
        } catch {
            return (error as? BellError)?.code.name
        }
    }

    // MARK: Finding

    @Test("devices are listed with their strings and ports; opening by serial finds the right one")
    func listing() async throws {
        try await with(["L-1", "L-2", nil]) { bus, _, places in
            let found = try await bus.devices(vendor: 0x1209, product: 1)
            #expect(found.map(\.serial) == ["L-1", "L-2", nil])
            #expect(found.allSatisfy { $0.manufacturer == "Prüfstand" && $0.productName == "Echo 🔁" })
            #expect(found.map(\.port) == places.map(\.port))
            #expect(found.map(\.address) == places.map(\.address))
            #expect(found.allSatisfy { $0.problem == nil })
            #expect(try await bus.devices(vendor: 0x1209, product: 2).isEmpty)
            let usb = try await open(bus, "L-2")
            #expect(usb.identity == found[1])
            #expect(usb.number == 0)
            #expect(usb.endpoints.map(\.address) == [0x01, 0x81, 0x02, 0x82])
            #expect(usb.endpoint(.interrupt, isIn: true)?.maximumPacket == 64)
            #expect(usb.endpoint(.bulk, isIn: true)?.maximumPacket == 512)
        }
    }

    @Test("a wrong serial, a serial of two devices, a claimed interface and a missing one are told apart")
    func refusals() async throws {
        try await with(["SAME", "SAME", "OTHER"]) { bus, _, _ in
            let missing = await #expect(throws: BellError.self) { try await open(bus, "NONE") }
            #expect(missing?.code == .usbNotFound)
            #expect(missing?.cause == "there are the serials SAME, SAME, OTHER")
            #expect(await code { try await open(bus, "SAME") } == "usb.ambiguous")
            let usb = try await open(bus, "OTHER")
            let busy = await #expect(throws: BellError.self) { try await open(bus, "OTHER") }
            #expect(busy?.code == .usbBusy)
            #expect(busy?.cause == "libusb_claim_interface: LIBUSB_ERROR_BUSY (-6)")
            let none = await #expect(throws: BellError.self) {
                try await bus.open(usb.identity, interface: .kind(class: 3, subclass: nil, protocol: nil))
            }
            #expect(none?.code == .usbNoInterface)
            #expect(none?.cause == "it has the interfaces 0 (class 0xff)")
        }
    }

    @Test("a device that was plugged in anew after the listing is not mistaken for the old one")
    func stale() async throws {
        try await with(["STALE"]) { bus, devices, places in
            let old = try #require(try await bus.devices(vendor: 0x1209, product: 1).first)
            try devices.unplug(0, at: places[0])
            let place = try devices.plug(0)
            let error = await #expect(throws: BellError.self) { try await bus.open(old, interface: Self.bulk) }
            #expect(error?.code == .usbNotFound)
            var other = try #require(try await bus.devices(vendor: 0x1209, product: 1).first)
            #expect(other.address == place.address)
            other.serial = "ANOTHER"
            #expect(await code { try await bus.open(other, interface: Self.bulk) } == "usb.not-found")
            try devices.unplug(0, at: place)
        }
    }

    // MARK: Transfers

    @Test("bulk data of any size comes back")
    func echo() async throws {
        try await with(["ECHO"]) { bus, _, _ in
            let usb = try await open(bus, "ECHO")
            for size in [0, 1, 511, 512, 513, 1023, 1024, 65_536, 1 << 20] {
                let data = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }
                try await usb.write(data, to: 0x01, timeout: Self.second * 10)
                let back = try await usb.read(1 << 20, from: 0x81, timeout: Self.second * 10)
                let isEqual = back == data
                #expect(isEqual, "\(size) bytes")
            }
        }
    }

    @Test("many transfers under way on two endpoints each get their own data")
    func manyUnderWay() async throws {
        try await with(["MANY"]) { bus, _, _ in
            let usb = try await open(bus, "MANY")
            let got = try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for _ in 0..<50 { group.addTask { try await usb.read(512, from: 0x81, timeout: .seconds(20)) } }
                for byte in 0..<50 as Range<UInt8> {
                    group.addTask {
                        try await usb.write([UInt8](repeating: byte, count: 300), to: 0x01, timeout: .seconds(20))
                        return []
                    }
                }
                return try await group.reduce(into: [[UInt8]]()) { all, part in if !part.isEmpty { all.append(part) } }
            }
            #expect(got.count == 50)
            #expect(Set(got.map { $0[0] }).count == 50)
            #expect(got.allSatisfy { $0 == [UInt8](repeating: $0[0], count: 300) })
        }
    }

    @Test("control requests go both ways; a refused one is usb.stall and harms nothing")
    func control() async throws {
        try await with(["CONTROL"]) { bus, _, _ in
            let usb = try await open(bus, "CONTROL")
            let set = USBControlRequest(type: 0x40, request: 1, length: 2)
            #expect(try await usb.control(set, data: [0x34, 0x12], timeout: Self.second) == [])
            let get = USBControlRequest(type: 0xC0, request: 1, length: 64)
            #expect(try await usb.control(get, data: [], timeout: Self.second) == [0x34, 0x12, 0xAA])
            let short = USBControlRequest(type: 0xC0, request: 1, length: 1)
            #expect(try await usb.control(short, data: [], timeout: Self.second) == [0x34])
            let unknown = USBControlRequest(type: 0xC0, request: 99, length: 8)
            let error = await #expect(throws: BellError.self) {
                try await usb.control(unknown, data: [], timeout: Self.second)
            }
            #expect(error?.code == .usbStall)
            #expect(error?.cause == "libusb_submit_transfer: LIBUSB_TRANSFER_STALL (4)")
            #expect(await code { try await usb.control(set, data: [1], timeout: Self.second) } == "usb.io")
            #expect(try await usb.control(get, data: [], timeout: Self.second).count == 3)
        }
    }

    @Test("interrupt endpoints carry reports of 64 bytes")
    func interrupt() async throws {
        try await with(["INTERRUPT"]) { bus, _, _ in
            let usb = try await open(bus, "INTERRUPT")
            for byte in 1...5 as ClosedRange<UInt8> {
                let report = [UInt8](repeating: byte, count: 64)
                try await usb.write(report, to: 0x02, timeout: Self.second)
                #expect(try await usb.read(64, from: 0x82, timeout: Self.second) == report)
            }
            #expect(await code { try await usb.write([1], to: 0x7, timeout: Self.second) } == "usb.io")
            #expect(await code { try await usb.read(64, from: 0x02, timeout: Self.second) } == "usb.io")
        }
    }

    @Test("after a time-out, a cancelled and a stalled transfer the next ones work")
    func failures() async throws {
        try await with(["FAIL"]) { bus, _, _ in
            let usb = try await open(bus, "FAIL")
            func check() async throws {
                try await usb.write([1, 2, 3], to: 0x01, timeout: Self.second)
                #expect(try await usb.read(512, from: 0x81, timeout: Self.second) == [1, 2, 3])
            }
            #expect(await code { try await usb.read(512, from: 0x81, timeout: .milliseconds(30)) } == "usb.timeout")
            try await check()
            for pause in [0, 1, 20] {
                let task = Task { try await usb.read(512, from: 0x81, timeout: .seconds(60)) }
                try await Task.sleep(for: .milliseconds(pause))
                task.cancel()
                #expect(await code { try await task.value } == "usb.cancelled")
            }
            try await check()
            #expect(
                await code { try await usb.write(Array("stall".utf8), to: 0x01, timeout: Self.second) } == "usb.stall")
            #expect(await code { try await usb.write([1], to: 0x01, timeout: Self.second) } == "usb.stall")
            try await usb.clearHalt(0x01)
            try await check()
            try await usb.reset()
            try await check()
        }
    }

    @Test("cancelling at any moment neither loses a later transfer nor a waiter")
    func cancelRace() async throws {
        try await with(["RACE"]) { bus, _, _ in
            let usb = try await open(bus, "RACE")
            for round in 0..<300 {
                let task = Task { try await usb.read(512, from: 0x81, timeout: .seconds(60)) }
                let write = Task { try await usb.write([UInt8(round & 0xFF)], to: 0x01, timeout: .seconds(60)) }
                if round % 3 == 0 { await Task.yield() }
                task.cancel()
                try await write.value
                // Either the cancelled read had the byte, or the next one has it.
                if await code({ try await task.value }) != nil {
                    _ = await code { try await usb.read(512, from: 0x81, timeout: .milliseconds(100)) }
                }
            }
            try await usb.write([9], to: 0x01, timeout: Self.second)
            #expect(try await usb.read(512, from: 0x81, timeout: Self.second) == [9])
        }
    }

    // MARK: Ends

    @Test("closing the interface, or the bus, ends what is under way with usb.closed", arguments: [true, false])
    func closing(byBus: Bool) async throws {
        try await with(["CLOSE"]) { bus, _, _ in
            let usb = try await open(bus, "CLOSE")
            let tasks = (0..<10).map { _ in Task { try await usb.read(512, from: 0x81, timeout: .seconds(60)) } }
            try await Task.sleep(for: .milliseconds(20))
            if byBus { bus.close() } else { usb.close() }
            for task in tasks { #expect(await code { try await task.value } == "usb.closed") }
            #expect(await code { try await usb.write([1], to: 0x01, timeout: Self.second) } == "usb.closed")
            #expect(await code { try await usb.clearHalt(0x01) } == "usb.closed")
            usb.close()
            if byBus {
                #expect(await code { try await bus.devices(vendor: 1, product: 1) } == "usb.closed")
            } else {
                let again = try await open(bus, "CLOSE")
                try await again.write([7], to: 0x01, timeout: Self.second)
                #expect(try await again.read(512, from: 0x81, timeout: Self.second) == [7])
            }
        }
    }

    @Test("a pulled cable ends transfers with usb.unplugged within a second; it is found again by its serial")
    func unplug() async throws {
        try await with(["PULL"]) { bus, devices, places in
            let usb = try await open(bus, "PULL")
            let task = Task { try await usb.read(512, from: 0x81, timeout: .seconds(60)) }
            try await Task.sleep(for: .milliseconds(50))
            let began = ContinuousClock.now
            try devices.unplug(0, at: places[0])
            #expect(await code { try await task.value } == "usb.unplugged")
            #expect(ContinuousClock.now - began < Self.second)
            #expect(await code { try await usb.write([1], to: 0x01, timeout: Self.second) } == "usb.unplugged")
            #expect(
                await code { try await usb.control(.init(type: 0xC0, request: 1), data: [], timeout: Self.second) }
                    == "usb.unplugged")
            #expect(await code { try await open(bus, "PULL") } == "usb.not-found")
            let place = try devices.plug(0)
            let again = try await open(bus, "PULL")
            #expect(again.identity.port == places[0].port)
            #expect(again.identity.address == place.address)
            try await again.write([1, 2], to: 0x01, timeout: Self.second)
            #expect(try await again.read(512, from: 0x81, timeout: Self.second) == [1, 2])
            try devices.unplug(0, at: place)
        }
    }

    @Test("comings and goings are told with serials, departures within a second")
    func hotplug() async throws {
        try await with(["STAYS"]) { bus, _, _ in
            let testbed = try #require(USBTestbed.current)
            let devices = try TestbedDevices(testbed, [VirtualUSBDevice(EchoDevice(serial: "COMES"))])
            var first = bus.changes().makeAsyncIterator()
            var second = bus.changes().makeAsyncIterator()
            for _ in 0..<3 {
                let place = try devices.plug(0)
                let arrival = try #require(await first.next())
                #expect(arrival.isArrival)
                #expect(arrival.device.serial == "COMES")
                #expect(arrival.device.address == place.address)
                #expect(await second.next() == arrival)
                let began = ContinuousClock.now
                try devices.unplug(0, at: place)
                #expect(await first.next() == USBChange(device: arrival.device, isArrival: false))
                #expect(ContinuousClock.now - began < Self.second)
                #expect(await second.next() == USBChange(device: arrival.device, isArrival: false))
            }
            bus.close()
            #expect(await first.next() == nil)
            #expect(await bus.changes().first { _ in true } == nil)
        }
    }

    @Test("a hundred buses come and go, busy or not, and leave no thread and no descriptor")
    func manyBuses() async throws {
        try await with(["HUNDRED"]) { _, _, _ in
            func count(_ what: String) throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/\(what)").count
            }
            func round(_ number: Int) async throws {
                let bus = LibUSBBus()
                if number % 5 == 0 { return }
                let usb = try await open(bus, "HUNDRED")
                if number % 5 == 1 { return }
                _ = bus.changes()
                let task = Task { try await usb.read(512, from: 0x81, timeout: .seconds(60)) }
                if number % 5 == 2 { try await Task.sleep(for: .milliseconds(2)) }
                if number % 2 == 0 { bus.close() } else { usb.close() }
                #expect(await code { try await task.value } == "usb.closed")
            }
            for number in 0..<10 { try await round(number) }
            try await Task.sleep(for: .milliseconds(200))
            let before = (try count("task"), try count("fd"))
            for number in 0..<100 { try await round(number) }
            try await Task.sleep(for: .milliseconds(500))
            #expect(try count("task") <= before.0 + 4)
            #expect(try count("fd") <= before.1 + 4)
        }
    }

    @Test("32 MiB of writes keep to the kernel's 16 MiB and all get through")
    func memory() async throws {
        try await with(["MEMORY"]) { bus, _, _ in
            let usb = try await open(bus, "MEMORY")
            #expect(bus.memory.limit == 15 << 20)
            let data = [UInt8](repeating: 5, count: 4 << 20)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await usb.write(data, to: 0x01, timeout: .seconds(60)) } }
                for _ in 0..<20 {
                    #expect(bus.memory.used <= bus.memory.limit)
                    try await Task.sleep(for: .milliseconds(1))
                }
                try await group.waitForAll()
            }
            for _ in 0..<8 {
                #expect(try await usb.read(4 << 20, from: 0x81, timeout: .seconds(10)).count == data.count)
            }
            #expect(bus.memory.used == 0)
            let error = await #expect(throws: BellError.self) {
                try await usb.read(64 << 20, from: 0x81, timeout: .seconds(1))
            }
            #expect(error?.code == .usbMemory)
            #expect(error?.fix?.contains("usbfs_memory_mb") == true)
        }
    }
}
