import Glibc

/// The wall clock as ISO 8601 in UTC with milliseconds, for example `2026-11-21T11:15:24.751Z`.
public func wallClockISO8601() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return iso8601(seconds: now.tv_sec, nanoseconds: now.tv_nsec)
}

/// Writes a Unix time as ISO 8601 in UTC with milliseconds.
func iso8601(seconds: Int, nanoseconds: Int) -> String {
    var seconds = seconds
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let milliseconds = String(1000 + nanoseconds / 1_000_000).dropFirst()
    let date = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
    return "\(date)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(milliseconds)Z"
}

/// A clock that only goes forward, in nanoseconds from an arbitrary start; `CLOCK_MONOTONIC`.
public func monotonicNanoseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
}

/// The wall clock in seconds since 1970, for ages that people see; it can be set back.
public func wallClockSeconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}
