import BellModel
import DriverKit
import Recording

/// A bus with the devices of a recording plugged in: the one that was meant, and those that were asked for it.
final class ReplayBus: USBBus {
    let place: USBPlace
    private let identities: [USBIdentity]
    private let replay: USBReplay

    /// - Throws: `replay.kind`, `recording.damaged`, `recording.format` for a recording that opened nothing.
    init(_ trace: Trace, path: String) throws(BellError) {
        replay = try USBReplay(trace, path: path)
        var identities: [USBIdentity] = []
        for entry in trace.entries {
            guard case .opened(let device?) = entry.record.event else { continue }
            // One that was plugged in again has another address, and is no second device.
            let new = device.identity
            identities.removeAll {
                $0.vendor == new.vendor && $0.product == new.product && $0.serial == new.serial && $0.port == new.port
            }
            identities.append(new)
        }
        guard let identity = identities.last else {
            throw BellError(
                .recordingFormat, "The recording does not say which USB device it is of.", at: path,
                fix: "record it again, from before the device is connected")
        }
        self.identities = identities
        // The instrument's own word counts; the string of the bus is only a hint.
        let address = try? DeviceAddress(trace.header.address)
        if case .usb(_, _, let serial)? = address?.way {
            place = USBPlace(vendor: identity.vendor, product: identity.product, serial: serial)
        } else {
            place = USBPlace(vendor: identity.vendor, product: identity.product, serial: identity.serial ?? "")
        }
    }

    func devices(vendor: UInt16, product: UInt16) async throws(BellError) -> [USBIdentity] {
        identities.filter { $0.vendor == vendor && $0.product == product }
    }

    func open(_ device: USBIdentity, interface: USBInterfaceChoice) async throws(BellError) -> any USBInterface {
        try replay.open()
    }

    /// Nothing comes or goes in a recording but at its openings.
    func changes() -> AsyncStream<USBChange> { AsyncStream { $0.finish() } }
}
