public import BellModel
import DriverKit

/// One command under way: takes what the box sends until the reply to this command is among it.
///
/// Replies may lag behind, so that a command's reply comes after the next command was sent (a public driver reads the
/// serial number after every command to get rid of them). A reply with another code is such an old one and is dropped.
public struct MiniCircuitsExchange: Sendable {
    /// Old replies that are dropped before the box is given up.
    public static let limit = 8

    public let request: MiniCircuitsRequest
    /// Old replies so far, in their order.
    public private(set) var dropped: [MiniCircuitsReply] = []

    public init(_ request: MiniCircuitsRequest) { self.request = request }

    /// Takes one report.
    ///
    /// - Returns: The reply, or nil when the report answers an earlier command and another one must be read.
    /// - Throws: `instrument.protocol` for a report of the wrong length, or after too many old replies.
    public mutating func take(_ report: [UInt8]) throws(BellError) -> MiniCircuitsReply? {
        let reply = try MiniCircuitsReply(report)
        if reply.code == request.code { return reply }
        guard dropped.count < MiniCircuitsExchange.limit else {
            throw BellError(
                .instrumentProtocol, "The box does not answer \(request.summary).",
                cause: "it sent \(dropped.count + 1) replies to other commands, the last to code \(reply.code)",
                fix: "unplug the box and plug it in again; another program must not use it at the same time")
        }
        dropped.append(reply)
        return nil
    }
}
