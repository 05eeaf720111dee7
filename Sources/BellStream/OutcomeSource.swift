public import BellModel

/// One thing the stream tells of a campaign, after its BEGIN.
public enum StreamItem: Equatable, Sendable {
    case outcomes(OutcomesFrame)
    case blockEnd(BlockEnd)
    case end(CampaignEnd)

    /// The item as a frame.
    public func frame(of campaign: CampaignID) -> StreamFrame {
        switch self {
        case .outcomes(let outcomes): .outcomes(campaign, outcomes)
        case .blockEnd(let block): .blockEnd(campaign, block)
        case .end(let end): .end(campaign, end)
        }
    }
}

/// A place between two items of a campaign's stream.
public struct StreamPosition: Equatable, Sendable {
    /// Index of the next trial.
    public var nextIndex: UInt64
    /// Number of the last block whose end was taken since the stream was (re)started here; nil after a restart, and
    /// then block ends at exactly ``nextIndex`` are given again.
    public var lastBlock: UInt64?
    /// Whether the campaign's end was taken.
    public var ended: Bool

    public init(nextIndex: UInt64, lastBlock: UInt64? = nil, ended: Bool = false) {
        self.nextIndex = nextIndex
        self.lastBlock = lastBlock
        self.ended = ended
    }

    /// Whether an item may follow here. Block ends may be given again, but not from before this place.
    public func accepts(_ item: StreamItem) -> Bool {
        if ended { return false }
        return switch item {
        case .outcomes(let outcomes): outcomes.firstIndex == nextIndex
        case .blockEnd(let block): block.nextIndex == nextIndex && (lastBlock.map { block.number > $0 } ?? true)
        case .end(let end): end.nextIndex == nextIndex
        }
    }

    /// The place after an item.
    public mutating func advance(over item: StreamItem) {
        switch item {
        case .outcomes(let outcomes): nextIndex = outcomes.nextIndex
        case .blockEnd(let block): lastBlock = block.number
        case .end: ended = true
        }
    }
}

/// What the outcome server sends from: the journals' outboxes.
///
/// All calls come from the server's own queue, one at a time, and may block on the disk. The server keeps no items: it
/// asks again after every reconnect, so whatever was not acknowledged must still be there.
public protocol OutcomeSource: Sendable {
    /// Campaigns whose end is not acknowledged, oldest first; interrupted and running ones included.
    func campaigns() throws(BellError) -> [CampaignID]

    /// The campaign's BEGIN; always the same.
    func begin(of campaign: CampaignID) throws(BellError) -> CampaignBegin

    /// The next items after a place, in their order; empty when there is nothing more yet.
    ///
    /// The order is: the ends of blocks that end at `position.nextIndex` and come after `position.lastBlock`; the arm
    /// that begins there; and so on; at last, once the campaign is final, its end.
    ///
    /// - Parameter limit: Stop once this many frames or bytes are reached; but give at least one item if there is one.
    /// - Throws: `stream.source` when the index is past everything that was ever committed.
    func items(
        of campaign: CampaignID, after position: StreamPosition, limit: StreamCredit
    ) throws(BellError) -> [StreamItem]

    /// Everything below `nextIndex` is on the certifier's disk; with `end`, its certificate, too.
    ///
    /// Comes again after restarts, also with a lower index; only a higher one is news.
    func acknowledged(_ campaign: CampaignID, nextIndex: UInt64, end: Bool) throws(BellError)
}
