import BellModel
import DriverKit
import Synchronization

/// A simulated USB device that hosts can reach: a model behind a lock, with the transfers that wait for it.
///
/// It is a high-speed device (480 Mbit/s) with one configuration. It answers standard requests by itself and hands the
/// others to its model. Hosts are a ``VirtualBus`` in the same process or a ``USBIPServer``; one at a time.
public final class VirtualUSBDevice: Sendable {
    /// What the device says of itself.
    public let descriptors: USBDescriptorSet
    private let core: Mutex<DeviceCore>
    private let delivery = Mutex(Delivery())
    private let nextID = Atomic<UInt64>(1)

    /// What is told outside of the core's lock, by one thread at a time so that it stays in order.
    private struct Delivery {
        var isBusy = false
        var observers: [@Sendable (Bool) -> Bool] = []
        var pacer: (@Sendable (UInt64) -> Void)?
    }

    /// - Parameter faults: Misbehaviours of bus and cable.
    public init(_ model: any USBDeviceModel, faults: [USBFault] = []) {
        descriptors = model.descriptors
        core = Mutex(DeviceCore(model: model, faults: faults))
    }

    // MARK: The device's side

    /// Offers waiting transfers to the model again; call it when the model has news that no host brought.
    public func poke() { perform { core, now in core.serveAll(now: now) } }

    /// Changes the model, for example its front panel, and offers waiting transfers to it again.
    public func withModel<Model: USBDeviceModel, Result: Sendable>(
        as type: Model.Type, _ body: (inout Model) -> Result
    ) -> Result? {
        perform { core, now in
            guard var model = core.model as? Model else { return nil }
            let result = body(&model)
            core.model = model
            core.serveAll(now: now)
            return result
        }
    }

    /// Puts further faults in place.
    public func inject(_ faults: [USBFault]) { perform { core, _ in core.faults += faults } }

    /// Takes all faults away; a halted endpoint stays halted.
    public func removeFaults() { perform { core, _ in core.faults = [] } }

    /// How often a host has met a fault.
    public var shownFaults: Int { core.withLock { $0.shownFaults } }

    /// Pulls the cable: every waiting transfer ends, and hosts are told.
    public func unplug() { perform { core, _ in core.unplug() } }

    /// Plugs the cable in: the model is reset, and hosts are told.
    public func plug() { perform { core, _ in core.plug() } }

    public var isPlugged: Bool { core.withLock { $0.isPlugged } }

    // MARK: The host's side

    /// Counts pluggings-in; a host keeps it to know whether its device is still the one that it opened.
    var generation: UInt64 { core.withLock { $0.generation } }

    /// The configuration that the host has set.
    var configuration: UInt8 { core.withLock { $0.configuration } }

    /// Queues a transfer; `complete` runs once, perhaps before this returns, and must not block.
    ///
    /// - Parameter generation: The plugging-in that the host has opened.
    /// - Returns: The transfer's name for ``cancel(_:)``.
    @discardableResult
    func submit(
        _ work: USBTransfer.Work, to endpoint: UInt8, generation: UInt64,
        complete: @escaping @Sendable (USBTransferOutcome) -> Void
    ) -> UInt64 {
        let id = nextID.wrappingAdd(1, ordering: .relaxed).oldValue
        let transfer = USBTransfer(id: id, work: work, complete: complete)
        perform { core, now in core.submit(transfer, to: endpoint, generation: generation, now: now) }
        return id
    }

    /// Takes a transfer back, if it is still waiting.
    func cancel(_ id: UInt64) { perform { core, _ in core.cancel(id) } }

    /// Takes all transfers back: the host has gone.
    func cancelAll() { perform { core, _ in core.cancelAll() } }

    /// Runs a control request at once.
    func control(_ request: USBControlRequest, data: [UInt8]) -> USBTransferOutcome {
        perform { core, now in core.control(request, data: data, now: now) }
    }

    /// Resets the device as a host's port does.
    func reset() { perform { core, _ in core.reset() } }

    /// Calls `body` at each unplugging (false) and plugging-in (true) until it returns false.
    func observe(_ body: @escaping @Sendable (_ isPlugged: Bool) -> Bool) {
        delivery.withLock { $0.observers.append(body) }
    }

    /// Lets interrupt endpoints keep to their interval from now on, or ends that (nil).
    ///
    /// - Parameter pacer: Told the monotonic time in nanoseconds at which it has to call ``advance()``.
    func pace(_ pacer: (@Sendable (UInt64) -> Void)?) {
        delivery.withLock { $0.pacer = pacer }
        perform { core, now in
            core.isPaced = pacer != nil
            core.serveAll(now: now)
        }
    }

    /// Moves what was waiting for this time.
    func advance() { perform { core, now in core.serveAll(now: now) } }

    // MARK: Events

    private func perform<Result: Sendable>(_ event: (inout DeviceCore, UInt64) -> Result) -> Result {
        let (result, due) = core.withLock { core -> (Result, UInt64?) in
            let result = event(&core, core.isPaced ? MonotonicClock.now : 0)
            return (result, core.nextDue)
        }
        deliver()
        if let due { delivery.withLock { $0.pacer }?(due) }
        return result
    }

    /// Runs the effects in order; a thread that finds another one at it leaves them to that one.
    private func deliver() {
        while true {
            let batch = delivery.withLock { delivery -> [DeviceCore.Effect] in
                guard !delivery.isBusy else { return [] }
                let batch = core.withLock { $0.takeEffects() }
                delivery.isBusy = !batch.isEmpty
                return batch
            }
            if batch.isEmpty { return }
            for effect in batch {
                switch effect {
                case .finish(let complete, let outcome): complete(outcome)
                case .plugChange(let isPlugged): tell(isPlugged)
                }
            }
            delivery.withLock { $0.isBusy = false }
        }
    }

    private func tell(_ isPlugged: Bool) {
        let observers = delivery.withLock { delivery in
            defer { delivery.observers = [] }
            return delivery.observers
        }
        let kept = observers.filter { $0(isPlugged) }
        delivery.withLock { $0.observers = kept + $0.observers }
    }
}
