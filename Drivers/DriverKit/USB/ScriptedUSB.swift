public import BellModel
import Synchronization

/// A USB interface for tests: a script answers, and what was sent is kept. Nothing waits: an empty endpoint times out.
public final class ScriptedUSB: USBInterface {
    /// What the device does at a write: hands data to IN endpoints, or refuses with an error.
    public typealias WriteScript = @Sendable (_ bytes: [UInt8], _ endpoint: UInt8) throws(BellError) -> [Reply]
    /// What the device answers to a control request.
    public typealias ControlScript =
        @Sendable (_ request: USBControlRequest, _ data: [UInt8]) throws(BellError) -> [UInt8]

    /// One transfer that an IN endpoint will give, or the error with which it ends.
    public struct Reply: Sendable {
        public var endpoint: UInt8
        public var result: Result<[UInt8], BellError>

        public init(_ endpoint: UInt8, _ bytes: [UInt8]) {
            self.endpoint = endpoint
            result = .success(bytes)
        }

        public init(_ endpoint: UInt8, failing error: BellError) {
            self.endpoint = endpoint
            result = .failure(error)
        }
    }

    /// What the driver did, in order.
    public enum Call: Equatable, Sendable {
        case write([UInt8], endpoint: UInt8)
        case read(Int, endpoint: UInt8)
        case control(USBControlRequest, data: [UInt8])
        case clearHalt(UInt8)
        case reset
        case close
    }

    public let identity: USBIdentity
    public let number: UInt8
    public let endpoints: [USBEndpoint]
    private let onWrite: WriteScript
    private let onControl: ControlScript
    private let state = Mutex<(calls: [Call], waiting: [UInt8: [Reply]])>((calls: [], waiting: [:]))

    public init(
        identity: USBIdentity, number: UInt8 = 0, endpoints: [USBEndpoint],
        control: @escaping ControlScript = { (_, _) throws(BellError) in
            throw BellError(.usbStall, "The script answers no control request.")
        },
        write: @escaping WriteScript
    ) {
        self.identity = identity
        self.number = number
        self.endpoints = endpoints
        onWrite = write
        onControl = control
    }

    /// Everything that the driver did.
    public var calls: [Call] { state.withLock { $0.calls } }

    /// Lets data arrive that nobody asked for.
    public func deliver(_ reply: Reply) { state.withLock { $0.waiting[reply.endpoint, default: []].append(reply) } }

    public func write(_ bytes: [UInt8], to endpoint: UInt8, timeout: Duration) async throws(BellError) {
        note(.write(bytes, endpoint: endpoint))
        for reply in try onWrite(bytes, endpoint) { deliver(reply) }
    }

    public func read(_ count: Int, from endpoint: UInt8, timeout: Duration) async throws(BellError) -> [UInt8] {
        note(.read(count, endpoint: endpoint))
        let next: Reply? = state.withLock { state in
            guard let waiting = state.waiting[endpoint], !waiting.isEmpty else { return nil }
            return state.waiting[endpoint]?.removeFirst()
        }
        guard let next else {
            throw BellError(.usbTimeout, "Nothing came within \(timeout).", at: identity.text)
        }
        let bytes = try next.result.get()
        guard bytes.count <= count else {
            throw BellError(.usbOverflow, "\(bytes.count) bytes came where \(count) were asked for.", at: identity.text)
        }
        return bytes
    }

    public func control(
        _ request: USBControlRequest, data: [UInt8], timeout: Duration
    ) async throws(BellError) -> [UInt8] {
        note(.control(request, data: data))
        return try onControl(request, data)
    }

    public func clearHalt(_ endpoint: UInt8) async throws(BellError) { note(.clearHalt(endpoint)) }

    public func reset() async throws(BellError) { note(.reset) }

    public func close() { note(.close) }

    private func note(_ call: Call) { state.withLock { $0.calls.append(call) } }
}
