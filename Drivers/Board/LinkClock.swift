/// The clock that a link measures its time-outs with; tests hand in one that they move by hand.
public struct LinkClock: Sendable {
    /// Time since some fixed origin.
    public let now: @Sendable () -> Duration
    /// Sleeps; throws when the task is cancelled.
    public let sleep: @Sendable (Duration) async throws -> Void

    public init(
        now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// Measures with any clock, from now on.
    public init<C: Clock>(_ clock: C) where C.Duration == Duration {
        let origin = clock.now
        self.init(
            now: { origin.duration(to: clock.now) },
            sleep: { try await clock.sleep(until: clock.now.advanced(by: $0), tolerance: nil) })
    }

    /// The system's clock that goes on while the machine sleeps.
    public static var system: LinkClock { LinkClock(ContinuousClock()) }
}
