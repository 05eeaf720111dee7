public import BellModel
public import DriverKit
import Synchronization

/// A recorded stream, connected as often as it was then.
public final class StreamReplay: Sendable {
    private struct State {
        var connections: [ReplayOperations]
        var next = 0
        var divergence: BellError?
    }

    private let state: Mutex<State>
    private let path: String

    /// - Throws: `replay.kind`, `recording.damaged`.
    public init(_ trace: Trace, path: String = "recording") throws(BellError) {
        guard trace.header.kind == .stream else { throw .replayKind(trace, wanted: .stream, path: path) }
        if let damage = trace.damage(path: path) { throw damage }
        state = Mutex(State(connections: ReplayOperations.all(of: trace)))
        self.path = path
    }

    /// For a driver's `open`.
    public var opener: ByteStreamOpener {
        { [self] () async throws(BellError) -> any ByteStream in try open() }
    }

    /// What the driver did that the recording does not have; nil so far.
    public var divergence: BellError? { state.withLock { $0.divergence } }

    /// Serves the next recorded connection.
    ///
    /// - Throws: What opening it threw then, `replay.divergence` after one, `replay.exhausted`.
    public func open() throws(BellError) -> any ByteStream {
        let next = try state.withLock { state throws(BellError) -> ReplayOperations in
            if let divergence = state.divergence { throw divergence }
            guard state.next < state.connections.count else { throw .replayExhausted(state.next, path: path) }
            state.next += 1
            return state.connections[state.next - 1]
        }
        if let error = next.openError { throw error }
        return ReplayStream(next, path: path) { [self] error in
            state.withLock { $0.divergence = $0.divergence ?? error }
        }
    }
}

/// One recorded connection of a stream, served again.
public final class ReplayStream: ByteStream {
    private let machine: Mutex<StreamReplayMachine>
    private let path: String
    private let isClosed = Atomic<Bool>(false)
    private let onDivergence: @Sendable (BellError) -> Void

    init(_ operations: ReplayOperations, path: String, onDivergence: @escaping @Sendable (BellError) -> Void) {
        machine = Mutex(StreamReplayMachine(operations, path: path))
        self.path = path
        self.onDivergence = onDivergence
    }

    public func write(_ bytes: [UInt8], timeout: Duration) async throws(BellError) {
        try check()
        let (result, divergence) = machine.withLock { machine in (machine.write(bytes), machine.divergence) }
        if let divergence { onDivergence(divergence) }
        _ = try result.get()
    }

    public func read(upTo limit: Int, timeout: Duration) async throws(BellError) -> [UInt8] {
        try await ReplayWait.until(timeout, timedOut: .streamTimeout, cancelled: .streamClosed, at: path) {
            () throws(BellError) -> [UInt8]? in
            try check()
            let (answer, divergence) = machine.withLock { machine in
                (machine.read(upTo: limit), machine.divergence)
            }
            if let divergence { onDivergence(divergence) }
            guard case .done(let result) = answer else { return nil }
            return try result.get()
        }
    }

    public func close() { isClosed.store(true, ordering: .releasing) }

    private func check() throws(BellError) {
        guard !isClosed.load(ordering: .acquiring) else {
            throw BellError(.streamClosed, "The stream was closed.", at: path)
        }
    }
}
