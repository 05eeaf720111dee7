/// Where a campaign stands, as `bellctl status`, the journal and the telemetry name it.
public enum CampaignState: String, CaseIterable, Sendable {
    /// Its plan is sealed, and nothing was begun; only a person starts it.
    case sealed
    /// Boards are being connected, or a block is being opened.
    case preparing
    /// Arms are being run.
    case running
    /// Something failed; it is retried with back-off and the campaign goes on by itself.
    case suspended
    /// A person paused it; stays so when the daemon ends and starts again.
    case paused
    /// No trial is started any more; the certifier has not confirmed the end.
    case finishing
    /// Ended by Ctrl-C or SIGTERM before its last trial; it can be resumed and has no certificate.
    case interrupted
    /// Ended by a person before n; the trials not run are losses.
    case stopped
    /// All n trials were started, or the sealed stop rule was met, and the certifier has them all.
    case completed
    /// Given up by a person before its end, or before its beginning: no certificate, and listed for ever.
    case abandoned

    /// Whether the campaign is over for good.
    public var isFinal: Bool { self == .stopped || self == .completed || self == .abandoned }
}

/// One trigger run that has been committed: its indices count from the moment the commit was on disk.
public struct Arm: Equatable, Sendable {
    /// Place in the campaign, from 0.
    public var number: UInt64
    /// The block's number.
    public var block: UInt64
    public var firstIndex: UInt64
    public var count: UInt32

    public init(number: UInt64, block: UInt64, firstIndex: UInt64, count: UInt32) {
        self.number = number
        self.block = block
        self.firstIndex = firstIndex
        self.count = count
    }

    public var range: Range<UInt64> { firstIndex..<firstIndex + UInt64(count) }
}

/// What a person or the system asked for while an action was under way.
public struct CampaignRequests: Equatable, Sendable {
    public var pause = false
    public var stop = false
    /// How many times Ctrl-C or SIGTERM came: one ends after the block, two after the arm.
    public var interrupts = 0
    /// How many times a person asked to go on: what waits for its next attempt makes it now.
    public var resumes = 0
    public init() {}

    /// Whether nothing is asked that keeps the campaign from going on.
    public var isQuiet: Bool { !pause && !stop && interrupts == 0 }
}
