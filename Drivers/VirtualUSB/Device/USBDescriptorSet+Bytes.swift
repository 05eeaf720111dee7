import DriverKit

/// Descriptors as bytes, little-endian.
///
/// - SeeAlso: USB 2.0, tables 9-8 (device), 9-9 (qualifier), 9-10 (configuration), 9-12 (interface), 9-13 (endpoint),
///   9-15 and 9-16 (strings).
extension USBDescriptorSet {
    /// Indices of the three strings; 0 in a descriptor means that there is none.
    private static let manufacturerIndex: UInt8 = 1
    private static let productIndex: UInt8 = 2
    private static let serialIndex: UInt8 = 3
    /// US English, the one language of the strings.
    private static let language: UInt16 = 0x0409

    /// The 18 bytes of the device descriptor: USB 2.0, class given by the interfaces, 64-byte endpoint 0, release 1.00.
    public var deviceDescriptor: [UInt8] {
        [18, 1] + Self.word(0x0200) + [0, 0, 0, 64] + Self.word(vendor) + Self.word(product) + Self.word(0x0100)
            + [Self.manufacturerIndex, Self.productIndex, serial == nil ? 0 : Self.serialIndex, 1]
    }

    /// The one configuration with its interfaces and endpoints; self-powered, 100 mA.
    public var configurationDescriptor: [UInt8] { configuration(type: 2, largestPacket: .max) }

    /// What the device would be at full speed: the same with a qualifier's ten bytes.
    var deviceQualifier: [UInt8] { [10, 6] + Self.word(0x0200) + [0, 0, 0, 64, 1, 0] }

    /// The configuration at full speed, whose bulk packets have at most 64 bytes.
    var otherSpeedConfiguration: [UInt8] { configuration(type: 7, largestPacket: 64) }

    /// A string descriptor in UTF-16, cut to the 126 units that fit; nil for an index without string.
    func stringDescriptor(_ index: UInt8) -> [UInt8]? {
        let text: String? =
            switch index {
            case 0: ""
            case Self.manufacturerIndex: manufacturer
            case Self.productIndex: productName
            case Self.serialIndex: serial
            default: nil
            }
        guard let text else { return nil }
        let units = index == 0 ? [Self.language] : Self.cut(text)
        return [UInt8(2 + 2 * units.count), 3] + units.flatMap(Self.word)
    }

    /// Whole characters' UTF-16 units, as many as fit.
    private static func cut(_ text: String) -> [UInt16] {
        var units: [UInt16] = []
        for scalar in text.unicodeScalars {
            let more = Array(UTF16.encode(scalar) ?? .init())
            guard units.count + more.count <= 126 else { break }
            units += more
        }
        return units
    }

    private func configuration(type: UInt8, largestPacket: Int) -> [UInt8] {
        var body: [UInt8] = []
        for interface in interfaces {
            body += [
                9, 4, interface.number, 0, UInt8(truncatingIfNeeded: interface.endpoints.count), interface.classCode,
                interface.subclass, interface.protocolCode, 0,
            ]
            body += interface.extra
            for endpoint in interface.endpoints {
                let packet = UInt16(truncatingIfNeeded: min(endpoint.maximumPacket, largestPacket))
                body += [7, 5, endpoint.address, endpoint.kind == .bulk ? 2 : 3]
                body += Self.word(packet) + [endpoint.interval]
            }
        }
        let total = UInt16(truncatingIfNeeded: 9 + body.count)
        return [9, type] + Self.word(total) + [UInt8(truncatingIfNeeded: interfaces.count), 1, 0, 0xC0, 50] + body
    }

    private static func word(_ value: UInt16) -> [UInt8] {
        [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
    }
}
