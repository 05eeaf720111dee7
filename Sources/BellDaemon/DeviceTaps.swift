import BellModel
import BellSequence
import Recording

/// One recorder's tap for each device whose traffic can be recorded: what another process or libusb carries.
final class DeviceTaps: Sendable {
    private let taps: [String: RecorderTap]

    init(_ laboratory: Laboratory) {
        var taps: [String: RecorderTap] = [:]
        for device in laboratory.devices {
            guard let kind = device.traceKind else { continue }
            taps[device.name] = RecorderTap(device: device.name, address: device.address.text, kind: kind)
        }
        self.taps = taps
    }

    subscript(name: String) -> RecorderTap? { taps[name] }

    /// Ends all recordings; what they have is on disk afterwards.
    func stop() async {
        for tap in taps.values { await tap.stop() }
    }
}

extension Laboratory.Device {
    /// At which seam its traffic is recorded; nil where there is none.
    fileprivate var traceKind: TraceHeader.Kind? {
        switch (driver, address.way) {
        case (_, .replay): nil
        case (.board, _): .board
        case (_, .usb), (_, .mock): .usb
        case (_, .socket): .stream
        case (_, .run), (_, .ipc), (_, .tcp): nil
        }
    }
}
