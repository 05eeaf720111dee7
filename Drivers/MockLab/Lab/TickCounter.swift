import BellModel

/// A board's free-running tick counter as a function of laboratory time.
///
/// Laboratory time is in whole picoseconds since the laboratory's start; it advances by the trial period a trial,
/// whatever the pace. The counter starts at `offset` and runs at the nominal rate × (1 + drift).
struct TickCounter: Equatable, Sendable {
    /// Counter at laboratory time 0, modulo 2^64.
    private var offset: UInt64
    /// Ticks a picosecond in units of 2^-64.
    private let slope: UInt64

    /// - Parameters:
    ///   - drift: Relative deviation of the board's oscillator, for example 50e-9; at most 0.001 in size.
    ///   - start: Counter at laboratory time `since`.
    init(rate: TickRate, drift: Double, start: UInt64, since: UInt64) {
        let limited = min(max(drift, -0.001), 0.001)
        // 2^64 / 10^12 × rate; at most 1 THz × 1.001, clamped below 2^64.
        slope = UInt64(min(rate.hertz * (1 + limited) * 18_446_744.073_709_551_616, 18_446_744_073_709_549_568))
        offset = 0
        offset = start &- tick(at: since)
    }

    /// The count at a laboratory time in picoseconds.
    @inline(__always)
    func tick(at time: UInt64) -> UInt64 { offset &+ time.multipliedFullWidth(by: slope).high }

    /// Lets the counter jump.
    mutating func slip(by ticks: Int64) { offset = offset &+ UInt64(bitPattern: ticks) }
}
