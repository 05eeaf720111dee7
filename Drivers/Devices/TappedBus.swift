import BellModel
import DriverKit
import Recording

/// A bus whose opened interfaces go through a recorder's tap.
final class TappedBus: USBBus {
    private let bus: any USBBus
    private let tap: RecorderTap

    init(_ bus: any USBBus, tap: RecorderTap) {
        self.bus = bus
        self.tap = tap
    }

    func devices(vendor: UInt16, product: UInt16) async throws(BellError) -> [USBIdentity] {
        try await bus.devices(vendor: vendor, product: product)
    }

    func open(_ device: USBIdentity, interface: USBInterfaceChoice) async throws(BellError) -> any USBInterface {
        let open = tap.recording { [bus] () async throws(BellError) in
            try await bus.open(device, interface: interface)
        }
        return try await open()
    }

    func changes() -> AsyncStream<USBChange> { bus.changes() }
}
