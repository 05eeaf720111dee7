import BellModel
import DriverKit
import Synchronization

/// Streams over any USB interface, one transfer at a time in each direction, so that their order is certain.
///
/// For simulated devices in the same process, where a transfer costs a copy and no more.
final class PlainUSBStreaming: USBStreaming {
    let writeWindow = 1 << 20
    let maximumWrites = 1
    private let interface: any USBInterface
    /// For as long as the transport lives: closing the interface ends the write.
    private static let noTimeout: Duration = .seconds(1_000_000)

    init(_ interface: any USBInterface) { self.interface = interface }

    func makeReadStream(
        from endpoint: USBEndpoint, onData: @escaping @Sendable (UnsafeRawBufferPointer) -> Void,
        onEnd: @escaping @Sendable (BellError) -> Void
    ) throws(BellError) -> any USBReadStream {
        PlainUSBReadStream(interface, endpoint, onData: onData, onEnd: onEnd)
    }

    func submitWrite(
        _ bytes: ArraySlice<UInt8>, to endpoint: UInt8, endsWithEmptyPacket: Bool,
        completion: @escaping @Sendable (_ taken: Int, _ error: BellError?) -> Void
    ) {
        let bytes = Array(bytes)
        Task { [interface] in
            var taken = 0
            do throws(BellError) {
                try await interface.write(bytes, to: endpoint, timeout: PlainUSBStreaming.noTimeout)
                taken = bytes.count
                if endsWithEmptyPacket {
                    try await interface.write([], to: endpoint, timeout: PlainUSBStreaming.noTimeout)
                }
                completion(taken, nil)
            } catch {
                completion(taken, error)
            }
        }
    }

    func cancelWrites(to endpoint: UInt8) {}
}

/// Reads one endpoint of any USB interface in a task.
private final class PlainUSBReadStream: USBReadStream {
    private struct State {
        var pauses = 0
        var isStopped = false
        var task: Task<Void, Never>?
        var waiter: CheckedContinuation<Void, Never>?

        mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
            defer { waiter = nil }
            return waiter
        }
    }

    private let interface: any USBInterface
    private let endpoint: USBEndpoint
    private let onData: @Sendable (UnsafeRawBufferPointer) -> Void
    private let onEnd: @Sendable (BellError) -> Void
    private let state = Mutex(State())
    private static let readBytes = 64 << 10
    private static let timeout: Duration = .seconds(1)

    init(
        _ interface: any USBInterface, _ endpoint: USBEndpoint,
        onData: @escaping @Sendable (UnsafeRawBufferPointer) -> Void,
        onEnd: @escaping @Sendable (BellError) -> Void
    ) {
        self.interface = interface
        self.endpoint = endpoint
        self.onData = onData
        self.onEnd = onEnd
    }

    func start() throws(BellError) {
        let isStopped = state.withLock { state in
            if !state.isStopped { state.task = Task { onEnd(await read()) } }
            return state.isStopped
        }
        if isStopped { throw .usbClosed(at: interface.identity.text) }
    }

    func pause() { state.withLock { $0.pauses += 1 } }

    func resume() {
        let waiter = state.withLock { state in
            state.pauses -= 1
            return state.pauses > 0 ? nil : state.takeWaiter()
        }
        waiter?.resume()
    }

    func stop() {
        let (task, waiter) = state.withLock { state in
            state.isStopped = true
            return (state.task, state.takeWaiter())
        }
        task?.cancel()
        waiter?.resume()
    }

    /// Reads until something fails, and says what.
    private func read() async -> BellError {
        while true {
            await waitForRoom()
            guard !state.withLock({ $0.isStopped }) else { return .usbClosed(at: interface.identity.text) }
            let began = ContinuousClock.now
            do throws(BellError) {
                let bytes = try await interface.read(
                    PlainUSBReadStream.readBytes, from: endpoint.address, timeout: PlainUSBReadStream.timeout)
                bytes.withUnsafeBytes(onData)
            } catch {
                guard error.code == .usbTimeout else { return error }
                // An interface that does not wait must not become a busy loop.
                if ContinuousClock.now - began < .milliseconds(10) { try? await Task.sleep(for: .milliseconds(10)) }
            }
        }
    }

    private func waitForRoom() async {
        await withCheckedContinuation { continuation in
            let mayGoOn = state.withLock { state in
                if state.isStopped || state.pauses <= 0 { return true }
                state.waiter = continuation
                return false
            }
            if mayGoOn { continuation.resume() }
        }
    }
}
