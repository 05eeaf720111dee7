import DriverKit

/// A simulated device's side of the bus as a pure value: events in, finished transfers out.
///
/// A transfer that the model cannot answer yet waits (NAK) and is offered again after each event.
struct DeviceCore: Sendable {
    /// What the owner has to do, in order, once its lock is free.
    enum Effect: Sendable {
        case finish(@Sendable (USBTransferOutcome) -> Void, USBTransferOutcome)
        case plugChange(Bool)
    }

    var model: any USBDeviceModel
    let descriptors: USBDescriptorSet
    var faults: [USBFault]
    /// How often one of them showed itself.
    var shownFaults = 0
    /// Whether interrupt endpoints keep to their interval.
    var isPaced = false
    private(set) var isPlugged = true
    /// Counts how often it was plugged in, so that a host's handle from before is known as stale.
    private(set) var generation: UInt64 = 1
    /// The configuration that the host has set: 0 or 1.
    private(set) var configuration: UInt8 = 0
    private(set) var effects: [Effect] = []
    var controls = 0
    private var pipes: [DevicePipe]
    /// Place in `pipes` by endpoint number and direction.
    private var places = [Int?](repeating: nil, count: 32)

    init(model: any USBDeviceModel, faults: [USBFault]) {
        self.model = model
        self.faults = faults
        descriptors = model.descriptors
        pipes = descriptors.interfaces.flatMap(\.endpoints).map(DevicePipe.init)
        for (place, pipe) in pipes.enumerated() { places[DeviceCore.slot(pipe.endpoint.address)] = place }
    }

    private static func slot(_ address: UInt8) -> Int { Int(address & 0x0F) | (address & 0x80 != 0 ? 16 : 0) }

    /// The earliest time at which a paced endpoint wants ``advance(now:)``.
    var nextDue: UInt64? { isPaced ? pipes.compactMap(\.due).min() : nil }

    mutating func takeEffects() -> [Effect] {
        defer { effects.removeAll(keepingCapacity: true) }
        return effects
    }

    // MARK: Transfers

    /// Queues a transfer and serves what can be served.
    ///
    /// - Parameter generation: The plugging-in that the host means; an older one has gone.
    mutating func submit(_ transfer: USBTransfer, to address: UInt8, generation: UInt64, now: UInt64) {
        guard isPlugged, generation == self.generation else { return finish(transfer, .unplugged) }
        guard configuration != 0, let place = places[DeviceCore.slot(address)] else { return finish(transfer, .stall) }
        var transfer = transfer
        pipes[place].submitted += 1
        transfer.ordinal = pipes[place].submitted
        pipes[place].append(transfer)
        if !faults.isEmpty, faults.unplugs(address, transfer.ordinal) {
            shownFaults += 1
            return unplug()
        }
        if serve(place, now: now) { serveAll(now: now) }
    }

    /// Takes a waiting transfer back: it ends as cancelled, or with the data that were on their way already.
    mutating func cancel(_ id: UInt64) {
        for place in pipes.indices {
            guard let (transfer, held) = pipes[place].remove(id: id) else { continue }
            return finish(transfer, held ?? .cancelled)
        }
    }

    /// Takes everything back; whatever was on its way is lost.
    mutating func cancelAll() { endAll(.cancelled) }

    /// Offers waiting transfers again, until nothing moves any more.
    mutating func serveAll(now: UInt64) {
        var moved = true
        while moved, isPlugged {
            moved = false
            for place in pipes.indices where !pipes[place].isEmpty {
                if serve(place, now: now) { moved = true }
            }
        }
    }

    /// Serves one endpoint while the model answers; says whether anything moved.
    private mutating func serve(_ place: Int, now: UInt64) -> Bool {
        let endpoint = pipes[place].endpoint
        var moved = false
        while isPlugged, let transfer = pipes[place].first {
            let keepsTime = isPaced && endpoint.kind == .interrupt && !pipes[place].isHalted
            if keepsTime {
                if let due = pipes[place].due, now < due { return moved }
                if !endpoint.isIn, pipes[place].due == nil {
                    pipes[place].schedule(after: now)
                    return moved
                }
            }
            let held = pipes[place].held
            guard let outcome = held ?? answer(transfer, at: place) else {
                pipes[place].due = nil
                return moved
            }
            if keepsTime, endpoint.isIn, held == nil {
                pipes[place].held = outcome
                pipes[place].schedule(after: now)
                return true
            }
            moved = true
            finish(pipes[place].removeFirst(), outcome)
        }
        return moved
    }

    /// Asks the model; nil when it is not ready.
    private mutating func answer(_ transfer: USBTransfer, at place: Int) -> USBTransferOutcome? {
        let address = pipes[place].endpoint.address
        if pipes[place].isHalted { return .stall }
        if !faults.isEmpty, faults.stalls(address, transfer.ordinal) {
            shownFaults += 1
            return halt(place)
        }
        switch transfer.work {
        case .write(let bytes):
            switch model.wrote(bytes, to: address) {
            case .taken: return .done([])
            case .wait: return nil
            case .stall: return halt(place)
            }
        case .read(let count):
            if !faults.isEmpty, faults.empties(address, transfer.ordinal) {
                shownFaults += 1
                return .done([])
            }
            let garbage = faults.isEmpty ? nil : faults.garbage(address, transfer.ordinal)
            let prefix = garbage?.prefix(count) ?? []
            switch model.read(count - prefix.count, from: address) {
            case .data(let bytes) where bytes.count > count - prefix.count: return .overflow
            case .data(let bytes):
                if prefix.isEmpty { return .done(bytes) }
                shownFaults += 1
                return .done(prefix + bytes)
            case .wait: return nil
            case .stall: return halt(place)
            }
        }
    }

    private mutating func halt(_ place: Int) -> USBTransferOutcome {
        pipes[place].isHalted = true
        return .stall
    }

    private mutating func finish(_ transfer: USBTransfer, _ outcome: USBTransferOutcome) {
        effects.append(.finish(transfer.complete, outcome))
    }

    // MARK: State that the host sees

    /// Whether an endpoint is halted; nil when there is none of this address.
    func isHalted(_ address: UInt8) -> Bool? { places[DeviceCore.slot(address)].map { pipes[$0].isHalted } }

    /// Halts an endpoint or ends its halt; false when there is none of this address.
    mutating func setHalt(_ address: UInt8, _ isHalted: Bool) -> Bool {
        guard let place = places[DeviceCore.slot(address)] else { return false }
        pipes[place].isHalted = isHalted
        if !isHalted { model.clearedHalt(address) }
        return true
    }

    /// The host configures the device: endpoints start anew, as after a reset.
    mutating func configure(_ value: UInt8) {
        endAll(.cancelled)
        configuration = value
        restart()
    }

    /// A reset of the bus; the configuration is kept, because every host sets it again at once.
    mutating func reset() {
        endAll(.cancelled)
        restart()
    }

    /// Ends all halts and tells the model.
    private mutating func restart() {
        for place in pipes.indices { pipes[place].isHalted = false }
        model.reset()
    }

    mutating func plug() {
        guard !isPlugged else { return }
        isPlugged = true
        generation += 1
        configuration = 0
        controls = 0
        for place in pipes.indices { pipes[place].submitted = 0 }
        restart()
        effects.append(.plugChange(true))
    }

    mutating func unplug() {
        guard isPlugged else { return }
        isPlugged = false
        endAll(.unplugged)
        effects.append(.plugChange(false))
    }

    private mutating func endAll(_ outcome: USBTransferOutcome) {
        for place in pipes.indices {
            while !pipes[place].isEmpty { finish(pipes[place].removeFirst(), outcome) }
        }
    }
}
