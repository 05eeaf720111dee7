public import BellModel
public import BellZeroMQ

/// Follows the daemon's visible state: a snapshot, then every change, then a snapshot again where one was missed.
///
/// For one thread at a time.
public final class TelemetrySubscriber {
    /// Something that the caller can show.
    public enum Update: Equatable, Sendable {
        /// The whole state was fetched: at the start, after a gap, or because the daemon is a new one.
        case snapshot
        /// One change was applied.
        case change(kind: String, data: JSON)
    }

    /// The state with all changes seen so far; nil before the first ``next(timeoutMilliseconds:)``.
    public private(set) var snapshot: TelemetrySnapshot?
    /// Snapshots that were fetched because changes were missing.
    public private(set) var gaps: UInt64 = 0

    private let socket: Socket
    private let control: ControlClient
    private let clock = ContinuousClock()
    private var lastContact: ContinuousClock.Instant
    /// A publisher may be silent for as long as it likes; after this we ask whether something was missed.
    private static let patience = Duration.seconds(1)

    /// Subscribes; the first snapshot is fetched by the first ``next(timeoutMilliseconds:)``.
    public init(
        context: ZeroMQContext, telemetryEndpoint: String, control: ControlClient
    ) throws(BellError) {
        var options = SocketOptions()
        options.subscriptions = [TelemetryChange.topic]
        options.lingerMilliseconds = 0
        socket = try Socket(context, kind: .subscribe, options: options)
        try socket.connect(telemetryEndpoint)
        self.control = control
        lastContact = clock.now
    }

    /// Waits for the next update.
    ///
    /// - Returns: nil when nothing changed within the time.
    /// - Throws: `control.unreachable` when a snapshot is needed and the daemon does not answer; the call may be
    ///   repeated, and goes on by itself once the daemon is back.
    public func next(timeoutMilliseconds: Int32) throws(BellError) -> Update? {
        guard snapshot != nil else { return try fetch() }
        guard let parts = try socket.receive(timeoutMilliseconds: timeoutMilliseconds) else {
            // A subscription takes a moment to reach the publisher, and a daemon can vanish without a word.
            guard clock.now - lastContact >= Self.patience else { return nil }
            let before = snapshot
            let update = try fetch()
            if snapshot == before { return nil }
            gaps += 1
            return update
        }
        guard parts.count == 2 else { return nil }
        let change = try TelemetryChange(json: try JSON(parsing: parts[1], source: "telemetry"))
        lastContact = clock.now
        switch snapshot?.apply(change) {
        case .applied: return .change(kind: change.kind, data: change.data)
        case .old: return nil
        case .gap, nil:
            gaps += 1
            return try fetch()
        }
    }

    private func fetch() throws(BellError) -> Update {
        snapshot = try TelemetrySnapshot(json: try control.call("telemetry.snapshot", timeoutMilliseconds: 3000))
        lastContact = clock.now
        return .snapshot
    }
}
