/// A device as USB/IP shows it: 312 bytes, and 4 more for each interface in a list.
struct USBIPExport: Equatable, Sendable {
    /// `1-1`, `1-2`, …: stays the same over a re-plug.
    var busID: String
    var busNumber: UInt32
    /// Differs after each plugging-in.
    var deviceNumber: UInt32
    var descriptors: USBDescriptorSet
    var configuration: UInt8

    /// `USB_SPEED_HIGH` of Linux.
    private static let highSpeed: UInt32 = 3

    /// The 312 bytes of `struct usbip_usb_device`.
    var device: [UInt8] {
        Self.padded("/sys/devices/virtual/belld/\(busID)", to: 256) + Self.padded(busID, to: USBIP.busIDSize)
            + USBIP.bytes(busNumber) + USBIP.bytes(deviceNumber) + USBIP.bytes(Self.highSpeed)
            + USBIP.bytes(descriptors.vendor) + USBIP.bytes(descriptors.product) + USBIP.bytes(UInt16(0x0100))
            + [0, 0, 0, configuration, 1, UInt8(truncatingIfNeeded: descriptors.interfaces.count)]
    }

    /// `struct usbip_usb_interface` of each interface.
    var interfaces: [UInt8] {
        descriptors.interfaces.prefix(255).flatMap { [$0.classCode, $0.subclass, $0.protocolCode, 0] }
    }

    private static func padded(_ text: String, to size: Int) -> [UInt8] {
        let bytes = Array(text.utf8.prefix(size - 1))
        return bytes + [UInt8](repeating: 0, count: size - bytes.count)
    }
}
