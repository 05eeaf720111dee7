/// The routines that measure the timing budget's terms; switch-delay stands in ``RoutineTable``, before gated-path.
///
/// What they cannot: trigger_delay and the sum of a node's lines need a survey, rng_start, rng_correlation and rng_latency a
/// look at the generator.
enum TimingRoutines {
    static let all: [any CalibrationRoutine] = [
        ReadoutDelayRoutine(), DriveDelayRoutine(), LatchRoutine(), ClockAlignmentRoutine(), TriggerRoutine(),
    ]
}
