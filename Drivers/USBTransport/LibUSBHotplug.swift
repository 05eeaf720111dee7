import BellHost
import BellModel
import CLibUSB
import DriverKit
import Glibc
import Synchronization

/// Devices that come and go, as libusb's hotplug calls tell them.
///
/// The call itself only notes the device. An arrival's strings are read on a thread of its own, again and again for a
/// while, because udev may give the permission late; a device that goes before that is done is not reported at all.
final class LibUSBHotplug: Sendable {
    /// Pauses before the tries to read an arrival's strings, in microseconds: 2.3 s in all.
    private static let pauses: [UInt32] = [0, 50_000, 100_000, 200_000, 400_000, 500_000, 500_000, 500_000]

    private struct Place: Hashable {
        var bus: UInt8
        var address: UInt8
    }

    private struct State {
        var registration: libusb_hotplug_callback_handle?
        var streams: [UInt64: AsyncStream<USBChange>.Continuation] = [:]
        var lastStream: UInt64 = 0
        /// Devices by place, so that a departure can be told with its serial.
        var known: [Place: USBIdentity] = [:]
        /// Arrivals whose strings are being read, by place; another arrival at the place replaces it.
        var arriving: [Place: LibUSBDevice] = [:]
        var isOver = false
    }

    private let state = Mutex(State())

    /// A new stream of changes; the first one registers with libusb.
    func changes(_ context: LibUSBContext) -> AsyncStream<USBChange> {
        let (stream, continuation) = AsyncStream.makeStream(of: USBChange.self, bufferingPolicy: .bufferingNewest(1024))
        let isOpen = state.withLock { state in
            guard !state.isOver else { return false }
            state.lastStream += 1
            let number = state.lastStream
            state.streams[number] = continuation
            continuation.onTermination = { [weak self] _ in
                // Not under the lock: a stream that is finished under it ends up here, too.
                self?.forget(number)
            }
            return true
        }
        if !isOpen || !register(context) { continuation.finish() }
        return stream
    }

    /// Notes what was learnt of devices by listing them.
    func learn(_ identities: [USBIdentity]) {
        state.withLock { state in
            for identity in identities where identity.problem == nil {
                state.known[Place(bus: identity.bus, address: identity.address)] = identity
            }
        }
    }

    /// Ends all streams.
    func finish() {
        let streams = state.withLock { state in
            state.isOver = true
            state.arriving.removeAll()
            defer { state.streams.removeAll() }
            return Array(state.streams.values)
        }
        for stream in streams { stream.finish() }
    }

    /// On the event thread, before `libusb_exit`.
    func deregister(from raw: OpaquePointer) {
        if let registration = state.withLock({ $0.registration }) {
            libusb_hotplug_deregister_callback(raw, registration)
        }
    }

    private func forget(_ number: UInt64) { _ = state.withLock { $0.streams.removeValue(forKey: number) } }

    private func register(_ context: LibUSBContext) -> Bool {
        // Held while registering: two first calls must not both do it. libusb makes no call from inside here, because
        // devices that are there already are not asked for.
        state.withLock { state in
            guard state.registration == nil else { return true }
            var registration: libusb_hotplug_callback_handle = 0
            let events = LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED.rawValue | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT.rawValue
            let result = libusb_hotplug_register_callback(
                context.raw, Int32(bitPattern: events), 0, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
                LIBUSB_HOTPLUG_MATCH_ANY,
                { (_, device, event, data) in
                    guard let device, let data else { return 0 }
                    let context = Unmanaged<LibUSBContext>.fromOpaque(data).takeUnretainedValue()
                    context.hotplug.note(device, isArrival: event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED, context)
                    return 0
                },
                // The event thread holds the context as long as libusb can call.
                Unmanaged.passUnretained(context).toOpaque(), &registration)
            guard result == 0 else { return false }
            state.registration = registration
            return true
        }
    }

    /// libusb's call, on the event thread: must neither open devices nor wait.
    private func note(_ raw: OpaquePointer, isArrival: Bool, _ context: LibUSBContext) {
        guard let device = LibUSBDevice(raw) else { return }
        let place = Place(bus: device.bus, address: device.address)
        guard isArrival else {
            let identity: USBIdentity? = state.withLock { state in
                let known = state.known.removeValue(forKey: place)
                if state.arriving.removeValue(forKey: place) != nil { return nil }
                return known ?? device.bareIdentity
            }
            if let identity { report(identity, isArrival: false) }
            return
        }
        state.withLock { state in
            state.known.removeValue(forKey: place)
            if !state.isOver { state.arriving[place] = device }
        }
        do throws(BellError) {
            try context.acquire()
        } catch {
            return
        }
        do throws(BellError) {
            // The device is given back before the context is: libusb_exit may follow at once.
            let arrival = HandedOver(device)
            try startThread(named: "usb arrival") { [self] in
                arrival.consume { meet($0, at: place) }
                context.release()
            }
        } catch {
            context.release()
            arrived(device, at: place, device.bareIdentity)
        }
    }

    /// Reads the strings of a device that has arrived, and reports it.
    private func meet(_ device: LibUSBDevice, at place: Place) {
        var identity = device.bareIdentity
        for pause in device.isHub ? [] : LibUSBHotplug.pauses {
            // Small steps, so that the end of the bus does not wait for it.
            for _ in 0..<pause / 50_000 where isArriving(device, at: place) { usleep(50_000) }
            guard isArriving(device, at: place) else { return }
            identity = device.identity()
            if identity.problem == nil { break }
        }
        arrived(device, at: place, identity)
    }

    private func isArriving(_ device: LibUSBDevice, at place: Place) -> Bool {
        state.withLock { $0.arriving[place] === device }
    }

    private func arrived(_ device: LibUSBDevice, at place: Place, _ identity: USBIdentity) {
        let isCurrent = state.withLock { state in
            guard state.arriving[place] === device else { return false }
            state.arriving.removeValue(forKey: place)
            state.known[place] = identity
            return true
        }
        if isCurrent { report(identity, isArrival: true) }
    }

    private func report(_ identity: USBIdentity, isArrival: Bool) {
        let streams = state.withLock { Array($0.streams.values) }
        for stream in streams { stream.yield(USBChange(device: identity, isArrival: isArrival)) }
    }
}
