/// How a driver process is watched and started again; times in nanoseconds of a monotonic clock.
public struct SupervisionPolicy: Hashable, Sendable {
    /// From an answer to the next question: 30 s.
    public var interval: UInt64
    /// How long an answer may take before the question is asked again: 5 s.
    public var patience: UInt64
    /// Questions in a row without an answer after which the process is started anew: 3.
    public var silences: Int
    /// How long a process that was just started may stay silent: 120 s, for a board that loads its gateware first.
    public var startPatience: UInt64
    /// From SIGTERM to SIGKILL: 5 s.
    public var grace: UInt64

    public init(
        interval: UInt64 = 30_000_000_000, patience: UInt64 = 5_000_000_000, silences: Int = 3,
        startPatience: UInt64 = 120_000_000_000, grace: UInt64 = 5_000_000_000
    ) {
        self.interval = interval
        self.patience = patience
        self.silences = max(1, silences)
        self.startPatience = startPatience
        self.grace = grace
    }
}

/// How long to wait before a driver process is started again: 1 s, then 1.5 times as long each time, at most 60 s.
///
/// In seconds: 1, 1.5, 2.25, 3.375, 5.0625, 7.59375, 11.390625, 17.0859375, 25.62890625, 38.443359375,
/// 57.665039062 (whole nanoseconds, rounded down), then 60 each. It begins anew after 5 min of health. Pure.
public struct DriverBackoff: Equatable, Sendable {
    /// 1 s.
    public static let first: UInt64 = 1_000_000_000
    /// 60 s: an instrument is missed for a minute at most, and a defect makes 480 starts in a night of 8 h.
    public static let longest: UInt64 = 60_000_000_000
    /// 5 min between the first and the last answer of one process.
    public static let healthy: UInt64 = 300_000_000_000

    private var next = DriverBackoff.first

    public init() {}

    /// The wait before the next start, after a process that had answered for `health` nanoseconds.
    public mutating func delay(health: UInt64) -> UInt64 {
        if health >= DriverBackoff.healthy { next = DriverBackoff.first }
        let delay = next
        next = min(next + next / 2, DriverBackoff.longest)
        return delay
    }
}
