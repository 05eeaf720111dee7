public import BellModel
import Synchronization

/// A bounded queue between a producer on any thread and one asynchronous reader: what transports read from.
///
/// The producer is told when much is waiting and again when there is room, so that it can pause its source.
public final class FrameQueue: Sendable {
    private struct State {
        var frames: [[UInt8]] = []
        var head = 0
        var bytes = 0
        var isPaused = false
        var end: Result<Void, BellError>?
        var reader: CheckedContinuation<Void, Never>?
    }

    /// What ``push(_:)`` did.
    public enum Outcome: Sendable {
        /// There is room for more.
        case taken
        /// It was taken, and the source should be paused until `onRoom` is called.
        case takenPauseNow
        /// The queue has ended; the frame was dropped.
        case ended
    }

    private let state = Mutex(State())
    private let highWater: Int
    private let onRoom: @Sendable () -> Void

    /// - Parameters:
    ///   - highWater: Waiting bytes from which the source is asked to pause; it may resume below a quarter of them.
    ///   - onRoom: Called on the reader's task when a paused source may go on.
    public init(highWater: Int = 64 << 20, onRoom: @escaping @Sendable () -> Void = {}) {
        self.highWater = highWater
        self.onRoom = onRoom
    }

    /// The reader's side, for ``Transport/incoming``; make it once.
    public var stream: AsyncThrowingStream<[UInt8], any Error> {
        AsyncThrowingStream { [self] () async throws -> [UInt8]? in
            while true {
                switch take() {
                case .frame(let frame): return frame
                case .ended: return nil
                case .failed(let error): throw error
                case .empty: await wait()
                }
            }
        }
    }

    /// Appends a frame and wakes the reader.
    @discardableResult
    public func push(_ frame: [UInt8]) -> Outcome { push(contentsOf: CollectionOfOne(frame)) }

    /// Appends frames, and wakes the reader once for all of them.
    @discardableResult
    public func push(contentsOf frames: some Collection<[UInt8]>) -> Outcome {
        let (outcome, reader) = state.withLock { state -> (Outcome, CheckedContinuation<Void, Never>?) in
            guard state.end == nil else { return (.ended, nil) }
            guard !frames.isEmpty else { return (.taken, nil) }
            state.frames.append(contentsOf: frames)
            for frame in frames { state.bytes += frame.count }
            let reader = state.reader
            state.reader = nil
            guard state.bytes >= highWater, !state.isPaused else { return (.taken, reader) }
            state.isPaused = true
            return (.takenPauseNow, reader)
        }
        reader?.resume()
        return outcome
    }

    /// Bytes that wait to be read.
    public var waitingBytes: Int { state.withLock { $0.bytes } }

    /// Ends the queue; what waits is still read. Only the first call counts.
    public func finish(throwing error: BellError? = nil) {
        let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.end == nil else { return nil }
            state.end = error.map { .failure($0) } ?? .success(())
            let reader = state.reader
            state.reader = nil
            return reader
        }
        reader?.resume()
    }

    private enum Taken {
        case frame([UInt8])
        case empty
        case ended
        case failed(BellError)
    }

    private func take() -> Taken {
        let (taken, hasRoom) = state.withLock { state -> (Taken, Bool) in
            guard state.head < state.frames.count else {
                switch state.end {
                case nil: return (.empty, false)
                case .success: return (.ended, false)
                case .failure(let error): return (.failed(error), false)
                }
            }
            let frame = state.frames[state.head]
            state.frames[state.head] = []
            state.head += 1
            if state.head == state.frames.count || state.head >= 1024 {
                state.frames.removeFirst(state.head)
                state.head = 0
            }
            state.bytes -= frame.count
            guard state.isPaused, state.bytes < highWater / 4 else { return (.frame(frame), false) }
            state.isPaused = false
            return (.frame(frame), true)
        }
        if hasRoom { onRoom() }
        return taken
    }

    /// Waits until something was pushed, the queue has ended or the reading task is cancelled (which ends it).
    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.head < state.frames.count || state.end != nil { return true }
                    state.reader = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            finish()
        }
    }
}
