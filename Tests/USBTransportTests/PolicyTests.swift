import BellModel
import DriverKit
import Testing

@testable import USBTransport

@Suite("USB pipes: when a failing one is given up")
struct PipeHealthTests {
    private enum Step: Sendable {
        case fail(Int)
        case data
        case empty(Int)
    }

    /// Steps with times in milliseconds, and the step (from 0) at which the pipe is given up.
    private static let table: [(String, [Step], Int?)] = [
        ("three failures at once", [.fail(0), .fail(0), .fail(0)], nil),
        ("four failures at once", [.fail(0), .fail(0), .fail(0), .fail(0)], 3),
        ("four within a second", [.fail(0), .fail(300), .fail(600), .fail(999)], 3),
        ("the fourth after a second", [.fail(0), .fail(300), .fail(600), .fail(1000)], nil),
        ("slow failures for ever", (0..<50).map { .fail($0 * 400) }, nil),
        ("a good transfer in between", [.fail(0), .fail(1), .fail(2), .data, .fail(3), .fail(4), .fail(5)], nil),
        ("an empty transfer is not a good one", [.fail(0), .fail(1), .fail(2), .empty(1), .fail(3)], 4),
        ("64 empty transfers", [.empty(64)], nil),
        ("65 empty transfers", [.empty(65)], 0),
        ("64 empty ones, data, 64 empty ones", [.empty(64), .data, .empty(64)], nil),
    ]

    @Test("a pipe is given up at the right step", arguments: 0..<10)
    func verdicts(row: Int) {
        let (name, steps, end) = Self.table[row]
        var health = USBPipeHealth()
        var givenUp: Int?
        for (place, step) in steps.enumerated() where givenUp == nil {
            let verdicts: [USBPipeHealth.Verdict] =
                switch step {
                case .fail(let time): [health.noteFailure(at: .milliseconds(time))]
                case .data: [health.noteTransfer(bytes: 1)]
                case .empty(let count): (0..<count).map { _ in health.noteTransfer(bytes: 0) }
                }
            if verdicts.contains(.giveUp) { givenUp = place }
        }
        #expect(givenUp == end, "\(name)")
    }

    @Test("failures and empty transfers are counted for ever")
    func totals() {
        var health = USBPipeHealth()
        for time in 0..<3 { _ = health.noteFailure(at: .seconds(time)) }
        for _ in 0..<5 { _ = health.noteTransfer(bytes: 0) }
        _ = health.noteTransfer(bytes: 9)
        #expect(health.totalFailures == 3)
        #expect(health.totalEmpty == 5)
    }
}

@Suite("USB streams: how much they keep under way")
struct StreamShapeTests {
    /// Limit, used, packet → transfers, bytes.
    private static let table: [(Int, Int, Int, Int, Int)] = [
        (15 << 20, 0, 512, 8, 256 << 10),
        (15 << 20, 12 << 20, 512, 8, 128 << 10),
        (8 << 20, 0, 512, 8, 256 << 10),
        (4 << 20, 0, 512, 8, 128 << 10),
        (1 << 20, 0, 512, 8, 32 << 10),
        (256 << 10, 0, 512, 4, 16 << 10),
        (64 << 10, 0, 512, 2, 16 << 10),
        (0, 0, 512, 2, 16 << 10),
        (15 << 20, 15 << 20, 512, 2, 16 << 10),
        (15 << 20, 99 << 20, 1024, 2, 16 << 10),
        (4 << 30, 0, 1024, 8, 256 << 10),
        (15 << 20, 0, 1000, 8, 262_000),
        (15 << 20, 0, 0, 8, 256 << 10),
    ]

    @Test("a stream fits into the memory that there is", arguments: 0..<13)
    func fitting(row: Int) {
        let (limit, used, packet, transfers, bytes) = Self.table[row]
        let shape = USBStreamShape.fitting(limit: limit, used: used, packet: packet)
        #expect(shape == USBStreamShape(transfers: transfers, bytes: bytes))
    }

    @Test("a shape is whole packets, at least two reads, at most a quarter of the limit where that is possible")
    func properties() {
        for limit in stride(from: 128 << 10, through: 32 << 20, by: 77_777) {
            for packet in [64, 512, 1024] {
                let shape = USBStreamShape.fitting(limit: limit, used: 0, packet: packet)
                #expect(shape.bytes.isMultiple(of: packet))
                #expect(shape.transfers >= 2)
                #expect(shape.totalBytes <= limit / 4)
            }
        }
    }
}

@Suite("libusb's numbers and texts")
struct LibUSBFactsTests {
    @Test(
        "a result of libusb becomes an error with the function, its name and a way to mend it",
        arguments: [
            (-1, "usb.io", "LIBUSB_ERROR_IO", "dmesg"), (-2, "usb.io", "LIBUSB_ERROR_INVALID_PARAM", "dmesg"),
            (-3, "usb.permission", "LIBUSB_ERROR_ACCESS", "sudo usermod -aG bell $USER"),
            (-4, "usb.unplugged", "LIBUSB_ERROR_NO_DEVICE", "cable"),
            (-5, "usb.no-interface", "LIBUSB_ERROR_NOT_FOUND", "lsusb -v"),
            (-6, "usb.busy", "LIBUSB_ERROR_BUSY", "lsof"), (-7, "usb.timeout", "LIBUSB_ERROR_TIMEOUT", "runs"),
            (-8, "usb.overflow", "LIBUSB_ERROR_OVERFLOW", "firmware"),
            (-9, "usb.stall", "LIBUSB_ERROR_PIPE", "refused"),
            (-10, "usb.cancelled", "LIBUSB_ERROR_INTERRUPTED", "gave up"),
            (-11, "usb.memory", "LIBUSB_ERROR_NO_MEM", "usbfs_memory_mb"),
            (-12, "usb.io", "LIBUSB_ERROR_NOT_SUPPORTED", "dmesg"), (-99, "usb.io", "LIBUSB_ERROR_OTHER", "dmesg"),
        ] as [(Int32, String, String, String)])
    func results(result: Int32, code: String, name: String, fix: String) {
        let error = LibUSBError.error(result, of: "libusb_open", "It failed.", at: "1209:be11")
        #expect(error.code.name == code)
        #expect(error.cause == "libusb_open: \(name) (\(result))")
        #expect(error.place == "1209:be11")
        #expect(error.fix?.contains(fix) == true)
    }

    @Test("a user who may not open the device learns rule and group")
    func permission() {
        let error = LibUSBError.error(-3, of: "libusb_open", "The USB device cannot be opened.", at: "1209:be11")
        #expect(
            error.description == """
                error: The USB device cannot be opened.
                  where: 1209:be11
                  cause: libusb_open: LIBUSB_ERROR_ACCESS (-3)
                  fix:   install Drivers/udev/60-belld.rules in /etc/udev/rules.d, run `sudo usermod -aG bell $USER`, \
                log in anew and plug the device in again
                """)
    }

    @Test(
        "a time-out becomes whole milliseconds, at least one, and never libusb's 0 for none",
        arguments: [
            (.zero, 1), (.nanoseconds(1), 1), (.milliseconds(1), 1), (.microseconds(1001), 2), (.seconds(2), 2000),
            (.seconds(-5), 1), (.seconds(3_999_999), 3_999_999_000), (.seconds(4_000_000), 4_000_000_000),
            (.seconds(Int64.max), 4_000_000_000),
        ] as [(Duration, UInt32)])
    func milliseconds(timeout: Duration, expected: UInt32) {
        #expect(LibUSBInterface.milliseconds(timeout) == expected)
    }

    @Test(
        "string descriptors are read as UTF-16 and never past their bytes (USB 2.0, section 9.6.7)",
        arguments: [
            ([4, 3, 0x41, 0], "A"), ([2, 3], ""), ([6, 3, 0x41, 0], "A"), ([255, 3, 0x41, 0, 0x42], "A"),
            ([5, 3, 0x41, 0, 0x42, 0], "A"), ([6, 3, 0x3D, 0xD8, 0x01, 0xDD], "\u{1F501}"),
            ([6, 3, 0x41, 0, 0, 0], "A"), ([4, 3, 0x1B, 0], "\u{FFFD}"), ([4, 3, 0x3D, 0xD8], "\u{FFFD}"),
            ([], nil), ([4], nil), ([4, 2, 0x41, 0], nil), ([1, 3], nil), ([0, 3, 0x41, 0], nil),
        ] as [([UInt8], String?)])
    func strings(bytes: [UInt8], text: String?) {
        #expect(USBStringDescriptor.text(bytes) == text)
    }

    @Test("the first language is taken; none in an empty descriptor")
    func languages() {
        #expect(USBStringDescriptor.language([6, 3, 0x09, 0x04, 0x07, 0x04]) == 0x0409)
        #expect(USBStringDescriptor.language([2, 3]) == nil)
    }

    @Test("a control request's setup stage is little-endian (USB 2.0, section 9.3)")
    func setup() {
        let request = USBControlRequest(type: 0xC0, request: 1, value: 0x1234, index: 0x5678, length: 0x9ABC)
        #expect(request.setup == [0xC0, 0x01, 0x34, 0x12, 0x78, 0x56, 0xBC, 0x9A])
    }

    @Test("an interface is found by number or kind, in the set configuration first")
    func choices() {
        func interface(_ configuration: UInt8, _ number: UInt8, _ kind: (UInt8, UInt8, UInt8))
            -> USBInterfaceDescription
        {
            USBInterfaceDescription(
                configuration: configuration, number: number, classCode: kind.0, subclass: kind.1,
                protocolCode: kind.2, endpoints: [])
        }
        let all = [
            interface(1, 0, (0xFF, 0, 0)), interface(1, 1, (0xFE, 3, 1)), interface(2, 0, (0xFF, 0, 0)),
            interface(2, 5, (3, 1, 2)),
        ]
        func find(_ choice: USBInterfaceChoice, current: UInt8) -> USBInterfaceDescription? {
            choice.find(in: all, current: current)
        }
        #expect(find(.number(0), current: 1) == all[0])
        #expect(find(.number(0), current: 2) == all[2])
        #expect(find(.number(0), current: 0) == all[0])
        #expect(find(.number(5), current: 1) == all[3])
        #expect(find(.number(9), current: 1) == nil)
        #expect(find(.kind(class: 0xFE, subclass: 3, protocol: nil), current: 2) == all[1])
        #expect(find(.kind(class: 3, subclass: nil, protocol: 2), current: 2) == all[3])
        #expect(find(.kind(class: 3, subclass: nil, protocol: 1), current: 2) == nil)
        #expect(find(.kind(class: 3, subclass: 2, protocol: nil), current: 2) == nil)
    }
}

@Suite struct HandedOverTests {
    private final class Thing: Sendable {}

    @Test("an object that was handed over is let go of when it has been used, not when its closure ends")
    func letGo() {
        weak var seen: Thing?
        let holder = HandedOver(Thing())
        var uses = 0
        for _ in 0..<2 {
            holder.consume { thing in
                seen = thing
                uses += 1
            }
        }
        #expect(uses == 1)
        #expect(seen == nil)
        withExtendedLifetime(holder) {}
    }
}
