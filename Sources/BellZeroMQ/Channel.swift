public import BellModel
import Synchronization

/// A socket that a ``Reactor`` serves; usable from any thread.
///
/// It stays open until ``close()`` or the reactor's end, also when nobody holds the value.
public final class Channel: Sendable {
    /// The first endpoint bound, with the port that the system chose; the first connected to when none is bound.
    public let endpoint: String
    private let port: Port
    private let core: ReactorCore
    private let isClosed = Atomic<Bool>(false)

    init(_ port: Port, _ core: ReactorCore) {
        self.port = port
        self.core = core
        endpoint = port.endpoint
    }

    /// Sends one message of 1 to 64 parts without waiting.
    ///
    /// On the reactor's thread it goes to libzmq at once, from others through a queue; where the socket has no room it
    /// waits in a queue of `queuedMessages` and `queuedBytes`. PUB sockets and ROUTER sockets without
    /// `routerMandatory` drop what a peer has no room for, as ZeroMQ does. Calls that come one after the other keep their
    /// order, whatever their threads.
    /// - Throws: `zeromq.queue-full`; `zeromq.closed`; on the reactor's thread also `zeromq.unroutable`, which from
    ///   other threads, and behind messages of theirs that wait, is a silent drop.
    public func send(_ parts: [[UInt8]]) throws(BellError) {
        if isClosed.load(ordering: .relaxed) { throw closedError }
        if parts.isEmpty { return }
        // What other threads have posted came first.
        if core.isCurrent, port.posted.load(ordering: .acquiring) == 0 {
            try port.sendDirectly(parts)
        } else {
            try port.reserve(parts)
            port.posted.add(1, ordering: .acquiringAndReleasing)
            if !core.post(.send(port, parts)) { throw closedError }
        }
    }

    /// How many messages wait for room.
    public var waiting: Int { port.waiting }

    /// Stops reading: messages then wait in libzmq and, past its high-water mark, at the sender.
    ///
    /// From another thread than the reactor's, a few messages may still arrive.
    public func pause() { port.isPaused.store(true, ordering: .relaxed) }

    /// Reads again.
    public func resume() {
        port.isPaused.store(false, ordering: .relaxed)
        core.post(.check(port))
    }

    /// Closes the socket in order and returns at once.
    ///
    /// No message is delivered after it when called on the reactor's thread. What waits to be sent has 500 ms to reach
    /// libzmq, and there the linger, 500 ms unless the options say otherwise.
    public func close() {
        if isClosed.exchange(true, ordering: .relaxed) { return }
        if core.isCurrent { port.beginClosing(graceMilliseconds: ReactorCore.graceMilliseconds) }
        core.post(.close(port))
    }

    private var closedError: BellError { BellError(.zeromqClosed, "The channel has been closed.", at: endpoint) }
}
