import BellModel
import BellZeroMQ
import DriverKit
import Synchronization

/// One DEALER to a driver process; hands the reader message by message and keeps few of them.
///
/// One answer is outstanding at a time, so a driver for which 256 messages or 1 MiB wait is flooding: what comes
/// beyond is dropped, and what waits is enough for ``InstrumentLinkMachine`` to close the link.
final class Link: Sendable {
    private static let messages = 256
    private static let bytes = 1 << 20

    private let channel: Channel
    private let queue: FrameQueue
    private let reader = Mutex<Task<Void, Never>?>(nil)

    private init(channel: Channel, queue: FrameQueue) {
        self.channel = channel
        self.queue = queue
    }

    /// Starts to connect; whether the other side is there shows only in its answers.
    static func open(
        reactor: Reactor, endpoint: String, onMessage: @escaping @Sendable (Link, [UInt8]) async -> Void
    ) throws(BellError) -> Link {
        let queue = FrameQueue(highWater: .max)
        let waiting = Counter()
        // Messages up to twice the limit arrive and are counted as unreadable; larger ones end the connection.
        let options = SocketOptions(
            highWaterMark: 16, lingerMilliseconds: 0, maxMessageBytes: Int64(2 * InstrumentAnswer.maximumSize),
            immediate: true, queuedMessages: 64, queuedBytes: 1 << 20)
        let channel = try reactor.open(.dealer, connect: [endpoint], options: options) { parts in
            guard waiting.value.load(ordering: .relaxed) < messages, queue.waitingBytes < bytes else { return }
            waiting.value.wrappingAdd(1, ordering: .relaxed)
            // Several parts are no message: an empty one is unreadable and counted as such.
            queue.push(parts.count == 1 ? parts[0] : [])
        }
        let link = Link(channel: channel, queue: queue)
        let stream = queue.stream
        let task = Task { [weak link] in
            do {
                for try await frame in stream {
                    waiting.value.wrappingSubtract(1, ordering: .relaxed)
                    guard let link else { return }
                    await onMessage(link, frame)
                }
            } catch { return }
        }
        link.reader.withLock { $0 = task }
        return link
    }

    func send(_ bytes: [UInt8]) throws(BellError) {
        do throws(BellError) { try channel.send([bytes]) } catch {
            throw BellError(
                .instrumentNotConnected, "A message to the driver process cannot be sent.", at: channel.endpoint,
                cause: error.what, fix: "check that the driver process runs")
        }
    }

    func close() {
        queue.finish()
        reader.withLock { $0 }?.cancel()
        channel.close()
    }

    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }
}
