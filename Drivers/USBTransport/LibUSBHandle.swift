import BellModel
import CLibUSB
import Synchronization

/// Something that has transfers under way on a device and must end before the device is closed.
protocol LibUSBActivity: AnyObject, Sendable {
    /// Cancels its transfers; they end with `reason`. May be called at any time, and again.
    func cancel(_ reason: BellError)
}

/// An opened device with its claimed interface: knows what is under way, and is closed after the last of it.
final class LibUSBHandle: Sendable {
    private struct State {
        var activities: [ObjectIdentifier: any LibUSBActivity] = [:]
        var isClosing = false
        var isUnplugged = false
    }

    // libusb's functions on a handle are thread safe; the handle is closed once, after its last use.
    nonisolated(unsafe) let raw: OpaquePointer
    let context: LibUSBContext
    /// The device, for errors.
    let place: String
    private let interface: UInt8
    private let state = Mutex(State())

    /// Takes over an open handle, whose interface is claimed, and one acquisition of the context.
    init(_ raw: OpaquePointer, interface: UInt8, place: String, context: LibUSBContext) {
        self.raw = raw
        self.interface = interface
        self.place = place
        self.context = context
        context.adopt(self)
    }

    /// Begins something on the device; ``end(_:)`` must follow.
    ///
    /// - Throws: `usb.closed`, `usb.unplugged`.
    func begin(_ activity: any LibUSBActivity) throws(BellError) {
        let refusal: BellError? = state.withLock { state in
            if state.isClosing { return .usbClosed(at: place) }
            if state.isUnplugged { return unplugged }
            state.activities[ObjectIdentifier(activity)] = activity
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Ends it; more than once does no harm.
    func end(_ activity: any LibUSBActivity) {
        let isLast = state.withLock { state in
            let wasThere = state.activities.removeValue(forKey: ObjectIdentifier(activity)) != nil
            return wasThere && state.isClosing && state.activities.isEmpty
        }
        if isLast { context.retire(self) }
    }

    /// Ends everything under way with `usb.closed`, and closes the device when that has ended; does not wait.
    func close() {
        let activities: [any LibUSBActivity]? = state.withLock { state in
            guard !state.isClosing else { return nil }
            state.isClosing = true
            return Array(state.activities.values)
        }
        guard let activities else { return }
        if activities.isEmpty { context.retire(self) }
        for activity in activities { activity.cancel(.usbClosed(at: place)) }
    }

    /// Cancels the single transfers of one endpoint with `usb.cancelled`.
    func cancelTransfers(on endpoint: UInt8) {
        let activities = state.withLock { Array($0.activities.values) }
        for case let transfer as LibUSBTransfer in activities where transfer.endpoint == endpoint {
            transfer.cancel(.usbCancelled(at: place))
        }
    }

    /// Closes the device; only the context calls it, on its thread.
    func closeNow() {
        libusb_release_interface(raw, Int32(interface))
        libusb_close(raw)
    }

    /// Makes the error of a result code, and remembers when it says that the device has gone.
    func error(_ result: Int32, of function: String, _ what: String) -> BellError {
        if result == LIBUSB_ERROR_NO_DEVICE.rawValue { state.withLock { $0.isUnplugged = true } }
        return LibUSBError.error(result, of: function, what, at: place)
    }

    /// Makes the error of a transfer's end, likewise; nil when it was completed.
    func error(_ status: libusb_transfer_status, _ what: String) -> BellError? {
        if status == LIBUSB_TRANSFER_NO_DEVICE { state.withLock { $0.isUnplugged = true } }
        return LibUSBError.error(status, what, at: place)
    }

    /// Runs a blocking libusb call on this device; the device stays open meanwhile.
    func blocking(
        _ function: String, _ what: String, _ call: @escaping @Sendable (LibUSBHandle) -> Int32
    ) async throws(BellError) {
        let use = Use()
        try begin(use)
        defer { end(use) }
        try await context.blocking { [self] () throws(BellError) in
            // Here already: whoever waits for the device's closing must not wait for this task's turn, too.
            defer { end(use) }
            let result = call(self)
            if result != 0 { throw error(result, of: function, what) }
        }
    }

    private var unplugged: BellError {
        LibUSBError.error(
            LIBUSB_ERROR_NO_DEVICE.rawValue, of: "an earlier transfer", "The USB device has gone.", at: place)
    }

    /// Holds the device open; it cannot be cancelled.
    private final class Use: LibUSBActivity {
        func cancel(_ reason: BellError) {}
    }
}
