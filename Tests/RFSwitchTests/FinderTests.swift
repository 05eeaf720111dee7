import BellModel
import DriverKit
import RFSwitch
import Testing
import VirtualUSB
import TestSupport

@Suite struct FinderTests {
    private static func driver(_ bus: BenchBus, serial: String = "200") -> RFSwitch {
        RFSwitch(
            name: "alice/rf-switch", serial: serial, bus: bus, counts: NoSwitchCountStore(), clock: InstantClock())
    }

    private static func box(_ serial: String, usbSerial: String? = nil, port: String) throws -> Box {
        try Box(.init(model: "RC-1SPDT-A18", serial: serial, usbSerial: usbSerial), port: port)
    }

    @Test("the box that says the serial number is found, whatever its USB string")
    func found() async throws {
        let boxes = [
            try FinderTests.box("100", port: "1-1"), try FinderTests.box("200", usbSerial: "junk", port: "1-2"),
            try FinderTests.box("300", usbSerial: "200", port: "1-3"),
        ]
        let driver = FinderTests.driver(BenchBus(boxes))
        #expect(try await driver.connect().serial == "200")
        #expect(boxes.map(\.openings) == [0, 1, 0])
        _ = try await driver.set("switch_a", to: .integer(2))
        #expect(boxes.map(\.hardware.ports) == [[1], [2], [1]])
    }

    @Test("a box whose USB string is right is asked alone, and confirmed")
    func direct() async throws {
        let boxes = [
            try FinderTests.box("100", port: "1-1"), try FinderTests.box("200", usbSerial: "200", port: "1-2"),
        ]
        _ = try await FinderTests.driver(BenchBus(boxes)).connect()
        #expect(boxes[0].commands == 0)
        #expect(boxes[1].written.prefix(3).map { $0[0] } == [40, 41, 99])
    }

    @Test("a box whose strings cannot be read is neither real nor simulated: it is refused, and closed")
    func unreadable() async throws {
        let box = try Box(
            .init(model: "RC-1SPDT-A18", serial: "200"), problem: "libusb_control_transfer: LIBUSB_ERROR_PIPE (-9)")
        let error = try await failure { try await FinderTests.driver(BenchBus([box])).connect() }
        #expect(error.code == .usbIO)
        #expect(error.what.contains("nobody knows whether it is simulated"))
        #expect(error.cause == "libusb_control_transfer: LIBUSB_ERROR_PIPE (-9)")
        #expect(error.fix?.contains("plug it in again") == true)
        #expect(box.openings == 0)
        #expect(box.hardware.moves == [0])
    }

    @Test("two boxes with one serial number are refused, and closed")
    func ambiguous() async throws {
        for usbSerial in ["200", nil] {
            let boxes = [
                try FinderTests.box("200", usbSerial: usbSerial, port: "1-1"),
                try FinderTests.box("200", usbSerial: usbSerial, port: "1-2"),
            ]
            let error = try await failure { try await FinderTests.driver(BenchBus(boxes)).connect() }
            #expect(error.code == .usbAmbiguous)
            #expect(error.cause == "RC-1SPDT-A18 at port 1-1, RC-1SPDT-A18 at port 1-2")
            #expect(boxes.allSatisfy { $0.openings == 0 && $0.hardware.moves == [0] })
        }
    }

    @Test("a missing box: the error lists the ones that are there and those that could not be asked")
    func missing() async throws {
        let boxes = [
            try FinderTests.box("100", port: "1-1"), try FinderTests.box("101", port: "1-2"),
            try FinderTests.box("102", port: "1-3"),
        ]
        let busy = BellError(.usbBusy, "Another program has it.")
        let denied = BellError(.usbPermission, "Not allowed.", fix: "add the udev rule")
        let bus = BenchBus(
            boxes, refusing: ["1-2": Array(repeating: busy, count: 99), "1-3": [denied]])
        let error = try await failure { try await FinderTests.driver(bus).connect() }
        #expect(error.code == .usbNotFound)
        #expect(error.what == "No Mini-Circuits box 20ce:0022 with the serial number 200 is plugged in.")
        #expect(error.place == "alice/rf-switch (usb://20ce:0022/200)")
        #expect(error.cause == "there are RC-1SPDT-A18 100; 2 could not be asked, see below")
        #expect(error.others.map(\.code) == [.usbBusy, .usbPermission])
        #expect(boxes.allSatisfy { $0.openings == 0 })
    }

    @Test("no box at all")
    func none() async throws {
        let error = try await failure { try await FinderTests.driver(BenchBus([])).connect() }
        #expect(error.code == .usbNotFound)
        #expect(error.cause == "no device 20ce:0022 at all")
        #expect(error.fix?.contains("lsusb -d 20ce:0022") == true)
    }

    @Test("a box that another search holds for a moment is waited for")
    func busyForAMoment() async throws {
        let boxes = [try FinderTests.box("100", port: "1-1"), try FinderTests.box("200", port: "1-2")]
        let busy = BellError(.usbBusy, "Another program has it.")
        let driver = FinderTests.driver(BenchBus(boxes, refusing: ["1-2": Array(repeating: busy, count: 4)]))
        #expect(try await driver.connect().serial == "200")
        #expect(boxes[0].openings == 0)
    }

    @Test("boxes on one bus are found by drivers that look at the same time")
    func together() async throws {
        let devices = try (1...4).map { number in
            VirtualUSBDevice(
                try #require(SimulatedMiniCircuits(.init(model: "RC-1SPDT-A18", serial: "\(number)"))))
        }
        let bus = VirtualBus(devices)
        let serials = await withTaskGroup(of: String.self) { group in
            for number in 1...4 {
                group.addTask {
                    let driver = RFSwitch(
                        name: "\(number)", serial: "\(number)", bus: bus, counts: NoSwitchCountStore())
                    // Kept open while the others look.
                    let serial = (try? await driver.connect().serial) ?? "none"
                    try? await Task.sleep(for: .milliseconds(50))
                    await driver.close()
                    return serial
                }
            }
            return await group.reduce(into: [String]()) { $0.append($1) }
        }
        #expect(serials.sorted() == ["1", "2", "3", "4"])
    }
}
