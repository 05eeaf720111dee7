import DriverKit
import Testing

@testable import VirtualUSB

/// Descriptors and standard requests against bytes written by hand from USB 2.0, chapter 9.
@Suite struct DescriptorTests {
    private static func configured(_ model: LoopDevice = LoopDevice()) -> VirtualUSBDevice {
        let device = VirtualUSBDevice(model)
        _ = device.control(.init(type: 0x00, request: 9, value: 1), data: [])
        return device
    }

    private func get(
        _ device: VirtualUSBDevice, _ descriptor: UInt16, index: UInt16 = 0, length: UInt16 = 255
    ) -> USBTransferOutcome {
        device.control(.init(type: 0x80, request: 6, value: descriptor, index: index, length: length), data: [])
    }

    @Test("The device descriptor, whole and cut to what the host has room for")
    func device() {
        let expected: [UInt8] = [
            18, 1,  // bLength, bDescriptorType
            0x00, 0x02,  // bcdUSB 2.00
            0, 0, 0,  // class by interface
            64,  // bMaxPacketSize0
            0x09, 0x12, 0x01, 0x00,  // 1209:0001
            0x00, 0x01,  // bcdDevice 1.00
            1, 2, 3,  // strings
            1,  // one configuration
        ]
        let device = VirtualUSBDevice(LoopDevice())
        #expect(get(device, 0x0100) == .done(expected))
        #expect(get(device, 0x0100, length: 8) == .done(Array(expected.prefix(8))))
        var silent = LoopDevice()
        silent.descriptors.serial = nil
        #expect(get(VirtualUSBDevice(silent), 0x0100) == .done(expected[..<16] + [0, 1]))
    }

    private static func configuration(type: UInt8, bulkPacket: [UInt8]) -> [UInt8] {
        let head: [UInt8] = [9, type, 9 + 23 + 32, 0, 2, 1, 0, 0xC0, 50]
        let bulk: [UInt8] =
            [9, 4, 0, 0, 2, 0xFF, 1, 2, 0] + [7, 5, 0x01, 2] + bulkPacket + [0] + [7, 5, 0x81, 2] + bulkPacket + [0]
        let hid: [UInt8] = [
            9, 4, 1, 0, 2, 3, 0, 0, 0,
            9, 0x21, 0x11, 0x01, 0, 1, 0x22, 34, 0,
            7, 5, 0x02, 3, 64, 0, 4,
            7, 5, 0x82, 3, 64, 0, 4,
        ]
        return head + bulk + hid
    }

    @Test("The configuration with interfaces, a class descriptor and endpoints; at full speed its packets are shorter")
    func configuration() {
        let device = VirtualUSBDevice(LoopDevice())
        let expected = Self.configuration(type: 2, bulkPacket: [0x00, 0x02])
        #expect(expected.count == 64)
        #expect(get(device, 0x0200) == .done(expected))
        #expect(get(device, 0x0200, length: 9) == .done(Array(expected.prefix(9))))
        #expect(get(device, 0x0201) == .stall)
        #expect(get(device, 0x0700) == .done(Self.configuration(type: 7, bulkPacket: [64, 0])))
        #expect(get(device, 0x0600) == .done([10, 6, 0x00, 0x02, 0, 0, 0, 64, 1, 0]))
    }

    @Test("Strings: languages, Unicode beyond 16 bits, none, and one that is too long")
    func strings() {
        var model = LoopDevice()
        // 125 units and a character of two: it does not fit and is left out whole.
        model.descriptors.manufacturer = String(repeating: "x", count: 125) + "🔁y"
        model.descriptors.productName = "é🔁"
        let device = VirtualUSBDevice(model)
        #expect(get(device, 0x0300) == .done([4, 3, 0x09, 0x04]))
        let long: [UInt8] = [252, 3] + (0..<250).map { $0 % 2 == 0 ? 0x78 : 0 }
        #expect(get(device, 0x0301, index: 0x0409) == .done(long))
        #expect(get(device, 0x0302, index: 0x0409) == .done([8, 3, 0xE9, 0x00, 0x3D, 0xD8, 0x01, 0xDD]))
        #expect(get(device, 0x0303, index: 0x0409) == .done([8, 3, 0x4C, 0, 0x2D, 0, 0x31, 0]))
        #expect(get(device, 0x0304, index: 0x0409) == .stall)
    }

    @Test("What is not the framework's goes to the model: HID's report descriptor, and an unknown one")
    func model() {
        let device = VirtualUSBDevice(LoopDevice())
        let report = USBControlRequest(type: 0x81, request: 6, value: 0x2200, index: 1, length: 34)
        #expect(device.control(report, data: []) == .done([UInt8](repeating: 0x5A, count: 34)))
        #expect(get(device, 0x0F00) == .stall)
    }

    @Test("Configuration, interface and status as the host sets and asks them")
    func states() {
        let device = VirtualUSBDevice(LoopDevice())
        func ask(_ type: UInt8, _ request: UInt8, value: UInt16 = 0, index: UInt16 = 0, length: UInt16 = 0)
            -> USBTransferOutcome
        {
            device.control(.init(type: type, request: request, value: value, index: index, length: length), data: [])
        }
        #expect(ask(0x80, 8, length: 1) == .done([0]))
        #expect(ask(0x00, 9, value: 2) == .stall)
        #expect(ask(0x00, 9, value: 1) == .done([]))
        #expect(ask(0x80, 8, length: 1) == .done([1]))
        #expect(ask(0x80, 0, length: 2) == .done([1, 0]))
        #expect(ask(0x81, 0, index: 1, length: 2) == .done([0, 0]))
        #expect(ask(0x81, 10, index: 1, length: 1) == .done([0]))
        #expect(ask(0x81, 10, index: 5, length: 1) == .stall)
        #expect(ask(0x01, 11, value: 0, index: 1) == .done([]))
        #expect(ask(0x01, 11, value: 1, index: 1) == .stall)
        #expect(ask(0x00, 3, value: 1) == .stall)
        #expect(ask(0x82, 0, index: 0x81, length: 2) == .done([0, 0]))
        #expect(ask(0x02, 3, index: 0x81) == .done([]))
        #expect(ask(0x82, 0, index: 0x81, length: 2) == .done([1, 0]))
        #expect(ask(0x01, 11, value: 0, index: 0) == .done([]))
        #expect(ask(0x82, 0, index: 0x81, length: 2) == .done([0, 0]))
        #expect(ask(0x82, 0, index: 0x0F, length: 2) == .stall)
        #expect(ask(0x02, 1, index: 0x0F) == .stall)
        #expect(ask(0x02, 1, index: 0x00) == .done([]))
    }

    @Test("An OUT request whose data are not as long as it says is refused")
    func lyingLength() {
        let device = VirtualUSBDevice(LoopDevice())
        let request = USBControlRequest(type: 0x40, request: 2, length: 2)
        #expect(device.control(request, data: [1]) == .stall)
        #expect(device.control(request, data: [1, 2]) == .done([]))
    }

    @Test("Configuring a device is a reset for its model and ends halts")
    func configuring() {
        let device = Self.configured()
        #expect(device.withModel(as: LoopDevice.self) { $0.resets } == 1)
        _ = device.control(.init(type: 0x02, request: 3, index: 0x81), data: [])
        _ = device.control(.init(type: 0x00, request: 9, value: 1), data: [])
        #expect(
            device.control(.init(type: 0x82, request: 0, index: 0x81, length: 2), data: []) == .done([0, 0]))
        #expect(device.withModel(as: LoopDevice.self) { $0.resets } == 2)
    }
}
