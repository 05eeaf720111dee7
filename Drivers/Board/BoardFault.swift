public import BellModel
public import DriverKit

/// What is wrong at a board or with what it sends, while the connection stays.
public enum BoardFault: Equatable, Sendable {
    /// The board says so itself.
    case reported(FaultReport)
    /// The board refused something that nobody waits for an answer of, for example an ACK.
    case refused(ErrorReport)
    /// Bytes that are no message; dropped. Lost data are asked for again.
    case garbled(FrameError)
    /// Data differ from what the board sent before for the same place; the later ones are dropped.
    case contradiction(type: MessageType, campaign: CampaignID, arm: UInt64, firstIndex: UInt64)
    /// Records lie outside of their arm, or a record's own index is not its place; dropped.
    case outOfRange(type: MessageType, campaign: CampaignID, arm: UInt64, firstIndex: UInt64)
    /// Data of a campaign or arm that is not armed, outside of a replay; dropped.
    case foreign(type: MessageType, campaign: CampaignID, arm: UInt64)
    /// A message that only a host sends; dropped.
    case unexpected(MessageType)
    /// So many further faults came within a second.
    case suppressed(count: UInt64)
}

extension BoardFault {
    /// The error for logs and people.
    public func bellError(at place: String) -> BellError {
        switch self {
        case .reported(let report):
            BellError(
                .boardHardware, "The board reports a fault (code \(report.code.rawValue)): \(report.text)",
                at: "\(place), tick \(report.tick)",
                state: report.severity == .stopped ? "the board has stopped its arm" : "the board goes on")
        case .refused(let report):
            BellError(.boardRefused, "The board refused a message: \(report.text)", at: place, cause: report.code.name)
        case .garbled(let error): error.bellError(at: place)
        case .contradiction(let type, let campaign, let arm, let first):
            BellError(
                .boardContradiction, "\(type.name) repeats index \(first) with other content.",
                at: "\(place), campaign \(campaign), arm \(arm)", state: "the first content is kept")
        case .outOfRange(let type, let campaign, let arm, let first):
            BellError(
                .boardContradiction, "\(type.name) at index \(first) does not fit into its arm.",
                at: "\(place), campaign \(campaign), arm \(arm)", state: "the message is dropped")
        case .foreign(let type, let campaign, let arm):
            BellError(
                .boardContradiction, "\(type.name) is of an arm that was not armed.",
                at: "\(place), campaign \(campaign), arm \(arm)", state: "the message is dropped")
        case .unexpected(let type):
            BellError(.boardProtocol, "The board sent \(type.name), which only a host sends.", at: place)
        case .suppressed(let count):
            BellError(.boardProtocol, "\(count) further faults within a second are not listed.", at: place)
        }
    }
}
