public import DriverKit

/// A simulated USB device as a value: what it answers to control requests and on its endpoints. No I/O, no clock.
///
/// A ``VirtualUSBDevice`` owns it behind a lock, answers the standard requests (descriptors, configuration, halt) by itself,
/// and shows it either over USB/IP or straight to a driver in the same process. Endpoint 0 is not among the endpoints here.
public protocol USBDeviceModel: Sendable {
    /// What the device says of itself; must not change while it is plugged in.
    var descriptors: USBDescriptorSet { get }

    /// Answers a class or vendor request, or one that is not answered by the framework (HID descriptors, for example).
    ///
    /// - Parameter data: The data stage of an OUT request; empty for IN.
    mutating func control(_ request: USBControlRequest, data: [UInt8]) -> USBControlAnswer

    /// Takes one transfer that the host wrote to an OUT endpoint.
    mutating func wrote(_ bytes: [UInt8], to endpoint: UInt8) -> USBWriteAnswer

    /// Gives what an IN endpoint has for the host, at most `count` bytes.
    ///
    /// Asked again after each event of the device (a write, a control request, a ``VirtualUSBDevice/poke()``) while the
    /// host waits.
    mutating func read(_ count: Int, from endpoint: UInt8) -> USBReadAnswer

    /// The host has cleared an endpoint's halt.
    mutating func clearedHalt(_ endpoint: UInt8)

    /// The host has reset the device.
    mutating func reset()
}

public enum USBControlAnswer: Equatable, Sendable {
    /// The data stage of an IN request (cut to the request's length), or an empty one.
    case data([UInt8])
    case stall
}

public enum USBWriteAnswer: Equatable, Sendable {
    case taken
    /// Not now (NAK): offered again after the next event of the device.
    case wait
    /// The endpoint halts until the host clears it.
    case stall
}

public enum USBReadAnswer: Equatable, Sendable {
    /// One transfer's bytes: ends there with a short packet unless it is `count` bytes long.
    case data([UInt8])
    /// Nothing now (NAK).
    case wait
    case stall
}

/// A device's descriptors, as data.
public struct USBDescriptorSet: Equatable, Sendable {
    public struct Interface: Equatable, Sendable {
        public var number: UInt8
        public var classCode: UInt8
        public var subclass: UInt8
        public var protocolCode: UInt8
        /// Class-specific descriptors between the interface and its endpoints, for example HID's.
        public var extra: [UInt8]
        public var endpoints: [USBEndpoint]

        public init(
            number: UInt8, classCode: UInt8, subclass: UInt8, protocolCode: UInt8, extra: [UInt8] = [],
            endpoints: [USBEndpoint]
        ) {
            self.number = number
            self.classCode = classCode
            self.subclass = subclass
            self.protocolCode = protocolCode
            self.extra = extra
            self.endpoints = endpoints
        }
    }

    public var vendor: UInt16
    public var product: UInt16
    public var manufacturer: String
    public var productName: String
    /// Nil for a device without a serial string.
    public var serial: String?
    public var interfaces: [Interface]

    public init(
        vendor: UInt16, product: UInt16, manufacturer: String, productName: String, serial: String?,
        interfaces: [Interface]
    ) {
        self.vendor = vendor
        self.product = product
        self.manufacturer = manufacturer
        self.productName = productName
        self.serial = serial
        self.interfaces = interfaces
    }
}
