/// A board's counter in made-up trials.
struct SyntheticClock {
    /// The counter at pulse 0.
    var zero: UInt64
    /// Ticks from pulse to pulse.
    var period: UInt64
    /// Pulses after which the counter has gained one more tick; nil for a clock without drift.
    var driftEvery: UInt64?

    /// The counter when a pulse arrives.
    func tick(at pulse: UInt64) -> UInt64 {
        zero &+ pulse &* period &+ (driftEvery.map { pulse / $0 } ?? 0)
    }
}
