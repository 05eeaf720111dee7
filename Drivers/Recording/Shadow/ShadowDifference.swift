public import BellModel

/// Something in which a shadow board does not do what the board beside it does.
public struct ShadowDifference: Equatable, Sendable {
    /// What is different.
    public enum What: String, CaseIterable, Sendable {
        /// The kind of answer: one of them refused, or answered with another message.
        case answer
        /// Both refused, with other codes.
        case errorCode = "error code"
        /// One of them did not answer.
        case noAnswer = "no answer"
        /// A limit or rate in CAPABILITIES.
        case capabilities
        /// Size or checksum of the program that was read back.
        case program
        /// The order in ARMED.
        case armed
        /// State, flags or arm of STATUS while nothing was going on.
        case status
        /// The number of points or bits that were asked for.
        case amount
        /// How an arm ended, and which records it made.
        case arm
        /// Ticks from start to stop event.
        case stopDelta = "stop delta"
        /// What came from the shadow is no message.
        case unreadable
    }

    public var what: What
    /// Of which request or arm, for example `ARM 7` or `arm 7: records`.
    public var subject: String
    public var primary: String
    public var shadow: String

    public init(_ what: What, _ subject: String, primary: String, shadow: String) {
        self.what = what
        self.subject = subject
        self.primary = primary
        self.shadow = shadow
    }

    /// One line for people.
    public var text: String { "\(what.rawValue): \(subject): board \(primary), shadow \(shadow)" }
}

/// What shadow mode has to tell.
public enum ShadowNotice: Equatable, Sendable {
    case difference(ShadowDifference)
    /// Said once: arms of the shadow are not started, because its partner is no shadow; they are not compared.
    case notComparable(arm: UInt64)
    /// The shadow was given up; the board beside it goes on.
    case dropped(BellError)
}

/// Shadow mode in numbers.
public struct ShadowSummary: Equatable, Sendable {
    /// Answers that were compared.
    public var answers: UInt64 = 0
    /// Arms that were compared, and arms that could not be.
    public var arms: UInt64 = 0
    public var incomparableArms: UInt64 = 0
    /// Differences by kind, those that were not told one by one included.
    public var differences: [ShadowDifference.What: UInt64] = [:]
    /// Median time to an answer over the last 1024, for information; nil before the first.
    public var primaryLatency: Duration?
    public var shadowLatency: Duration?

    public init() {}
}

/// What shadow mode allows.
public struct ShadowOptions: Hashable, Sendable {
    /// Ticks by which least and largest stop delta of an arm may differ.
    public var stopTolerance: UInt32
    /// How long an answer or an arm's end of the shadow may stay out after the primary's.
    public var patience: Duration
    /// How long an arm without a record at the shadow is waited for, the first time.
    public var grace: Duration
    /// Bytes that may wait for the shadow before it is given up.
    public var waiting: Int

    public init(
        stopTolerance: UInt32 = 8, patience: Duration = .seconds(10), grace: Duration = .seconds(2),
        waiting: Int = 64 << 20
    ) {
        self.stopTolerance = stopTolerance
        self.patience = patience
        self.grace = grace
        self.waiting = waiting
    }
}
