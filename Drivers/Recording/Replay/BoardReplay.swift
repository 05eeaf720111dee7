public import BellModel
public import DriverKit
import Synchronization

/// A recorded board, served to a driver over as many connections as were recorded: what `replay:///path` opens.
public final class BoardReplay: Sendable {
    private struct State {
        var machine: BoardReplayMachine
        /// The queue that the present connection reads; its number tells late calls of older ones.
        var queue: FrameQueue?
        var generation: UInt64 = 0
        /// When the timer that is set goes off; nil: none.
        var timer: Duration?
    }

    private let state: Mutex<State>
    private let start = ContinuousClock.now

    /// - Throws: `replay.kind`, `recording.damaged`.
    public init(_ trace: Trace, options: ReplayOptions = .init(), path: String = "recording") throws(BellError) {
        state = Mutex(State(machine: try BoardReplayMachine(trace, options: options, path: path)))
    }

    /// Reads a file.
    ///
    /// - Throws: What ``Trace/init(file:)`` throws, `replay.kind`, `recording.damaged`.
    public convenience init(file path: String, options: ReplayOptions = .init()) throws(BellError) {
        try self.init(try Trace(file: path), options: options, path: path)
    }

    /// What the host did that the recording does not have; nil so far.
    public var divergence: BellError? { state.withLock { $0.machine.divergence } }

    /// Recorded requests of the host that it has not sent so far.
    public var unsentRequests: Int { state.withLock { $0.machine.unsentRequests } }

    /// For a ``BoardDriver``'s `open`.
    public var opener: TransportOpener {
        { [self] () async throws(BellError) -> any Transport in try open() }
    }

    /// Serves the next recorded connection.
    ///
    /// - Throws: What opening it threw then, `replay.divergence`, `replay.exhausted`.
    public func open() throws(BellError) -> any Transport {
        let queue = FrameQueue()
        let (result, generation) = state.withLock { state -> (Result<Void, BellError>, UInt64) in
            state.queue?.finish()
            state.queue = nil
            state.generation += 1
            do throws(BellError) {
                let actions = try state.machine.open(at: now)
                state.queue = queue
                perform(actions, &state)
                return (.success(()), state.generation)
            } catch {
                return (.failure(error), state.generation)
            }
        }
        try result.get()
        return ReplayTransport(self, queue: queue, generation: generation)
    }

    private var now: Duration { ContinuousClock.now - start }

    fileprivate func handle(_ input: BoardReplayMachine.Input, generation: UInt64) {
        state.withLock { state in
            guard state.generation == generation else { return }
            perform(state.machine.handle(input, at: now), &state)
        }
    }

    /// Called with the lock held, so that frames keep their order.
    private func perform(_ actions: [BoardReplayMachine.Action], _ state: inout State) {
        for action in actions {
            switch action {
            case .send(let frame): state.queue?.push(frame)
            case .end(let error): state.queue?.finish(throwing: error)
            }
        }
        guard let deadline = state.machine.deadline else { return }
        if let timer = state.timer, timer <= deadline { return }
        state.timer = deadline
        let delay = deadline - now
        Task { [weak self] in
            try? await Task.sleep(for: delay, tolerance: .zero)
            self?.timerFired(deadline)
        }
    }

    private func timerFired(_ deadline: Duration) {
        state.withLock { state in
            guard state.timer == deadline else { return }
            state.timer = nil
            perform(state.machine.handle(.tick, at: now), &state)
        }
    }
}

/// The host's end of a connection to a ``BoardReplay``.
public final class ReplayTransport: Transport {
    public let incoming: AsyncThrowingStream<[UInt8], any Error>
    private let replay: BoardReplay
    private let queue: FrameQueue
    private let generation: UInt64

    fileprivate init(_ replay: BoardReplay, queue: FrameQueue, generation: UInt64) {
        self.replay = replay
        self.queue = queue
        self.generation = generation
        incoming = queue.stream
    }

    public func send(_ frame: [UInt8]) { replay.handle(.frame(frame), generation: generation) }

    public func close() {
        replay.handle(.closed, generation: generation)
        queue.finish()
    }
}
