public import BellModel
public import DriverKit

/// A USB interface that passes everything on unchanged and shows it to a ``RecorderTap``.
public final class RecordingUSB: USBInterface {
    public var identity: USBIdentity { inner.identity }
    public var number: UInt8 { inner.number }
    public var endpoints: [USBEndpoint] { inner.endpoints }
    private let inner: any USBInterface
    private let tap: RecorderTap
    private let connection: UInt32

    public init(_ inner: any USBInterface, tap: RecorderTap) {
        self.inner = inner
        self.tap = tap
        connection = tap.opened(
            TraceDevice(identity: inner.identity, number: inner.number, endpoints: inner.endpoints))
    }

    public func write(_ bytes: [UInt8], to endpoint: UInt8, timeout: Duration) async throws(BellError) {
        try await run(.write(bytes, endpoint: endpoint)) { inner async throws(BellError) -> [UInt8] in
            try await inner.write(bytes, to: endpoint, timeout: timeout)
            return []
        }
    }

    public func read(_ count: Int, from endpoint: UInt8, timeout: Duration) async throws(BellError) -> [UInt8] {
        try await run(.read(count, endpoint: endpoint)) { inner async throws(BellError) -> [UInt8] in
            try await inner.read(count, from: endpoint, timeout: timeout)
        }
    }

    public func control(
        _ request: USBControlRequest, data: [UInt8], timeout: Duration
    ) async throws(BellError) -> [UInt8] {
        try await run(.control(request, data: data)) { inner async throws(BellError) -> [UInt8] in
            try await inner.control(request, data: data, timeout: timeout)
        }
    }

    public func clearHalt(_ endpoint: UInt8) async throws(BellError) {
        try await run(.clearHalt(endpoint)) { inner async throws(BellError) -> [UInt8] in
            try await inner.clearHalt(endpoint)
            return []
        }
    }

    public func reset() async throws(BellError) {
        try await run(.reset) { inner async throws(BellError) -> [UInt8] in
            try await inner.reset()
            return []
        }
    }

    public func close() {
        tap.isOver(connection, .closed)
        inner.close()
    }

    @discardableResult
    private func run(
        _ call: TraceOperation.Call, _ body: (any USBInterface) async throws(BellError) -> [UInt8]
    ) async throws(BellError) -> [UInt8] {
        let began = tap.elapsed
        do throws(BellError) {
            let bytes = try await body(inner)
            tap.note(
                .operation(TraceOperation(began: began, call: call, result: .success(bytes))), connection: connection)
            return bytes
        } catch {
            tap.note(
                .operation(TraceOperation(began: began, call: call, result: .failure(error))), connection: connection)
            throw error
        }
    }
}

extension RecorderTap {
    /// The opener that a driver gets instead of `open`.
    public func recording(_ open: @escaping USBInterfaceOpener) -> USBInterfaceOpener {
        { [self] () async throws(BellError) -> any USBInterface in
            do throws(BellError) {
                return RecordingUSB(try await open(), tap: self)
            } catch {
                failedToOpen(error)
                throw error
            }
        }
    }
}
