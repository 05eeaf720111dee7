import BellModel
public import DriverKit
import Synchronization

/// Shadow mode of one board over all of its connections: what the daemon keeps and shows.
public final class ShadowWatch: Sendable {
    /// Differences and what else there is to tell; one reader. What nobody reads is dropped, the oldest first.
    public let notices: AsyncStream<ShadowNotice>
    let options: ShadowOptions
    private let told: AsyncStream<ShadowNotice>.Continuation
    private let state: Mutex<(machine: ShadowMachine, gate: ShadowGate, generation: UInt64)>

    public init(options: ShadowOptions = .init()) {
        self.options = options
        state = Mutex((ShadowMachine(options: options), ShadowGate(limit: options.waiting), 0))
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
            state.gate = ShadowGate(limit: options.waiting)
            state.generation += 1
            return state.generation
        }
    }

    /// Returns the frames that go to the shadow, none for what comes late from an older connection, and why the shadow
    /// is refused, if it is.
    func handle(
        _ input: ShadowMachine.Input, at now: Duration, generation: UInt64
    ) -> (frames: [[UInt8]], refusal: String?) {
        let (frames, refusal, notices) = state.withLock { state -> ([[UInt8]], String?, [ShadowNotice]) in
            guard state.generation == generation else { return ([], nil, []) }
            var frames: [[UInt8]] = []
            if case .shadow(let bytes) = input { frames = state.gate.heard(bytes) }
            let (new, notices) = state.machine.handle(input, at: now)
            frames += state.gate.pass(new)
            return (frames, state.gate.refusal, notices)
        }
        for notice in notices { told.yield(notice) }
        return (frames, refusal)
    }

    func dropped(_ cause: String) {
        told.yield(
            .dropped(
                BellError(
                    .shadowDropped, "The shadow board was given up.", cause: cause,
                    state: "the board beside it goes on as before",
                    fix: "look at what stands at the shadow's address, which must be a simulated board; "
                        + "it is tried again at the next connection")))
    }
}
