import BellModel
import DriverKit
import Synchronization

/// A claimed interface of a simulated device in the same process.
final class VirtualUSBInterface: USBInterface {
    let identity: USBIdentity
    let number: UInt8
    let endpoints: [USBEndpoint]
    private let device: VirtualUSBDevice
    private let generation: UInt64
    private let release: @Sendable () -> Void
    private let state = Mutex<(isClosed: Bool, flights: [ObjectIdentifier: Flight])>((false, [:]))

    init(
        device: VirtualUSBDevice, generation: UInt64, identity: USBIdentity, interface: USBDescriptorSet.Interface,
        release: @escaping @Sendable () -> Void
    ) {
        self.device = device
        self.generation = generation
        self.identity = identity
        self.release = release
        number = interface.number
        endpoints = interface.endpoints
    }

    deinit { close() }

    func write(_ bytes: [UInt8], to endpoint: UInt8, timeout: Duration) async throws(BellError) {
        _ = try await transfer(.write(bytes), endpoint, timeout)
    }

    func read(_ count: Int, from endpoint: UInt8, timeout: Duration) async throws(BellError) -> [UInt8] {
        try await transfer(.read(count), endpoint, timeout)
    }

    func control(
        _ request: USBControlRequest, data: [UInt8], timeout: Duration
    ) async throws(BellError) -> [UInt8] {
        try checkOpen()
        let what = "control request \(String(request.request, radix: 16))"
        return try result(of: device.control(request, data: data), what, endpoint: 0)
    }

    func clearHalt(_ endpoint: UInt8) async throws(BellError) {
        try checkOpen()
        let request = USBControlRequest(type: 0x02, request: 1, index: UInt16(endpoint))
        _ = try result(of: device.control(request, data: []), "the end of a halt", endpoint: endpoint)
    }

    func reset() async throws(BellError) {
        try checkOpen()
        device.reset()
    }

    func close() {
        let flights = state.withLock { state -> [Flight]? in
            guard !state.isClosed else { return nil }
            state.isClosed = true
            return Array(state.flights.values)
        }
        guard let flights else { return }
        for flight in flights { flight.stop(.closed) }
        release()
    }

    private func checkOpen() throws(BellError) {
        if state.withLock({ $0.isClosed }) { throw .closed(identity) }
        if !device.isPlugged || device.generation != generation { throw .unplugged(identity) }
    }

    private func transfer(
        _ work: USBTransfer.Work, _ endpoint: UInt8, _ timeout: Duration
    ) async throws(BellError) -> [UInt8] {
        try checkOpen()
        let isRead = if case .read = work { true } else { false }
        guard let known = endpoints.first(where: { $0.address == endpoint }), known.isIn == isRead else {
            throw .noEndpoint(identity, endpoint)
        }
        let flight = Flight(device: device)
        let isOpen = state.withLock { state in
            if !state.isClosed { state.flights[ObjectIdentifier(flight)] = flight }
            return !state.isClosed
        }
        guard isOpen else { throw .closed(identity) }
        defer { state.withLock { _ = $0.flights.removeValue(forKey: ObjectIdentifier(flight)) } }
        switch await flight.fly(work, to: endpoint, generation: generation, timeout: timeout) {
        case .ended(let outcome):
            return try result(of: outcome, "a transfer on endpoint \(String(endpoint, radix: 16))", endpoint: endpoint)
        case .stopped(.timeout): throw .timeout(identity, endpoint, timeout)
        case .stopped(.cancelled): throw .cancelled(identity)
        case .stopped(.closed): throw .closed(identity)
        }
    }

    private func result(
        of outcome: USBTransferOutcome, _ what: String, endpoint: UInt8
    ) throws(BellError) -> [UInt8] {
        switch outcome {
        case .done(let bytes): return bytes
        case .stall: throw .stall(identity, what)
        case .overflow: throw .overflow(identity, endpoint)
        case .unplugged: throw .unplugged(identity)
        case .cancelled: throw .cancelled(identity)
        }
    }
}
