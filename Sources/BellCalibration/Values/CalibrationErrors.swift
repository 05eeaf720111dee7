public import BellModel

extension BellError.Code {
    /// A path names no quantity of the calibration files.
    public static let calibrationUnknown = BellError.Code("calibration.unknown", exit: .usage)
    /// A proposed value is no number, or cannot be that of its quantity.
    public static let calibrationValue = BellError.Code("calibration.value", exit: .experiment)
    /// A proposed value is outside the bounds that a person wrote into the file.
    public static let calibrationBounds = BellError.Code("calibration.bounds", exit: .experiment)
    /// A calibration file, or a value in it, is not what it was when the calibration began.
    public static let calibrationChanged = BellError.Code("calibration.changed", exit: .usage)
    /// A calibration file is laid out in a way that cannot be changed without touching more than the value.
    public static let calibrationLayout = BellError.Code("calibration.layout", exit: .usage)
    /// The history file is none, is of a newer version, or has other tables.
    public static let calibrationHistory = BellError.Code("calibration.history", exit: .dataIntegrity)
    /// No run of that name, or one that cannot do what was asked.
    public static let calibrationRun = BellError.Code("calibration.run", exit: .usage)
}
