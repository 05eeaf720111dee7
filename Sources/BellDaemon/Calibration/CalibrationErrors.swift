import BellModel

extension BellError.Code {
    /// A calibration is under way, or a campaign's block is open.
    static let calibrationBusy = BellError.Code("calibration.busy", exit: .usage)
    /// A person ended a calibration.
    static let calibrationCancelled = BellError.Code("calibration.cancelled", exit: .interrupted)
    /// The boards cannot play what a calibration needs.
    static let calibrationBoards = BellError.Code("calibration.boards", exit: .hardware)
    /// A routine asked for what cannot be performed.
    static let calibrationRoutine = BellError.Code("calibration.routine", exit: .internal)
    /// There is no calibration to end.
    static let calibrationNone = BellError.Code("calibration.none", exit: .usage)
}

extension BellError {
    /// What is always true when a calibration ends early.
    static let oldValuesStay = "the values in force are as they were accepted last; the boards' outputs are off"

    static let calibrationWasCancelled = BellError(
        .calibrationCancelled, "The calibration was cancelled.", state: oldValuesStay)
}
