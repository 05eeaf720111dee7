public import BellModel
import Synchronization

/// A transport for tests: keeps what is sent, answers by a script and delivers what the test hands in.
public final class ScriptedTransport: Transport {
    /// Answers one sent frame; each element arrives as one frame.
    public typealias Script = @Sendable (_ sent: [UInt8]) -> [[UInt8]]

    public let incoming: AsyncThrowingStream<[UInt8], any Error>
    private let queue = FrameQueue()
    private let frames = Mutex<[[UInt8]]>([])
    private let script: Script

    public init(script: @escaping Script = { _ in [] }) {
        self.script = script
        incoming = queue.stream
    }

    /// A board's side in messages: numbers what `respond` returns and names the request it answers.
    ///
    /// Frames that are no message are not handed to `respond`.
    public convenience init(respond: @escaping @Sendable (BoardMessage) -> [BoardMessage]) {
        let counter = Mutex(SequenceCounter())
        self.init { sent in
            guard let frame = try? Frame.decode(sent), let message = try? BoardMessage(frame) else { return [] }
            return respond(message).map { reply in
                let isAnswer =
                    switch reply.type {
                    case .trials, .clock, .armEnd, .chunkSignature, .fault: false
                    default: true
                    }
                return reply.encoded(
                    sequence: counter.withLock { $0.next() }, replyTo: isAnswer ? frame.sequence : 0)
            }
        }
    }

    /// Everything that was sent, oldest first.
    public var sent: [[UInt8]] { frames.withLock { $0 } }

    /// Everything that was sent and is a message.
    public var sentMessages: [BoardMessage] {
        sent.compactMap { bytes in (try? Frame.decode(bytes)).flatMap { try? BoardMessage($0) } }
    }

    public func send(_ frame: [UInt8]) throws(BellError) {
        frames.withLock { $0.append(frame) }
        for reply in script(frame) {
            if case .ended = queue.push(reply) {
                throw BellError(.transportClosed, "The scripted transport is closed.")
            }
        }
    }

    /// Lets a frame, or any bytes, arrive.
    public func deliver(_ frame: [UInt8]) { queue.push(frame) }

    /// Ends `incoming` with an error, as a pulled plug does.
    public func fail(_ error: BellError) { queue.finish(throwing: error) }

    public func close() { queue.finish() }
}
