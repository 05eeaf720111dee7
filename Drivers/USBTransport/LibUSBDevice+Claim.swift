import BellModel
import CLibUSB
import DriverKit

extension LibUSBDevice {
    /// Opens the device, checks that it still is the one that was listed, and claims an interface. Blocks.
    ///
    /// - Throws: `usb.not-found` when another device is there now, `usb.no-interface`, `usb.busy`, or what
    ///   ``open()`` throws.
    func claim(
        _ wanted: USBIdentity, _ choice: USBInterfaceChoice
    ) throws(BellError) -> (handle: OpaquePointer, identity: USBIdentity, interface: USBInterfaceDescription) {
        let handle = try open()
        do throws(BellError) {
            let identity = identity(through: handle)
            guard identity.serial == wanted.serial else {
                throw LibUSBDevice.replaced(wanted, by: identity)
            }
            let interface = try configure(handle, choice, at: identity.text)
            // Kernel drivers (usbhid, usbtmc) come back when the interface is released.
            let detach = libusb_set_auto_detach_kernel_driver(handle, 1)
            guard detach == 0 || detach == LIBUSB_ERROR_NOT_SUPPORTED.rawValue else {
                throw LibUSBError.error(
                    detach, of: "libusb_set_auto_detach_kernel_driver",
                    "The kernel's driver does not give the USB device away.", at: identity.text)
            }
            let result = libusb_claim_interface(handle, Int32(interface.number))
            guard result == 0 else {
                throw LibUSBError.error(
                    result, of: "libusb_claim_interface",
                    "Interface \(interface.number) of the USB device cannot be claimed.", at: identity.text)
            }
            return (handle, identity, interface)
        } catch {
            libusb_close(handle)
            throw error
        }
    }

    /// The error for a device that is no longer where it was.
    static func replaced(_ wanted: USBIdentity, by found: USBIdentity?) -> BellError {
        BellError(
            .usbNotFound, "The USB device is no longer where it was.", at: wanted.text,
            cause: found.map { "\($0.text) is there now" + ($0.problem.map { " (\($0))" } ?? "") }
                ?? "nothing is plugged in as bus \(wanted.bus), address \(wanted.address)",
            fix: "list the devices again; it was unplugged or plugged in anew meanwhile")
    }

    /// Finds the interface, and sets its configuration unless it is set already.
    private func configure(
        _ handle: OpaquePointer, _ choice: USBInterfaceChoice, at place: String
    ) throws(BellError) -> USBInterfaceDescription {
        var current: Int32 = 0
        let asked = libusb_get_configuration(handle, &current)
        guard asked == 0 else {
            throw LibUSBError.error(
                asked, of: "libusb_get_configuration", "The USB device's configuration cannot be read.", at: place)
        }
        let interfaces = interfaces()
        guard let found = choice.find(in: interfaces, current: UInt8(truncatingIfNeeded: current)) else {
            let numbers = interfaces.map { "\($0.number) (class 0x\(String($0.classCode, radix: 16)))" }
            throw BellError(
                .usbNoInterface, "The USB device has no \(choice.text).", at: place,
                cause: interfaces.isEmpty
                    ? "it has no interface at all" : "it has the interfaces \(numbers.joined(separator: ", "))",
                fix: "check that this is the right device and firmware: `lsusb -v` lists its interfaces")
        }
        guard Int32(found.configuration) != current else { return found }
        let result = libusb_set_configuration(handle, Int32(found.configuration))
        guard result == 0 else {
            throw LibUSBError.error(
                result, of: "libusb_set_configuration",
                "Configuration \(found.configuration) of the USB device cannot be set.", at: place)
        }
        return found
    }

    /// The interfaces of all configurations. A configuration that libusb cannot read counts as having none.
    private func interfaces() -> [USBInterfaceDescription] {
        var descriptor = libusb_device_descriptor()
        guard libusb_get_device_descriptor(raw, &descriptor) == 0 else { return [] }
        return (0..<descriptor.bNumConfigurations).flatMap { index -> [USBInterfaceDescription] in
            var pointer: UnsafeMutablePointer<libusb_config_descriptor>?
            guard libusb_get_config_descriptor(raw, index, &pointer) == 0, let pointer else { return [] }
            defer { libusb_free_config_descriptor(pointer) }
            let configuration = pointer.pointee
            return (0..<Int(configuration.bNumInterfaces)).compactMap { place in
                guard let interface = configuration.interface?[place], interface.num_altsetting > 0,
                    let first = interface.altsetting?.pointee
                else { return nil }
                return USBInterfaceDescription(
                    configuration: configuration.bConfigurationValue, number: first.bInterfaceNumber,
                    classCode: first.bInterfaceClass, subclass: first.bInterfaceSubClass,
                    protocolCode: first.bInterfaceProtocol, endpoints: LibUSBDevice.endpoints(of: first))
            }
        }
    }

    private static func endpoints(of interface: libusb_interface_descriptor) -> [USBEndpoint] {
        (0..<Int(interface.bNumEndpoints)).compactMap { place in
            guard let endpoint = interface.endpoint?[place] else { return nil }
            let kind: USBEndpoint.Kind
            // Table 9-13: bits 1..0 are the transfer type, 2 bulk, 3 interrupt.
            switch endpoint.bmAttributes & 0x03 {
            case 2: kind = .bulk
            case 3: kind = .interrupt
            default: return nil
            }
            // Bits 12..11 are further transactions in a microframe, not part of the packet's size.
            return USBEndpoint(
                address: endpoint.bEndpointAddress, kind: kind, maximumPacket: Int(endpoint.wMaxPacketSize & 0x07FF),
                interval: endpoint.bInterval)
        }
    }
}
