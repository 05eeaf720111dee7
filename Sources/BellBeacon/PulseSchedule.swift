public import BellModel

/// When pulses are due: at full multiples of the period, each at most once, none before the last that there is. Pure.
///
/// A pulse that cannot be given out within its period is left out; the next one says that there is a gap.
public struct PulseSchedule: Equatable, Sendable {
    /// What to do now.
    public enum Step: Equatable, Sendable {
        /// Nothing before this time.
        case wait(until: UTCTime)
        /// Give out the pulse with this time.
        case pulse(UTCTime)
    }

    /// Milliseconds.
    public let period: Int64
    /// The time of the next pulse.
    private var next: UTCTime

    /// Begins.
    ///
    /// - Parameter last: The time of the newest pulse there is, of any chain.
    public init(periodMilliseconds: Int64, now: UTCTime, last: UTCTime?) {
        precondition(periodMilliseconds > 0, "a period is longer than nothing")
        period = periodMilliseconds
        next = Self.first(notBefore: now, period)
        if let last { next = max(next, Self.first(notBefore: UTCTime(milliseconds: last.milliseconds + 1), period)) }
    }

    /// Looks at the clock, which may have been set; a time is handed out once.
    public mutating func step(now: UTCTime) -> Step {
        guard now >= next else { return .wait(until: next) }
        if now.milliseconds - next.milliseconds >= period {
            // Slept through it: a pulse says when it was given out, so that one is never made up later.
            next = Self.first(notBefore: now, period)
            if now < next { return .wait(until: next) }
        }
        let due = next
        next = UTCTime(milliseconds: due.milliseconds + period)
        return .pulse(due)
    }

    private static func first(notBefore time: UTCTime, _ period: Int64) -> UTCTime {
        let rest = time.milliseconds % period
        return UTCTime(milliseconds: rest == 0 ? time.milliseconds : time.milliseconds - rest + period)
    }
}
