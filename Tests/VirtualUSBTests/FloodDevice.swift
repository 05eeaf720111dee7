import DriverKit

@testable import VirtualUSB

/// A model for measurements: takes everything on 01 and always has data on 81.
struct FloodDevice: USBDeviceModel {
    var descriptors = USBDescriptorSet(
        vendor: 0x1209, product: 0x0011, manufacturer: "belld", productName: "Flood", serial: "F-1",
        interfaces: [
            .init(
                number: 0, classCode: 0xFF, subclass: 0, protocolCode: 0,
                endpoints: [
                    USBEndpoint(address: 0x01, kind: .bulk, maximumPacket: 512),
                    USBEndpoint(address: 0x81, kind: .bulk, maximumPacket: 512),
                ])
        ])
    private var data: [UInt8] = []

    mutating func control(_ request: USBControlRequest, data: [UInt8]) -> USBControlAnswer { .stall }

    mutating func wrote(_ bytes: [UInt8], to endpoint: UInt8) -> USBWriteAnswer { .taken }

    mutating func read(_ count: Int, from endpoint: UInt8) -> USBReadAnswer {
        if data.count != count { data = [UInt8](repeating: 0x42, count: count) }
        return .data(data)
    }

    mutating func clearedHalt(_ endpoint: UInt8) {}

    mutating func reset() {}
}
