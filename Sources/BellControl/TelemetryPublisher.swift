public import BellModel
public import BellZeroMQ
import Synchronization

/// Publishes the daemon's visible state on a PUB socket: numbered changes, and the snapshot they lead to.
///
/// A subscriber that is too slow misses changes, sees the gap and asks for the snapshot; the daemon never waits.
public final class TelemetryPublisher: Sendable {
    private struct State {
        var snapshot: TelemetrySnapshot
        var undelivered: UInt64 = 0
    }

    private let channel: Channel
    private let state: Mutex<State>

    /// Binds the socket.
    ///
    /// - Parameter initial: The object of the control method `status`; later changes are merged into it.
    public init(reactor: Reactor, endpoint: String, initial: JSON = [:]) throws(BellError) {
        // Sixteen random digits: two instances of the daemon must never be taken for one.
        let instance = String(UInt64.random(in: .min ... .max), radix: 16)
        state = Mutex(
            State(snapshot: TelemetrySnapshot(instance: instance, state: initial.objectValue ?? [:])))
        var options = SocketOptions()
        options.lingerMilliseconds = 0
        channel = try reactor.open(.publish, bind: [endpoint], options: options) { _ in }
    }

    /// The endpoint as bound.
    public var endpoint: String { channel.endpoint }

    /// Numbers a change, merges it into the snapshot and publishes it.
    ///
    /// - Parameters:
    ///   - kind: `campaign` and `calibration` replace the member of their name; `device` replaces the device of that `name`; `event` joins
    ///     the latest events; `daemon` replaces single members of the top level.
    /// - Returns: The change's number.
    @discardableResult
    public func publish(kind: String, data: JSON) -> UInt64 {
        // Sent under the lock, so that the numbers leave in their order.
        state.withLock { state in
            let change = state.snapshot.next(kind: kind, data: data)
            do throws(BellError) {
                try channel.send(change.parts)
            } catch {
                state.undelivered += 1
            }
            return change.sequence
        }
    }

    /// The result of the control method `telemetry.snapshot`; also the basis of `status`.
    public var snapshot: JSON { state.withLock { $0.snapshot }.json }

    /// Changes that could not be handed to the socket; subscribers see them as a gap.
    public var undelivered: UInt64 { state.withLock { $0.undelivered } }

    public func close() { channel.close() }
}
