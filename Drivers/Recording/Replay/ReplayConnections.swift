import BellModel
import Synchronization

/// The connections of a recorded stream or USB device, served in their order until the driver leaves the recording.
final class ReplayConnections: Sendable {
    private struct State {
        var connections: [ReplayOperations]
        var next = 0
        var divergence: BellError?
    }

    let path: String
    private let state: Mutex<State>

    /// - Throws: `replay.kind` unless the recording is of `kind`, `recording.damaged`.
    init(_ trace: Trace, of kind: TraceHeader.Kind, path: String) throws(BellError) {
        guard trace.header.kind == kind else { throw .replayKind(trace, wanted: kind, path: path) }
        if let damage = trace.damage(path: path) { throw damage }
        state = Mutex(State(connections: ReplayOperations.all(of: trace)))
        self.path = path
    }

    /// What the driver did that the recording does not have; nil so far.
    var divergence: BellError? { state.withLock { $0.divergence } }

    /// The next recorded connection.
    ///
    /// - Throws: What opening it threw then, `replay.divergence` after one, `replay.exhausted`.
    func next() throws(BellError) -> ReplayOperations {
        let next = try state.withLock { state throws(BellError) -> ReplayOperations in
            if let divergence = state.divergence { throw divergence }
            guard state.next < state.connections.count else {
                throw .replayExhausted(state.next, path: path)
            }
            state.next += 1
            return state.connections[state.next - 1]
        }
        if let error = next.openError { throw error }
        return next
    }

    /// Passes an answer on, and keeps the first divergence: it ends the replay.
    func noting<Answer>(_ served: (answer: Answer, divergence: BellError?)) -> Answer {
        if let divergence = served.divergence {
            state.withLock { $0.divergence = $0.divergence ?? divergence }
        }
        return served.answer
    }
}

extension BellError {
    static func replayExhausted(_ count: Int, path: String) -> BellError {
        BellError(
            .replayExhausted, "The recording has no further connection.", at: path, state: "\(count) were served",
            fix: "record for longer, or see why the driver connects again")
    }
}
