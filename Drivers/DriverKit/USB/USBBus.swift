public import BellModel

/// The USB devices that are plugged in: libusb's, or simulated ones.
public protocol USBBus: AnyObject, Sendable {
    /// Devices with these numbers that are plugged in now, by rising bus and address.
    ///
    /// - Throws: `usb.io` when the list cannot be read. A device whose strings cannot be read is listed with its problem.
    func devices(vendor: UInt16, product: UInt16) async throws(BellError) -> [USBIdentity]

    /// Opens a device and claims one interface, taking it from a kernel driver if there is one.
    ///
    /// - Throws: `usb.not-found`, `usb.permission` (with the udev rule that mends it), `usb.busy`, `usb.no-interface`,
    ///   `usb.io`.
    func open(_ device: USBIdentity, interface: USBInterfaceChoice) async throws(BellError) -> any USBInterface

    /// Devices that come and go from now on. Each call gives a stream of its own, which ends with the bus.
    func changes() -> AsyncStream<USBChange>
}

/// Which of a device's interfaces is wanted.
public enum USBInterfaceChoice: Hashable, Sendable {
    /// By its number.
    case number(UInt8)
    /// The first with this class, subclass and protocol; nil matches all.
    case kind(class: UInt8, subclass: UInt8?, protocol: UInt8?)
}

/// A device was plugged in or has gone.
public struct USBChange: Hashable, Sendable {
    public var device: USBIdentity
    public var isArrival: Bool

    public init(device: USBIdentity, isArrival: Bool) {
        self.device = device
        self.isArrival = isArrival
    }
}

extension USBBus {
    /// Opens the one device with these numbers and this serial.
    ///
    /// - Throws: `usb.not-found` when there is none (it names the serials that are there), `usb.ambiguous` when two
    ///   devices have it, or what ``open(_:interface:)`` throws.
    public func open(
        vendor: UInt16, product: UInt16, serial: String, interface: USBInterfaceChoice
    ) async throws(BellError) -> any USBInterface {
        let candidates = try await devices(vendor: vendor, product: product)
        let matches = candidates.filter { $0.serial == serial }
        guard let device = matches.first else { throw .usbNotFound(vendor, product, serial, among: candidates) }
        guard matches.count == 1 else { throw .usbAmbiguous(serial, matches) }
        return try await open(device, interface: interface)
    }
}
