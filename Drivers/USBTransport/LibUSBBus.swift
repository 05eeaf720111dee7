public import BellModel
import CLibUSB
public import DriverKit
import Synchronization

/// The USB devices of this computer, through libusb 1.0.
///
/// Costs nothing until it is used; then one context, one sleeping thread of ours and libusb's own thread for udev. Ends
/// with ``close()`` or with its last reference; the interfaces that it opened hold one each.
public final class LibUSBBus: USBBus {
    private enum Stage {
        case unused
        case running(LibUSBContext)
        case closed
    }

    private let stage = Mutex(Stage.unused)

    public init() {}

    deinit { close() }

    /// Closes all devices and ends libusb's context; transfers under way end with `usb.closed`, streams of changes end.
    ///
    /// Waits until the kernel has given all transfers back: milliseconds. May be called again.
    public func close() {
        let context: LibUSBContext? = stage.withLock { stage in
            defer { stage = .closed }
            guard case .running(let context) = stage else { return nil }
            return context
        }
        context?.shutdown()
    }

    /// Lists the devices with these numbers. Opens each of them for a moment to read its strings; a device that cannot
    /// be opened is listed with its problem.
    public func devices(vendor: UInt16, product: UInt16) async throws(BellError) -> [USBIdentity] {
        let context = try context()
        let found = try await context.blocking { () throws(BellError) in
            try LibUSBDevice.all(context).filter { $0.vendor == vendor && $0.product == product }.map { $0.identity() }
        }
        context.hotplug.learn(found)
        return found
    }

    public func open(
        _ device: USBIdentity, interface: USBInterfaceChoice
    ) async throws(BellError) -> any USBInterface {
        let context = try context()
        let (handle, identity, description) = try await context.blocking { () throws(BellError) in
            // Address and numbers first, the serial when it is open: a device that was plugged in anew is not mistaken.
            let there = try LibUSBDevice.all(context).first { $0.bus == device.bus && $0.address == device.address }
            guard let there, there.vendor == device.vendor, there.product == device.product else {
                throw LibUSBDevice.replaced(device, by: there?.bareIdentity)
            }
            let (raw, identity, description) = try there.claim(device, interface)
            do throws(BellError) {
                try context.acquire()
            } catch {
                libusb_close(raw)
                throw error
            }
            let handle = LibUSBHandle(
                raw, interface: description.number, place: identity.text, context: context)
            return (handle, identity, description)
        }
        return LibUSBInterface(identity: identity, interface: description, handle: handle, bus: self)
    }

    /// Devices that come and go. An arrival is told when its strings were read, at the latest after 2.3 s; a departure at
    /// once, with the serial if the device was listed or seen to arrive. Ends at once when libusb cannot start.
    public func changes() -> AsyncStream<USBChange> {
        do throws(BellError) {
            let context = try context()
            return context.hotplug.changes(context)
        } catch {
            return AsyncStream { $0.finish() }
        }
    }

    /// Bytes of transfers that are under way now, and how many may be.
    public var memory: (used: Int, limit: Int) {
        stage.withLock { stage in
            guard case .running(let context) = stage else { return (0, 0) }
            return (context.budget.used, context.budget.limit)
        }
    }

    /// The context, which the first use starts.
    private func context() throws(BellError) -> LibUSBContext {
        let result: Result<LibUSBContext, BellError> = stage.withLock { stage in
            switch stage {
            case .running(let context): return .success(context)
            case .closed: return .failure(.usbClosed(at: "libusb"))
            case .unused:
                do throws(BellError) {
                    let context = try LibUSBContext()
                    stage = .running(context)
                    return .success(context)
                } catch {
                    return .failure(error)
                }
            }
        }
        return try result.get()
    }
}
