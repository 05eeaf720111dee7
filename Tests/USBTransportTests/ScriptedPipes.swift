import BellModel
import DriverKit
import Synchronization
import USBTransport

/// A USB interface with streams for tests: the test delivers what is read, and a script takes what is written.
final class ScriptedPipes: USBInterface, USBStreaming {
    /// How a write ends; nil lets it wait until it is cancelled or the interface is closed.
    typealias WriteScript = @Sendable (_ number: Int, _ bytes: [UInt8]) -> (taken: Int, error: BellError?)?

    private struct State {
        var written: [[UInt8]] = []
        var emptyPackets = 0
        var held: [@Sendable (Int, BellError?) -> Void] = []
        var cleared: [UInt8] = []
        var isClosed = false
        var stream: ScriptedStream?
    }

    let identity = USBIdentity(vendor: 0x1209, product: 0xBE11, serial: "ALICE01", port: "1-1")
    let number: UInt8 = 0
    let endpoints: [USBEndpoint]
    let writeWindow = 2 << 20
    let maximumWrites = 8
    private let clearing: BellError?
    private let onWrite: WriteScript
    private let state = Mutex(State())

    init(
        endpoints: [USBEndpoint] = [
            USBEndpoint(address: 0x01, kind: .bulk, maximumPacket: 512),
            USBEndpoint(address: 0x81, kind: .bulk, maximumPacket: 512),
        ], clearing: BellError? = nil, onWrite: @escaping WriteScript = { (_, bytes) in (bytes.count, nil) }
    ) {
        self.endpoints = endpoints
        self.clearing = clearing
        self.onWrite = onWrite
    }

    var written: [[UInt8]] { state.withLock { $0.written } }
    var emptyPackets: Int { state.withLock { $0.emptyPackets } }
    var cleared: [UInt8] { state.withLock { $0.cleared } }
    var isClosed: Bool { state.withLock { $0.isClosed } }
    var stream: ScriptedStream? { state.withLock { $0.stream } }

    // MARK: USBStreaming

    func makeReadStream(
        from endpoint: USBEndpoint, onData: @escaping @Sendable (UnsafeRawBufferPointer) -> Void,
        onEnd: @escaping @Sendable (BellError) -> Void
    ) throws(BellError) -> any USBReadStream {
        let stream = ScriptedStream(onData: onData, onEnd: onEnd)
        state.withLock { $0.stream = stream }
        return stream
    }

    func submitWrite(
        _ bytes: ArraySlice<UInt8>, to endpoint: UInt8, endsWithEmptyPacket: Bool,
        completion: @escaping @Sendable (_ taken: Int, _ error: BellError?) -> Void
    ) {
        let number = state.withLock { state in
            state.written.append(Array(bytes))
            if endsWithEmptyPacket { state.emptyPackets += 1 }
            return state.written.count
        }
        guard let (taken, error) = onWrite(number, Array(bytes)) else {
            state.withLock { $0.held.append(completion) }
            return
        }
        completion(taken, error)
    }

    func cancelWrites(to endpoint: UInt8) {
        for completion in takeHeld() { completion(0, BellError(.usbCancelled, "Cancelled.")) }
    }

    private func takeHeld() -> [@Sendable (Int, BellError?) -> Void] {
        state.withLock { state in
            defer { state.held = [] }
            return state.held
        }
    }

    // MARK: USBInterface

    func write(_ bytes: [UInt8], to endpoint: UInt8, timeout: Duration) async throws(BellError) {}
    func read(_ count: Int, from endpoint: UInt8, timeout: Duration) async throws(BellError) -> [UInt8] { [] }
    func control(
        _ request: USBControlRequest, data: [UInt8], timeout: Duration
    ) async throws(BellError) -> [UInt8] { [] }

    func clearHalt(_ endpoint: UInt8) async throws(BellError) {
        state.withLock { $0.cleared.append(endpoint) }
        if let clearing { throw clearing }
    }

    func reset() async throws(BellError) {}

    func close() {
        state.withLock { state in
            state.isClosed = true
            // It holds whom it delivers to.
            state.stream = nil
        }
        for completion in takeHeld() { completion(0, BellError(.usbClosed, "Closed.")) }
    }
}

/// A read stream that a test plays.
final class ScriptedStream: USBReadStream {
    private struct State {
        var starts = 0
        var pauses = 0
        var resumes = 0
        var isStopped = false
    }

    private let onData: @Sendable (UnsafeRawBufferPointer) -> Void
    private let onEnd: @Sendable (BellError) -> Void
    private let state = Mutex(State())

    init(
        onData: @escaping @Sendable (UnsafeRawBufferPointer) -> Void, onEnd: @escaping @Sendable (BellError) -> Void
    ) {
        self.onData = onData
        self.onEnd = onEnd
    }

    var starts: Int { state.withLock { $0.starts } }
    var pauses: Int { state.withLock { $0.pauses } }
    var resumes: Int { state.withLock { $0.resumes } }
    var isStopped: Bool { state.withLock { $0.isStopped } }

    func deliver(_ bytes: [UInt8]) { bytes.withUnsafeBytes(onData) }
    func fail(_ code: BellError.Code) { onEnd(BellError(code, "It failed.")) }

    func start() throws(BellError) { state.withLock { $0.starts += 1 } }
    func pause() { state.withLock { $0.pauses += 1 } }
    func resume() { state.withLock { $0.resumes += 1 } }
    func stop() { state.withLock { $0.isStopped = true } }
}
