/// How far the gauges' time is ahead of the trials': a fridge warms and cools also while nothing is played.
///
/// Otherwise a campaign that waits for a fridge would wait for ever, because a simulated laboratory's time moves with trials and
/// shots. The qubits stand still all the same, so that a seed and the same requests give the same records.
struct GaugeRest: Sendable {
    /// Wall nanoseconds at which something was played last; nil before the first time: an evening does not pass before
    /// anybody begins.
    private var played: UInt64?
    /// Rests that are over, in picoseconds.
    private var past: UInt64 = 0

    /// Between two blocks files are written and values fitted, which is no rest: 2 s.
    static let grace: UInt64 = 2_000_000_000

    /// Laboratory time in picoseconds that passed while nothing was played.
    ///
    /// - Parameter now: Monotonic wall time in nanoseconds.
    func picoseconds(now: UInt64) -> UInt64 {
        guard let played, now > played, now - played > Self.grace else { return past }
        // At most 10^16 ns, which are 115 days, so that it fits in picoseconds.
        let rest = min(now - played - Self.grace, 10_000_000_000_000_000) * 1000
        return past.addingReportingOverflow(rest).overflow ? past : past + rest
    }

    /// Something is played at `now`.
    mutating func end(now: UInt64) {
        past = picoseconds(now: now)
        played = now
    }
}
