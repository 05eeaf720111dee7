import BellModel
public import DriverKit
import Synchronization

/// Shadow mode of one board over all of its connections: what the daemon keeps and shows.
public final class ShadowWatch: Sendable {
    /// Differences and what else there is to tell; one reader. What nobody reads is dropped, the oldest first.
    public let notices: AsyncStream<ShadowNotice>
    let options: ShadowOptions
    private let told: AsyncStream<ShadowNotice>.Continuation
    private let state: Mutex<(machine: ShadowMachine, generation: UInt64)>

    public init(options: ShadowOptions = .init()) {
        self.options = options
        state = Mutex((ShadowMachine(options: options), 0))
        (notices, told) = AsyncStream.makeStream(of: ShadowNotice.self, bufferingPolicy: .bufferingNewest(1024))
    }

    deinit { told.finish() }

    /// The numbers so far.
    public var summary: ShadowSummary { state.withLock { $0.machine.comparator.summary } }

    /// The opener that the board's driver gets: it opens `primary`, and `shadow` beside it.
    public func opener(primary: @escaping TransportOpener, shadow: @escaping TransportOpener) -> TransportOpener {
        { [self] () async throws(BellError) -> any Transport in
            ShadowTransport(primary: try await primary(), shadow: shadow, watch: self)
        }
    }

    /// A new connection; returns its number.
    func reset() -> UInt64 {
        state.withLock { state in
            state.machine.reset()
            state.generation += 1
            return state.generation
        }
    }

    /// Returns the frames that go to the shadow; none for what comes late from an older connection.
    func handle(_ input: ShadowMachine.Input, at now: Duration, generation: UInt64) -> [[UInt8]] {
        let (frames, notices) = state.withLock { state -> ([[UInt8]], [ShadowNotice]) in
            state.generation == generation ? state.machine.handle(input, at: now) : ([], [])
        }
        for notice in notices { told.yield(notice) }
        return frames
    }

    func dropped(_ cause: String) {
        told.yield(
            .dropped(
                BellError(
                    .shadowDropped, "The shadow board was given up.", cause: cause,
                    state: "the board beside it goes on as before",
                    fix: "look at the shadow; it is tried again at the next connection")))
    }
}
