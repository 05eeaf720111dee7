import DriverKit

@testable import VirtualUSB

/// A device with a plain vendor interface; bulk 01/81 loops what is written.
struct VendorLoop: USBDeviceModel {
    var descriptors: USBDescriptorSet
    private var queue: [[UInt8]] = []

    init(product: UInt16, serial: String) {
        descriptors = USBDescriptorSet(
            vendor: 0x1209, product: product, manufacturer: "belld", productName: "Loop", serial: serial,
            interfaces: [
                .init(
                    number: 0, classCode: 0xFF, subclass: 0, protocolCode: 0,
                    endpoints: [
                        USBEndpoint(address: 0x01, kind: .bulk, maximumPacket: 512),
                        USBEndpoint(address: 0x81, kind: .bulk, maximumPacket: 512),
                    ])
            ])
    }

    mutating func control(_ request: USBControlRequest, data: [UInt8]) -> USBControlAnswer {
        request.type == 0xC0 && request.request == 5 ? .data([1, 2, 3]) : .stall
    }

    mutating func wrote(_ bytes: [UInt8], to endpoint: UInt8) -> USBWriteAnswer {
        if bytes == Array("stall".utf8) { return .stall }
        guard queue.count < 16 else { return .wait }
        queue.append(bytes)
        return .taken
    }

    mutating func read(_ count: Int, from endpoint: UInt8) -> USBReadAnswer {
        queue.isEmpty ? .wait : .data(queue.removeFirst())
    }

    mutating func clearedHalt(_ endpoint: UInt8) {}

    mutating func reset() { queue = [] }
}

/// A HID device with 64-byte reports without number: the report that the host sends comes back with its bits turned.
struct ReportLoop: USBDeviceModel {
    /// Vendor-defined usage, 64 bytes in and 64 out (HID 1.11, section 6.2.2).
    private static let reportDescriptor: [UInt8] = [
        0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01,
        0x09, 0x02, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x40, 0x81, 0x02,
        0x09, 0x03, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x40, 0x91, 0x02,
        0xC0,
    ]
    let descriptors: USBDescriptorSet
    private var answers: [[UInt8]] = []

    init(product: UInt16, serial: String) {
        let size = UInt8(ReportLoop.reportDescriptor.count)
        descriptors = USBDescriptorSet(
            vendor: 0x1209, product: product, manufacturer: "belld", productName: "Reports", serial: serial,
            interfaces: [
                .init(
                    number: 0, classCode: 0x03, subclass: 0, protocolCode: 0,
                    extra: [9, 0x21, 0x11, 0x01, 0, 1, 0x22, size, 0],
                    endpoints: [
                        USBEndpoint(address: 0x01, kind: .interrupt, maximumPacket: 64, interval: 4),
                        USBEndpoint(address: 0x81, kind: .interrupt, maximumPacket: 64, interval: 4),
                    ])
            ])
    }

    mutating func control(_ request: USBControlRequest, data: [UInt8]) -> USBControlAnswer {
        switch (request.type, request.request, request.value) {
        case (0x81, 6, 0x2200): .data(ReportLoop.reportDescriptor)
        case (0x21, 10, _): .data([])
        default: .stall
        }
    }

    mutating func wrote(_ bytes: [UInt8], to endpoint: UInt8) -> USBWriteAnswer {
        guard answers.count < 16 else { return .wait }
        answers.append(bytes.map { ~$0 })
        return .taken
    }

    mutating func read(_ count: Int, from endpoint: UInt8) -> USBReadAnswer {
        answers.isEmpty ? .wait : .data(answers.removeFirst())
    }

    mutating func clearedHalt(_ endpoint: UInt8) {}

    mutating func reset() { answers = [] }
}

/// As much of a USBTMC instrument as the kernel's usbtmc wants before it takes it: it answers GET_CAPABILITIES.
struct BareInstrument: USBDeviceModel {
    let descriptors: USBDescriptorSet
    private var answer: [UInt8]?

    init(product: UInt16, serial: String) {
        descriptors = USBDescriptorSet(
            vendor: 0x1209, product: product, manufacturer: "belld", productName: "Instrument", serial: serial,
            interfaces: [
                .init(
                    number: 0, classCode: 0xFE, subclass: 3, protocolCode: 0,
                    endpoints: [
                        USBEndpoint(address: 0x01, kind: .bulk, maximumPacket: 512),
                        USBEndpoint(address: 0x81, kind: .bulk, maximumPacket: 512),
                    ])
            ])
    }

    mutating func control(_ request: USBControlRequest, data: [UInt8]) -> USBControlAnswer {
        // GET_CAPABILITIES: success, USBTMC 1.00, nothing special.
        guard request.type == 0xA1, request.request == 7 else { return .stall }
        return .data([1, 0, 0x00, 0x01] + [UInt8](repeating: 0, count: 20))
    }

    /// Answers each REQUEST_DEV_DEP_MSG_IN with `belld\n` under its tag.
    mutating func wrote(_ bytes: [UInt8], to endpoint: UInt8) -> USBWriteAnswer {
        guard bytes.count >= 12 else { return .stall }
        if bytes[0] == 2 {
            answer = [2, bytes[1], ~bytes[1], 0, 6, 0, 0, 0, 1, 0, 0, 0] + Array("belld\n".utf8) + [0, 0]
        }
        return .taken
    }

    mutating func read(_ count: Int, from endpoint: UInt8) -> USBReadAnswer {
        defer { answer = nil }
        return answer.map { .data($0) } ?? .wait
    }

    mutating func clearedHalt(_ endpoint: UInt8) {}

    mutating func reset() { answer = nil }
}
