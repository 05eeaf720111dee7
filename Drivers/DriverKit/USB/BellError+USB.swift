public import BellModel

extension BellError.Code {
    /// The device has gone; open it again when it is back.
    public static let usbUnplugged = BellError.Code("usb.unplugged", exit: .hardware)
    /// No transfer within its time.
    public static let usbTimeout = BellError.Code("usb.timeout", exit: .hardware)
    /// The device refused the transfer; a halted endpoint must be cleared.
    public static let usbStall = BellError.Code("usb.stall", exit: .hardware)
    /// The device sent more than was asked for.
    public static let usbOverflow = BellError.Code("usb.overflow", exit: .hardware)
    /// Any other failure of a transfer or of the bus.
    public static let usbIO = BellError.Code("usb.io", exit: .hardware)
    /// The calling task was cancelled.
    public static let usbCancelled = BellError.Code("usb.cancelled", exit: .interrupted)
    /// The interface was closed by its owner.
    public static let usbClosed = BellError.Code("usb.closed", exit: .hardware)
    /// No such device is plugged in.
    public static let usbNotFound = BellError.Code("usb.not-found", exit: .hardware)
    /// Two devices have one serial.
    public static let usbAmbiguous = BellError.Code("usb.ambiguous", exit: .hardware)
    /// This user may not open the device.
    public static let usbPermission = BellError.Code("usb.permission", exit: .hardware)
    /// Another program has the interface.
    public static let usbBusy = BellError.Code("usb.busy", exit: .hardware)
    /// The device has no interface of the kind.
    public static let usbNoInterface = BellError.Code("usb.no-interface", exit: .hardware)
    /// The kernel gives no more memory for transfers under way.
    public static let usbMemory = BellError.Code("usb.memory", exit: .hardware)
}

extension BellError {
    static func usbNotFound(
        _ vendor: UInt16, _ product: UInt16, _ serial: String, among candidates: [USBIdentity]
    ) -> BellError {
        let numbers = USBIdentity.hexadecimal(vendor) + ":" + USBIdentity.hexadecimal(product)
        let unreadable = candidates.compactMap(\.problem).first
        let serials = candidates.compactMap(\.serial).joined(separator: ", ")
        return BellError(
            .usbNotFound, "No USB device \(numbers) with the serial \(serial) is plugged in.",
            at: "usb://\(numbers)/\(serial)",
            cause: unreadable
                ?? (candidates.isEmpty ? "no device \(numbers) at all" : "there are the serials \(serials)"),
            fix: candidates.isEmpty
                ? "check cable and power; `lsusb -d \(numbers)` shows whether the computer sees it"
                : "write one of those serials, or plug the device in")
    }

    static func usbAmbiguous(_ serial: String, _ devices: [USBIdentity]) -> BellError {
        BellError(
            .usbAmbiguous, "\(devices.count) USB devices have the serial \(serial).", at: devices[0].text,
            cause: "they are at the ports \(devices.map(\.port).joined(separator: " and "))",
            state: "none of them was opened",
            fix: "unplug all but one, or give one of them a serial of its own")
    }
}
