public import BellModel
public import DriverKit
import Synchronization

/// A recorded USB device, opened as often as it was then.
public final class USBReplay: Sendable {
    private let connections: ReplayConnections

    /// - Throws: `replay.kind`, `recording.damaged`.
    public init(_ trace: Trace, path: String = "recording") throws(BellError) {
        connections = try ReplayConnections(trace, of: .usb, path: path)
    }

    /// For a driver's `open`.
    public var opener: USBInterfaceOpener {
        { [self] () async throws(BellError) -> any USBInterface in try open() }
    }

    /// What the driver did that the recording does not have; nil so far.
    public var divergence: BellError? { connections.divergence }

    /// Serves the next recorded opening.
    ///
    /// - Throws: What opening it threw then, `replay.divergence` after one, `replay.exhausted`.
    public func open() throws(BellError) -> any USBInterface {
        let next = try connections.next()
        guard let device = next.device else {
            throw BellError(
                .recordingFormat, "The recording does not say which USB device it is of.", at: connections.path)
        }
        return ReplayUSB(device, next, of: connections)
    }
}

/// One recorded connection to a USB interface, served again.
public final class ReplayUSB: USBInterface {
    public let identity: USBIdentity
    public let number: UInt8
    public let endpoints: [USBEndpoint]
    private let machine: Mutex<USBReplayMachine>
    private let isClosed = Atomic<Bool>(false)
    private let connections: ReplayConnections

    init(_ device: TraceDevice, _ operations: ReplayOperations, of connections: ReplayConnections) {
        identity = device.identity
        number = device.number
        endpoints = device.endpoints
        machine = Mutex(USBReplayMachine(operations, path: connections.path))
        self.connections = connections
    }

    /// Calls that were recorded and have not been made so far, reads left out.
    public var unsentCalls: Int { machine.withLock { $0.unsentCalls } }

    public func write(_ bytes: [UInt8], to endpoint: UInt8, timeout: Duration) async throws(BellError) {
        _ = try await run(.write(bytes, endpoint: endpoint), timeout: timeout)
    }

    public func read(_ count: Int, from endpoint: UInt8, timeout: Duration) async throws(BellError) -> [UInt8] {
        try await run(.read(count, endpoint: endpoint), timeout: timeout)
    }

    public func control(
        _ request: USBControlRequest, data: [UInt8], timeout: Duration
    ) async throws(BellError) -> [UInt8] {
        try await run(.control(request, data: data), timeout: timeout)
    }

    public func clearHalt(_ endpoint: UInt8) async throws(BellError) {
        _ = try await run(.clearHalt(endpoint), timeout: .zero)
    }

    public func reset() async throws(BellError) { _ = try await run(.reset, timeout: .zero) }

    public func close() { isClosed.store(true, ordering: .releasing) }

    private func run(_ call: TraceOperation.Call, timeout: Duration) async throws(BellError) -> [UInt8] {
        try await ReplayWait.until(timeout, timedOut: .usbTimeout, cancelled: .usbCancelled, at: identity.text) {
            () throws(BellError) -> [UInt8]? in
            guard !isClosed.load(ordering: .acquiring) else {
                throw BellError(.usbClosed, "The interface was closed.", at: identity.text)
            }
            let answer = connections.noting(
                machine.withLock { machine in (machine.answer(call), machine.divergence) })
            guard case .done(let result) = answer else { return nil }
            return try result.get()
        }
    }
}

/// Waits for what a recording gives only after something else has happened.
enum ReplayWait {
    /// Asks every millisecond: what is waited for is another task of the same driver, and a test's patience is longer.
    static func until(
        _ timeout: Duration, timedOut: BellError.Code, cancelled: BellError.Code, at place: String,
        _ answer: () throws(BellError) -> [UInt8]?
    ) async throws(BellError) -> [UInt8] {
        let deadline = ContinuousClock.now + timeout
        while true {
            if let bytes = try answer() { return bytes }
            guard ContinuousClock.now < deadline else {
                throw BellError(timedOut, "Nothing came within \(timeout).", at: place)
            }
            do {
                try await Task.sleep(for: .milliseconds(1))
            } catch {
                throw BellError(cancelled, "The transfer was cancelled.", at: place)
            }
        }
    }
}
