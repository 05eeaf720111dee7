import BellModel
import Board
import DriverKit

/// Whose evidence an event is.
extension BoardEvent {
    /// The campaign that it is evidence of; nil for what concerns the link.
    var campaign: CampaignID? {
        switch self {
        case .trials(let campaign, _, _), .clock(let campaign, _, _, _), .armEnd(let campaign, _, _, _, _, _): campaign
        case .signature(let signature): signature.campaign
        case .connected, .disconnected, .replayEnd, .fault: nil
        }
    }

    var isDisconnection: Bool { if case .disconnected = self { true } else { false } }

    /// Its arm, and one past the last index that it is about.
    var place: (arm: UInt64, end: UInt64)? {
        switch self {
        case .trials(_, let arm, let chunk): (arm, chunk.range.upperBound)
        case .armEnd(_, let arm, let first, let count, _, _): (arm, first &+ UInt64(count))
        case .clock, .signature, .connected, .disconnected, .replayEnd, .fault: nil
        }
    }
}
