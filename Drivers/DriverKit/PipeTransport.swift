import BellModel

/// One end of an in-process pair of transports; see ``makePipe()``.
final class PipeTransport: Transport {
    let incoming: AsyncThrowingStream<[UInt8], any Error>
    private let inbox: FrameQueue
    private let outbox: FrameQueue
    /// More waiting bytes than this mean that the other end does not read: four full spools of 2^16 trials.
    private static let limit = 4 * 65_536 * TrialRecord.byteCount

    init(inbox: FrameQueue, outbox: FrameQueue) {
        self.inbox = inbox
        self.outbox = outbox
        incoming = inbox.stream
    }

    deinit { outbox.finish() }

    func send(_ frame: [UInt8]) throws(BellError) {
        guard outbox.waitingBytes < PipeTransport.limit else {
            throw BellError(.transportFull, "The other end of an in-process transport does not read.")
        }
        if case .ended = outbox.push(frame) {
            throw BellError(.transportClosed, "The in-process transport is closed.")
        }
    }

    func close() {
        inbox.finish()
        outbox.finish()
    }
}

/// Makes two transports in one process, each of which receives what the other one sends.
public func makePipe() -> (any Transport, any Transport) {
    let first = FrameQueue()
    let second = FrameQueue()
    return (PipeTransport(inbox: first, outbox: second), PipeTransport(inbox: second, outbox: first))
}
