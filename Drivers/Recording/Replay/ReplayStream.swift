public import BellModel
public import DriverKit
import Synchronization

/// A recorded stream, connected as often as it was then.
public final class StreamReplay: Sendable {
    private let connections: ReplayConnections

    /// - Throws: `replay.kind`, `recording.damaged`.
    public init(_ trace: Trace, path: String = "recording") throws(BellError) {
        connections = try ReplayConnections(trace, of: .stream, path: path)
    }

    /// For a driver's `open`.
    public var opener: ByteStreamOpener {
        { [self] () async throws(BellError) -> any ByteStream in try open() }
    }

    /// What the driver did that the recording does not have; nil so far.
    public var divergence: BellError? { connections.divergence }

    /// Serves the next recorded connection.
    ///
    /// - Throws: What opening it threw then, `replay.divergence` after one, `replay.exhausted`.
    public func open() throws(BellError) -> any ByteStream {
        ReplayStream(try connections.next(), of: connections)
    }
}

/// One recorded connection of a stream, served again.
public final class ReplayStream: ByteStream {
    private let machine: Mutex<StreamReplayMachine>
    private let connections: ReplayConnections
    private let isClosed = Atomic<Bool>(false)

    init(_ operations: ReplayOperations, of connections: ReplayConnections) {
        machine = Mutex(StreamReplayMachine(operations, path: connections.path))
        self.connections = connections
    }

    public func write(_ bytes: [UInt8], timeout: Duration) async throws(BellError) {
        try check()
        let result = connections.noting(machine.withLock { machine in (machine.write(bytes), machine.divergence) })
        _ = try result.get()
    }

    public func read(upTo limit: Int, timeout: Duration) async throws(BellError) -> [UInt8] {
        try await ReplayWait.until(timeout, timedOut: .streamTimeout, cancelled: .streamClosed, at: connections.path) {
            () throws(BellError) -> [UInt8]? in
            try check()
            let answer = connections.noting(
                machine.withLock { machine in (machine.read(upTo: limit), machine.divergence) })
            guard case .done(let result) = answer else { return nil }
            return try result.get()
        }
    }

    public func close() { isClosed.store(true, ordering: .releasing) }

    private func check() throws(BellError) {
        guard !isClosed.load(ordering: .acquiring) else {
            throw BellError(.streamClosed, "The stream was closed.", at: connections.path)
        }
    }
}
