import Synchronization

/// Lets one task in at a time, in the order in which they come; an actor alone lets another one in at each `await`.
///
/// Entering runs where the caller runs: the calls of an actor queue in the order in which the actor took them. A task
/// that is cancelled keeps its place and its turn, because ``leave()`` answers every turn; what it does in its turn ends
/// as what a cancelled task does.
package final class Turnstile: Sendable {
    private struct State {
        var isTaken = false
        var waiting: [CheckedContinuation<Bool, Never>] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Tasks that wait for their turn.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Waits for this task's turn; ``leave()`` must follow.
    package nonisolated(nonsending) func enter() async { _ = await enter(behind: .max) }

    /// Waits for this task's turn, unless `limit` tasks wait for theirs.
    ///
    /// - Returns: Whether it has the turn; then ``leave()`` must follow.
    package nonisolated(nonsending) func enter(behind limit: Int) async -> Bool {
        await withCheckedContinuation { continuation in
            let hasTurn: Bool? = state.withLock { state in
                guard state.isTaken else {
                    state.isTaken = true
                    return true
                }
                guard state.waiting.count < limit else { return false }
                state.waiting.append(continuation)
                return nil
            }
            if let hasTurn { continuation.resume(returning: hasTurn) }
        }
    }

    /// Ends the turn: the task that has waited longest is next.
    package func leave() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            if state.waiting.isEmpty {
                state.isTaken = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume(returning: true)
    }
}
