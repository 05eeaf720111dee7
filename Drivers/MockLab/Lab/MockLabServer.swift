public import BellModel
public import BellZeroMQ
import DriverKit
import Synchronization

/// Shows a virtual laboratory's boards at ZeroMQ endpoints, where they are reached exactly as hardware is.
///
/// One ROUTER a board; a client is a DEALER, one message one frame.
public final class MockLabServer: Sendable {
    /// Where the boards listen, with the ports that the system chose.
    public let endpoints: PerNode<String>
    private let channels: PerNode<Channel>

    /// Binds both boards; the reactor's thread then plays their trials.
    ///
    /// - Parameter endpoints: For example `ipc:///run/…/alice` or `tcp://127.0.0.1:*`.
    /// - Throws: What ``BellZeroMQ/Reactor/open(_:bind:connect:options:onMessage:)`` throws.
    public init(lab: VirtualLab, reactor: Reactor, endpoints: PerNode<String>) throws(BellError) {
        let channels = try PerNode { (node: Node) throws(BellError) -> Channel in
            try MockLabServer.open(node, lab: lab, reactor: reactor, endpoint: endpoints[node])
        }
        self.channels = channels
        self.endpoints = channels.map(\.endpoint)
    }

    /// Stops listening.
    public func close() {
        for node in Node.allCases { channels[node].close() }
    }

    private static func open(
        _ node: Node, lab: VirtualLab, reactor: Reactor, endpoint: String
    ) throws(BellError) -> Channel {
        // A replay is at most a spool of single trials with their signatures; nothing of it may be dropped on the way.
        let frames = 1 << 22
        let options = SocketOptions(
            highWaterMark: Int32(frames), lingerMilliseconds: 0, maxMessageBytes: Int64(2 * Frame.maximumSize),
            queuedMessages: frames, queuedBytes: 1 << 30)
        // A message may arrive before `open` has returned the channel to answer on; it then waits for this lock.
        let shared = Shared()
        return try shared.opening { () throws(BellError) -> Channel in
            try reactor.open(.router, bind: [endpoint], options: options) { parts in
                guard parts.count == 2 else { return }
                let client = parts[0]
                lab.receive(parts[1], at: node, client: client) { frame in
                    // A full queue means that the client does not read: it will ask again after its next HELLO.
                    try? shared.channel?.send([client, frame])
                }
            }
        }
    }

    /// The channel that a callback answers on.
    private final class Shared: Sendable {
        private let box = Mutex<Channel?>(nil)

        var channel: Channel? { box.withLock { $0 } }

        func opening(_ open: () throws(BellError) -> Channel) throws(BellError) -> Channel {
            try box.withLock { (box: inout Channel?) throws(BellError) -> Channel in
                let channel = try open()
                box = channel
                return channel
            }
        }
    }
}
