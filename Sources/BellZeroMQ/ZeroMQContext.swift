public import BellModel
import CZeroMQ

/// libzmq's shared part: its input/output thread and `inproc` names.
///
/// Every socket holds its context, so the context ends after its last socket.
public final class ZeroMQContext: Sendable {
    // libzmq documents its context as thread safe; the pointer never changes.
    nonisolated(unsafe) let raw: UnsafeMutableRawPointer

    /// Makes a context with one input/output thread; `zmq_ctx_new`.
    ///
    /// - Throws: `zeromq.failed` when the process has no file descriptors left.
    public init() throws(BellError) {
        guard let raw = zmq_ctx_new() else { throw lastError("zmq_ctx_new", "ZeroMQ cannot start", at: nil) }
        self.raw = raw
    }

    /// Waits until sent messages are gone, at most for the longest linger of the closed sockets.
    deinit {
        while zmq_ctx_term(raw) != 0 && zmq_errno() == EINTR {}
    }
}
