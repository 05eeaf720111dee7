import BellModel
import Board
import Synchronization

/// Frames that have arrived and were not yet looked at, with the time at which they came.
final class FrameInbox: Sendable {
    private struct State {
        var frames: [(bytes: [UInt8], at: Duration)] = []
        var head = 0
        var bytes = 0
        var end: Result<Void, BellError>?
        var reader: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    /// A device that sends without end must not fill the memory: twice the largest spool (2^24 records of 32 bytes).
    private static let limit = 1 << 30

    /// Takes a frame; ends the inbox when more waits than a board can have to say.
    func push(_ bytes: [UInt8], at time: Duration) {
        wake { state in
            guard state.end == nil else { return }
            state.bytes += bytes.count
            if state.bytes > FrameInbox.limit {
                state.end = .failure(
                    BellError(.conformanceViolation, "The device sends more than \(FrameInbox.limit) bytes at once."))
            } else {
                state.frames.append((bytes, time))
            }
        }
    }

    func finish(throwing error: BellError? = nil) {
        wake { state in
            if state.end == nil { state.end = error.map { .failure($0) } ?? .success(()) }
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
            change(&state)
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    /// The oldest frame, or nil when none waits.
    func take() -> (bytes: [UInt8], at: Duration)? {
        state.withLock { state in
            guard state.head < state.frames.count else { return nil }
            let frame = state.frames[state.head]
            state.frames[state.head].bytes = []
            state.head += 1
            state.bytes -= frame.bytes.count
            if state.head == state.frames.count || state.head >= 1024 {
                state.frames.removeFirst(state.head)
                state.head = 0
            }
            return frame
        }
    }

    /// How the way ended, once everything before it was taken; nil: it is open.
    var end: Result<Void, BellError>? {
        state.withLock { $0.head < $0.frames.count ? nil : $0.end }
    }

    /// Returns when something waits, the way has ended, or the time is over.
    func wait(atMost span: Duration, clock: LinkClock) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.signal() }
            group.addTask { try? await clock.sleep(span) }
            await group.next()
            group.cancelAll()
        }
    }

    private func signal() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.head < state.frames.count || state.end != nil || Task.isCancelled { return true }
                    state.reader = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            wake { _ in }
        }
    }
}
