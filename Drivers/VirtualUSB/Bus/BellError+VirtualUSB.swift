import BellModel
import DriverKit

extension BellError {
    static func unplugged(_ device: USBIdentity) -> BellError {
        BellError(
            .usbUnplugged, "The simulated USB device is unplugged.", at: device.text,
            fix: "plug it in and open it again")
    }

    static func closed(_ device: USBIdentity) -> BellError {
        BellError(.usbClosed, "The USB interface was closed.", at: device.text)
    }

    static func cancelled(_ device: USBIdentity) -> BellError {
        BellError(.usbCancelled, "The USB transfer was cancelled.", at: device.text)
    }

    static func timeout(_ device: USBIdentity, _ endpoint: UInt8, _ timeout: Duration) -> BellError {
        BellError(
            .usbTimeout, "The device did not answer on endpoint \(String(endpoint, radix: 16)) within \(timeout).",
            at: device.text, cause: "the simulated endpoint has nothing to give, or takes nothing (NAK)")
    }

    static func stall(_ device: USBIdentity, _ what: String) -> BellError {
        BellError(
            .usbStall, "The device refused \(what).", at: device.text, cause: "STALL of the simulated device",
            fix: "clear the halt and try again")
    }

    static func overflow(_ device: USBIdentity, _ endpoint: UInt8) -> BellError {
        BellError(
            .usbOverflow, "The device sent more than was asked for on endpoint \(String(endpoint, radix: 16)).",
            at: device.text)
    }

    static func noEndpoint(_ device: USBIdentity, _ endpoint: UInt8) -> BellError {
        BellError(
            .usbIO, "The claimed interface has no endpoint \(String(endpoint, radix: 16)) of this direction.",
            at: device.text)
    }

    static func gone(_ device: USBIdentity) -> BellError {
        BellError(
            .usbNotFound, "The USB device is not plugged in any more, or not at this address.", at: device.text,
            fix: "list the devices again")
    }

    static func busy(_ device: USBIdentity, _ interface: UInt8) -> BellError {
        BellError(
            .usbBusy, "Interface \(interface) of the USB device is claimed already.", at: device.text,
            fix: "close the other user of it")
    }

    static func noInterface(_ device: USBIdentity) -> BellError {
        BellError(.usbNoInterface, "The USB device has no such interface.", at: device.text)
    }
}
