public import BellModel
public import BellZeroMQ
import DriverKit

/// Asks a driver process for a sign of life, on a connection of its own that does not disturb belld's. Never blocks.
///
/// Each question makes a new connection, so that the socket of a process that died does not answer for its successor.
public final class DriverProbe {
    /// What the process speaks.
    public enum Dialect: Sendable {
        /// docs/board-protocol.md. A board answers PING with ERROR hello-required to any peer but the one it greeted.
        case board
        /// docs/instrument-protocol.md.
        case instrument
    }

    private let context: ZeroMQContext
    private let endpoint: String
    private let dialect: Dialect
    private var socket: Socket?
    private var token: UInt32 = 0

    /// - Parameter endpoint: `ipc://…` or `tcp://host:port`.
    public init(context: ZeroMQContext, endpoint: String, dialect: Dialect) {
        self.context = context
        self.endpoint = endpoint
        self.dialect = dialect
    }

    /// Sends a question; an earlier one that has no answer is given up.
    ///
    /// - Throws: `zeromq.endpoint`, `zeromq.failed`. That nobody listens is no error: no answer comes.
    public func ask() throws(BellError) {
        token = token % 1_000_000_000 + 1
        let options = SocketOptions(
            highWaterMark: 16, lingerMilliseconds: 0, maxMessageBytes: Int64(2 * Frame.maximumSize))
        let fresh = try Socket(context, kind: .dealer, options: options)
        try fresh.connect(endpoint)
        let question =
            switch dialect {
            case .board: BoardMessage.ping(token: UInt64(token)).encoded(sequence: token)
            case .instrument: InstrumentRequest.ping.encoded(id: Int64(token))
            }
        try fresh.send([question], timeoutMilliseconds: 0)
        socket = consume fresh
    }

    /// Whether the question that was sent last has been answered by now; the connection then ends.
    public func takeAnswer() -> Bool {
        // A flood must not hold the caller: so many messages a call.
        for _ in 0..<16 {
            guard let parts = try? socket?.receive(timeoutMilliseconds: 0) else { return false }
            if parts.count == 1, isAnswer(parts[0]) {
                close()
                return true
            }
        }
        return false
    }

    /// Ends the connection; a question that waits is given up.
    public func close() { socket = nil }

    private func isAnswer(_ bytes: [UInt8]) -> Bool {
        switch dialect {
        case .board: (try? Frame.decode(bytes)).map { $0.replyTo == token } ?? false
        case .instrument: (try? InstrumentAnswer(bytes, from: "probe")).map { $0.id == Int64(token) } ?? false
        }
    }
}
