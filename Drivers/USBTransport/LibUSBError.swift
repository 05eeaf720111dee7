import BellModel
import CLibUSB
import DriverKit

/// What a libusb result code means to us; a pure table.
///
/// - SeeAlso: `enum libusb_error` and `enum libusb_transfer_status` in libusb.h (1.0.26).
enum LibUSBError {
    /// The error for a negative result of a libusb function.
    ///
    /// - Parameters:
    ///   - result: The function's result; not one of success.
    ///   - function: The C function's name.
    ///   - what: One sentence that says what failed, for people.
    ///   - place: The device.
    static func error(_ result: Int32, of function: String, _ what: String, at place: String) -> BellError {
        let (code, fix) = meaning(of: result)
        return BellError(
            code, what, at: place, cause: "\(function): \(String(cString: libusb_error_name(result))) (\(result))",
            fix: fix)
    }

    /// The error for a transfer that was submitted and not completed; nil for one that was.
    static func error(_ status: libusb_transfer_status, _ what: String, at place: String) -> BellError? {
        guard status != LIBUSB_TRANSFER_COMPLETED else { return nil }
        let result = result(of: status)
        let (code, fix) = meaning(of: result)
        return BellError(
            code, what, at: place, cause: "libusb_submit_transfer: \(name(of: status)) (\(status.rawValue))", fix: fix)
    }

    /// The result code that means the same.
    private static func result(of status: libusb_transfer_status) -> Int32 {
        switch status {
        case LIBUSB_TRANSFER_TIMED_OUT: LIBUSB_ERROR_TIMEOUT.rawValue
        case LIBUSB_TRANSFER_CANCELLED: LIBUSB_ERROR_INTERRUPTED.rawValue
        case LIBUSB_TRANSFER_STALL: LIBUSB_ERROR_PIPE.rawValue
        case LIBUSB_TRANSFER_NO_DEVICE: LIBUSB_ERROR_NO_DEVICE.rawValue
        case LIBUSB_TRANSFER_OVERFLOW: LIBUSB_ERROR_OVERFLOW.rawValue
        default: LIBUSB_ERROR_IO.rawValue
        }
    }

    private static func name(of status: libusb_transfer_status) -> String {
        switch status {
        case LIBUSB_TRANSFER_TIMED_OUT: "LIBUSB_TRANSFER_TIMED_OUT"
        case LIBUSB_TRANSFER_CANCELLED: "LIBUSB_TRANSFER_CANCELLED"
        case LIBUSB_TRANSFER_STALL: "LIBUSB_TRANSFER_STALL"
        case LIBUSB_TRANSFER_NO_DEVICE: "LIBUSB_TRANSFER_NO_DEVICE"
        case LIBUSB_TRANSFER_OVERFLOW: "LIBUSB_TRANSFER_OVERFLOW"
        default: "LIBUSB_TRANSFER_ERROR"
        }
    }

    /// What a user who may not open a device has to do.
    static let permissionFix =
        "install Drivers/udev/60-belld.rules in /etc/udev/rules.d, run `sudo usermod -aG bell $USER`, log in anew "
        + "and plug the device in again"

    /// What to do when the kernel gives no more memory.
    static let memoryFix =
        "raise the limit for all USB transfers of this computer: "
        + "`echo 256 | sudo tee /sys/module/usbcore/parameters/usbfs_memory_mb`, "
        + "for good with `usbcore.usbfs_memory_mb=256` on the kernel's command line"

    private static func meaning(of result: Int32) -> (BellError.Code, fix: String) {
        switch result {
        case LIBUSB_ERROR_ACCESS.rawValue: (.usbPermission, permissionFix)
        case LIBUSB_ERROR_NO_DEVICE.rawValue:
            (.usbUnplugged, "check the cable and the device's power; it is opened again when it is back")
        case LIBUSB_ERROR_BUSY.rawValue:
            (.usbBusy, "end the other program that uses the device; `sudo lsof /dev/bus/usb/*/*` names it")
        case LIBUSB_ERROR_TIMEOUT.rawValue: (.usbTimeout, "check that the device runs; unplug it and plug it in again")
        case LIBUSB_ERROR_OVERFLOW.rawValue:
            (.usbOverflow, "compare the device's firmware with its protocol: it sent more than was asked for")
        case LIBUSB_ERROR_PIPE.rawValue:
            (.usbStall, "the device refused the transfer: compare its firmware with its protocol")
        case LIBUSB_ERROR_INTERRUPTED.rawValue: (.usbCancelled, "nothing: the caller gave up")
        case LIBUSB_ERROR_NO_MEM.rawValue: (.usbMemory, memoryFix)
        case LIBUSB_ERROR_NOT_FOUND.rawValue:
            (.usbNoInterface, "check that this is the right device and firmware: `lsusb -v` lists its interfaces")
        default: (.usbIO, "check cable and hub; `sudo dmesg | tail` says what the kernel saw")
        }
    }
}

extension BellError {
    /// A transfer or an opening after the interface or the bus was closed.
    static func usbClosed(at place: String) -> BellError {
        BellError(.usbClosed, "The USB device was closed.", at: place, fix: "open it again")
    }

    /// A transfer whose task was cancelled.
    static func usbCancelled(at place: String) -> BellError {
        BellError(.usbCancelled, "The USB transfer was cancelled.", at: place)
    }
}
