public import BellModel
public import DriverKit
import Synchronization

/// Simulated USB devices in the same process as their drivers: for `mock://` addresses and tests, without libusb.
///
/// Behaves as a computer's bus does: it configures what is plugged in, gives each plugging-in a new address, and lets one
/// opener claim an interface. Nothing waits for an interrupt endpoint's interval here.
public final class VirtualBus: USBBus {
    private struct Slot {
        var device: VirtualUSBDevice
        var identity: USBIdentity
    }

    private struct Claim: Hashable {
        var address: UInt8
        var interface: UInt8
    }

    private struct State {
        var slots: [Slot] = []
        var lastAddress: UInt8 = 1
        var claims: Set<Claim> = []
        var listeners: [UInt64: AsyncStream<USBChange>.Continuation] = [:]
        var nextListener: UInt64 = 0

        /// Addresses are 2 … 127, each different from those in use (a bus has at most as many ports as that).
        mutating func newAddress() -> UInt8 {
            let used = Set(slots.map(\.identity.address)).union(claims.map(\.address))
            for _ in 2...127 {
                lastAddress = lastAddress >= 127 ? 2 : lastAddress + 1
                if !used.contains(lastAddress) { break }
            }
            return lastAddress
        }
    }

    private let state = Mutex(State())

    /// Devices get the ports 1-1, 1-2, … in this order.
    public init(_ devices: [VirtualUSBDevice] = []) { for device in devices { add(device) } }

    deinit { for listener in state.withLock({ $0.listeners.values }) { listener.finish() } }

    /// Gives a device the next port; if its cable is in, it is there at once.
    public func add(_ device: VirtualUSBDevice) {
        let set = device.descriptors
        state.withLock { state in
            let identity = USBIdentity(
                vendor: set.vendor, product: set.product, serial: set.serial, manufacturer: set.manufacturer,
                productName: set.productName, port: "1-\(state.slots.count + 1)", bus: 1, address: state.newAddress())
            state.slots.append(Slot(device: device, identity: identity))
        }
        if device.isPlugged { changed(device, isArrival: true) }
        device.observe { [weak self, weak device] isPlugged in
            guard let self, let device else { return false }
            changed(device, isArrival: isPlugged)
            return true
        }
    }

    public func devices(vendor: UInt16, product: UInt16) async throws(BellError) -> [USBIdentity] {
        let slots = state.withLock { $0.slots }
        return slots.filter { $0.identity.vendor == vendor && $0.identity.product == product && $0.device.isPlugged }
            .map(\.identity).sorted { ($0.bus, $0.address) < ($1.bus, $1.address) }
    }

    public func open(
        _ device: USBIdentity, interface choice: USBInterfaceChoice
    ) async throws(BellError) -> any USBInterface {
        let slot = state.withLock { $0.slots.first { $0.identity == device } }
        guard let slot, slot.device.isPlugged else { throw .gone(device) }
        let generation = slot.device.generation
        guard let interface = slot.device.descriptors.interfaces.first(where: { choice.matches($0) }) else {
            throw .noInterface(device)
        }
        let claim = Claim(address: device.address, interface: interface.number)
        guard state.withLock({ $0.claims.insert(claim).inserted }) else { throw .busy(device, interface.number) }
        return VirtualUSBInterface(
            device: slot.device, generation: generation, identity: device, interface: interface
        ) { [weak self] in
            self?.state.withLock { _ = $0.claims.remove(claim) }
        }
    }

    public func changes() -> AsyncStream<USBChange> {
        let (stream, listener) = AsyncStream.makeStream(of: USBChange.self)
        let id = state.withLock { state -> UInt64 in
            state.nextListener += 1
            state.listeners[state.nextListener] = listener
            return state.nextListener
        }
        listener.onTermination = { [weak self] _ in self?.state.withLock { _ = $0.listeners.removeValue(forKey: id) } }
        return stream
    }

    private func changed(_ device: VirtualUSBDevice, isArrival: Bool) {
        if isArrival, device.configuration == 0 {
            _ = device.control(USBControlRequest(type: 0x00, request: 9, value: 1), data: [])
        }
        let (identity, listeners) = state.withLock { state in
            guard let place = state.slots.firstIndex(where: { $0.device === device }) else {
                return (USBIdentity?.none, [AsyncStream<USBChange>.Continuation]())
            }
            if isArrival { state.slots[place].identity.address = state.newAddress() }
            return (state.slots[place].identity, Array(state.listeners.values))
        }
        guard let identity else { return }
        for listener in listeners { listener.yield(USBChange(device: identity, isArrival: isArrival)) }
    }
}

extension USBInterfaceChoice {
    /// Whether an interface is the wanted one.
    func matches(_ interface: USBDescriptorSet.Interface) -> Bool {
        switch self {
        case .number(let number): interface.number == number
        case .kind(let classCode, let subclass, let protocolCode):
            interface.classCode == classCode && subclass.map { $0 == interface.subclass } ?? true
                && protocolCode.map { $0 == interface.protocolCode } ?? true
        }
    }
}
