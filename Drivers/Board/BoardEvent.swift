public import BellModel
public import DriverKit

/// What a board reports, checked against its arm and freed of repetitions.
public enum BoardEvent: Equatable, Sendable {
    /// The board answered HELLO; everything unacknowledged follows, then ``replayEnd(_:)``.
    /// `isReboot`: its boot is another one than at this driver's last connection.
    case connected(Capabilities, isReboot: Bool)
    /// Records of one arm, each index delivered once; in any order of chunks.
    case trials(campaign: CampaignID, arm: UInt64, HalfChunk)
    /// Clock records of one arm, each pulse delivered once.
    case clock(campaign: CampaignID, arm: UInt64, bootID: UInt64, [ClockRecord])
    /// A signature of one chunk, not verified here.
    case signature(ChunkSignature)
    /// The arm is over, delivered once: after all `made` records from `first` on were delivered, or, when some are
    /// lost, right before ``replayEnd(_:)``.
    case armEnd(
        campaign: CampaignID, arm: UInt64, first: UInt64, count: UInt32, made: UInt32, reason: ArmEnd.Reason)
    /// Everything that the board had kept has been delivered; what is still missing of an arm that the status does not
    /// name as armed will not come. Also delivered when the link repaired a gap by itself.
    case replayEnd(BoardStatus)
    /// Something is wrong; the connection stays.
    case fault(BoardFault)
    /// The connection is gone; `connect()` makes a new one.
    case disconnected(BellError)
}
