public import BellModel

/// How far a certifier is with a campaign, as read from its own disk.
public struct OutcomeProgress: Equatable, Sendable {
    /// Everything below is stored.
    public var nextIndex: UInt64
    /// Where the last stored block ends; the next block must begin here.
    public var blocksEnd: UInt64
    /// The campaign's end is stored and the certificate is written.
    public var isFinished: Bool

    public init(nextIndex: UInt64 = 0, blocksEnd: UInt64 = 0, isFinished: Bool = false) {
        self.nextIndex = nextIndex
        self.blocksEnd = blocksEnd
        self.isFinished = isFinished
    }
}

/// Where the outcome client puts what it receives: the certifier's own database.
///
/// All calls come from the thread that runs ``OutcomeClient/run(while:)``. An error with the exit code `dataIntegrity`
/// refuses the campaign; any other one (a full disk) makes the client call ``abandon()`` and try again later.
public protocol OutcomeSink: AnyObject {
    /// Opens what is stored of a campaign, or creates it.
    ///
    /// - Throws: `stream.contradiction` when the BEGIN is another than the stored one.
    func begin(_ campaign: CampaignID, _ begin: CampaignBegin) throws(BellError) -> OutcomeProgress

    /// Stores an arm; it begins exactly where the stored ones end.
    func store(_ campaign: CampaignID, _ outcomes: OutcomesFrame) throws(BellError)

    /// Compares an arm that came again with the stored one.
    ///
    /// - Throws: `stream.contradiction` when they differ.
    func check(_ campaign: CampaignID, _ outcomes: OutcomesFrame) throws(BellError)

    /// Stores a block's end, or compares it when a block of that number is stored.
    ///
    /// - Throws: `stream.contradiction` when it differs from what was stored or counted.
    func store(_ campaign: CampaignID, _ block: BlockEnd) throws(BellError)

    /// Stores the end, issues the certificate and writes it; everything is on disk when this returns.
    func finish(_ campaign: CampaignID, _ end: CampaignEnd) throws(BellError)

    /// Makes everything stored so far durable.
    func commit() throws(BellError)

    /// Forgets what was not committed; ``begin(_:_:)`` follows before anything else.
    func abandon()
}
