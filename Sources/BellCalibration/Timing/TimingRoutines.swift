/// The routines that measure the timing budget's terms.
///
/// What they cannot: trigger_delay and the sum of a node's lines need a survey, rng_start, rng_correlation and rng_latency a
/// look at the generator, and trigger_jitter the boards' clock records, which no ``Measurement`` holds.
enum TimingRoutines {
    static let all: [any CalibrationRoutine] = [
        SwitchDelayRoutine(), ReadoutDelayRoutine(), DriveDelayRoutine(), LatchRoutine(), ClockAlignmentRoutine(),
    ]
}
