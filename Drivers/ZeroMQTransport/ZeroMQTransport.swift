public import BellModel
public import BellZeroMQ
public import DriverKit
import Synchronization

/// A transport over ZeroMQ: a DEALER that connects to a board's ROUTER; one message of one part is one frame.
///
/// libzmq connects, and connects again, by itself: that the other side is there shows only in its answers. When the
/// reader falls behind by 16 MiB the socket is not read until it has caught up, and the board waits.
public final class ZeroMQTransport: Transport {
    public let incoming: AsyncThrowingStream<[UInt8], any Error>
    private let queue: FrameQueue
    private let channel: Channel
    private let box: ChannelBox

    private init(queue: FrameQueue, channel: Channel, box: ChannelBox) {
        self.queue = queue
        self.channel = channel
        self.box = box
        incoming = queue.stream
    }

    deinit { close() }

    /// Starts to connect; returns at once, whether or not the other side is there.
    ///
    /// - Parameters:
    ///   - reactor: Owns the socket; must outlive the transport's use.
    ///   - endpoint: `ipc://…` or `tcp://host:port` (``DeviceAddress/zeroMQEndpoint(runDirectory:)``).
    /// - Throws: `zeromq.endpoint` when the endpoint cannot be read, `zeromq.closed` after the reactor's end.
    public static func connect(reactor: Reactor, endpoint: String) throws(BellError) -> any Transport {
        // Frames up to twice the limit arrive and are reported as oversized; for larger ones libzmq ends the
        // connection. 128 waiting messages of at most 1 MiB bound its memory.
        let options = SocketOptions(highWaterMark: 128, maxMessageBytes: 2 * Int64(Frame.maximumSize), immediate: true)
        let box = ChannelBox()
        let queue = FrameQueue(highWater: 16 << 20, onRoom: { box.channel?.resume() })
        let channel = try reactor.open(.dealer, connect: [endpoint], options: options) { parts in
            // Several parts are no frame: joined, they fail its checks and are reported.
            let frame = parts.count == 1 ? parts[0] : Array(parts.joined())
            if case .takenPauseNow = queue.push(frame) { box.channel?.pause() }
        }
        box.set(channel)
        return ZeroMQTransport(queue: queue, channel: channel, box: box)
    }

    public func send(_ frame: [UInt8]) throws(BellError) {
        do throws(BellError) {
            try channel.send([frame])
        } catch {
            let code: BellError.Code = error.code == .zeromqQueueFull ? .transportFull : .transportClosed
            throw BellError(
                code, "A message to the board cannot be sent.", at: channel.endpoint, cause: error.what,
                fix: "check that the board's bridge process runs")
        }
    }

    public func close() {
        queue.finish()
        channel.close()
        // The box is held by the callbacks that the channel holds.
        box.set(nil)
    }
}

/// Holds the channel that is made only after the callback which pauses it.
private final class ChannelBox: Sendable {
    private let held = Mutex<Channel?>(nil)

    var channel: Channel? { held.withLock { $0 } }

    /// Sets or lets go of the channel. A pause that is asked for before it is known takes effect with the next one.
    func set(_ channel: Channel?) { held.withLock { $0 = channel } }
}
