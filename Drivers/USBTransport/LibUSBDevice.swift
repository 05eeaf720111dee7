import BellModel
import CLibUSB
import DriverKit

/// A plugged-in device of libusb's, referenced as long as this value's object lives.
final class LibUSBDevice: Sendable {
    // libusb's reference count is atomic; what is read through the pointer never changes.
    nonisolated(unsafe) let raw: OpaquePointer
    private let descriptor: libusb_device_descriptor

    /// References a device. Nil when its descriptor cannot be had, which libusb says cannot happen.
    init?(_ raw: OpaquePointer) {
        var descriptor = libusb_device_descriptor()
        guard libusb_get_device_descriptor(raw, &descriptor) == 0 else { return nil }
        self.raw = libusb_ref_device(raw)
        self.descriptor = descriptor
    }

    deinit { libusb_unref_device(raw) }

    /// All devices, by rising bus and address.
    ///
    /// - Throws: `usb.io` (`libusb_get_device_list`).
    static func all(_ context: LibUSBContext) throws(BellError) -> [LibUSBDevice] {
        var list: UnsafeMutablePointer<OpaquePointer?>?
        let count = libusb_get_device_list(context.raw, &list)
        guard count >= 0, let list else {
            throw LibUSBError.error(
                Int32(truncatingIfNeeded: count), of: "libusb_get_device_list", "USB devices cannot be listed.",
                at: "libusb")
        }
        defer { libusb_free_device_list(list, 1) }
        let devices = (0..<count).compactMap { place in list[place].flatMap { LibUSBDevice($0) } }
        return devices.sorted { ($0.bus, $0.address) < ($1.bus, $1.address) }
    }

    var vendor: UInt16 { descriptor.idVendor }
    var product: UInt16 { descriptor.idProduct }
    var bus: UInt8 { libusb_get_bus_number(raw) }
    var address: UInt8 { libusb_get_device_address(raw) }
    /// A hub has no driver here, and its strings tell nothing.
    var isHub: Bool { descriptor.bDeviceClass == UInt8(truncatingIfNeeded: LIBUSB_CLASS_HUB.rawValue) }

    /// Bus and ports, for example `1-2.4`.
    var port: String {
        // USB 3.0 allows seven tiers (section 10.14.3).
        var ports = [UInt8](repeating: 0, count: 7)
        let count = Int(libusb_get_port_numbers(raw, &ports, Int32(ports.count)))
        guard count > 0 else { return "\(bus)" }
        return "\(bus)-" + ports.prefix(count).map(String.init).joined(separator: ".")
    }

    /// What can be known without opening the device.
    var bareIdentity: USBIdentity {
        USBIdentity(vendor: vendor, product: product, serial: nil, port: port, bus: bus, address: address)
    }

    /// Opens the device, without claiming anything; the caller closes it. Blocks.
    ///
    /// - Throws: `usb.permission`, `usb.unplugged`, `usb.memory`, `usb.io` (`libusb_open`).
    func open() throws(BellError) -> OpaquePointer {
        var handle: OpaquePointer?
        let result = libusb_open(raw, &handle)
        guard result == 0, let handle else {
            throw LibUSBError.error(
                result, of: "libusb_open", "The USB device cannot be opened.", at: bareIdentity.text)
        }
        return handle
    }

    /// Opens the device to read its strings; a failure is its problem. Blocks.
    func identity() -> USBIdentity {
        do throws(BellError) {
            let handle = try open()
            defer { libusb_close(handle) }
            return identity(through: handle)
        } catch {
            var identity = bareIdentity
            identity.problem = LibUSBDevice.problem(error)
            return identity
        }
    }

    /// Reads its strings through an open handle. Blocks.
    func identity(through handle: OpaquePointer) -> USBIdentity {
        var identity = bareIdentity
        guard descriptor.iSerialNumber != 0 || descriptor.iManufacturer != 0 || descriptor.iProduct != 0 else {
            return identity
        }
        do throws(BellError) {
            let languages = try string(0, language: 0, through: handle)
            let language = USBStringDescriptor.language(languages) ?? 0x0409
            func text(_ index: UInt8) throws(BellError) -> String? {
                guard index != 0 else { return nil }
                return USBStringDescriptor.text(try string(index, language: language, through: handle))
            }
            identity.serial = try text(descriptor.iSerialNumber)
            if let name = try text(descriptor.iProduct) {
                identity.productName = name
            } else if descriptor.iProduct != 0 {
                identity.problem = "its product string is damaged"
            }
            identity.manufacturer = try text(descriptor.iManufacturer) ?? ""
        } catch {
            identity.problem = LibUSBDevice.problem(error)
        }
        return identity
    }

    private static func problem(_ error: BellError) -> String {
        (error.cause ?? error.what) + (error.fix.map { "; \($0)" } ?? "")
    }

    /// GET_DESCRIPTOR of a string (USB 2.0, section 9.4.3).
    private func string(_ index: UInt8, language: UInt16, through handle: OpaquePointer) throws(BellError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: USBStringDescriptor.maximumSize)
        let size = UInt16(bytes.count)
        let count = libusb_control_transfer(handle, 0x80, 0x06, 0x0300 | UInt16(index), language, &bytes, size, 500)
        guard count >= 0 else {
            throw LibUSBError.error(
                count, of: "libusb_control_transfer", "A string of the USB device cannot be read.",
                at: bareIdentity.text)
        }
        return Array(bytes.prefix(Int(count)))
    }
}
