import BellCalibration
import BellModel

/// What can be calibrated, where results go, and how experiments become programs; tests hand in their own.
struct CalibrationKit: Sendable {
    var shelf: RoutineShelf
    var book: any CalibrationBook
    /// Asked once a calibration, so that files are read anew for each.
    var compile: @Sendable () -> ExperimentRunner.Compile
}
