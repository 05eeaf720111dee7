import DriverKit
import Synchronization

@testable import VirtualUSB

/// A model for tests: bulk 01/81 and interrupt 02/82 loop what is written; a vendor request keeps one word.
struct LoopDevice: USBDeviceModel {
    static let bulkOut: UInt8 = 0x01
    static let bulkIn: UInt8 = 0x81
    static let interruptOut: UInt8 = 0x02
    static let interruptIn: UInt8 = 0x82

    var descriptors = USBDescriptorSet(
        vendor: 0x1209, product: 0x0001, manufacturer: "Prüfstand", productName: "Loop 循環 🔁", serial: "L-1",
        interfaces: [
            .init(
                number: 0, classCode: 0xFF, subclass: 1, protocolCode: 2,
                endpoints: [
                    USBEndpoint(address: bulkOut, kind: .bulk, maximumPacket: 512),
                    USBEndpoint(address: bulkIn, kind: .bulk, maximumPacket: 512),
                ]),
            .init(
                number: 1, classCode: 0x03, subclass: 0, protocolCode: 0,
                extra: [9, 0x21, 0x11, 0x01, 0, 1, 0x22, 34, 0],
                endpoints: [
                    USBEndpoint(address: interruptOut, kind: .interrupt, maximumPacket: 64, interval: 4),
                    USBEndpoint(address: interruptIn, kind: .interrupt, maximumPacket: 64, interval: 4),
                ]),
        ])
    /// Transfers that wait to be read, by IN endpoint.
    var queues: [UInt8: [[UInt8]]] = [:]
    /// Transfers that an endpoint holds at most; more wait.
    var capacity = 4
    var word: UInt16 = 0
    var resets = 0
    var cleared: [UInt8] = []

    mutating func control(_ request: USBControlRequest, data: [UInt8]) -> USBControlAnswer {
        switch (request.type, request.request) {
        case (0x40, 1):
            word = request.value
            return .data([])
        case (0x40, 2):
            guard data.count == 2 else { return .stall }
            word = UInt16(data[0]) | UInt16(data[1]) << 8
            return .data([])
        case (0xC0, 1): return .data([UInt8(truncatingIfNeeded: word), UInt8(truncatingIfNeeded: word >> 8), 0xAA])
        case (0x81, 6) where request.value == 0x2200: return .data([UInt8](repeating: 0x5A, count: 34))
        default: return .stall
        }
    }

    mutating func wrote(_ bytes: [UInt8], to endpoint: UInt8) -> USBWriteAnswer {
        if bytes == Array("stall".utf8) { return .stall }
        guard queues[endpoint | 0x80, default: []].count < capacity else { return .wait }
        queues[endpoint | 0x80, default: []].append(bytes)
        return .taken
    }

    mutating func read(_ count: Int, from endpoint: UInt8) -> USBReadAnswer {
        guard let first = queues[endpoint]?.first else { return .wait }
        queues[endpoint]?.removeFirst()
        return first == Array("refuse".utf8) ? .stall : .data(first)
    }

    mutating func clearedHalt(_ endpoint: UInt8) { cleared.append(endpoint) }

    mutating func reset() {
        resets += 1
        queues = [:]
    }
}
