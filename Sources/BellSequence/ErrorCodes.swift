public import BellModel

extension BellError.Code {
    /// A calibrated value that the sequence needs is missing.
    public static let calibrationMissing = BellError.Code("calibration.missing", exit: .usage)
    /// A calibration file belongs to another laboratory or node.
    public static let calibrationForeign = BellError.Code("calibration.foreign", exit: .usage)
    /// A switch that the host sets over USB is named as the setting switch.
    public static let labSettingSwitch = BellError.Code("lab.setting-switch", exit: .usage)
    /// A laboratory file names a device or a node wrongly.
    public static let labDevice = BellError.Code("lab.device", exit: .usage)
    /// An operation refers to one that does not exist, or in a circle.
    public static let sequenceReference = BellError.Code("sequence.reference", exit: .usage)
    /// An operation is missing, repeated or at the wrong node.
    public static let sequenceOperations = BellError.Code("sequence.operations", exit: .usage)
    /// Operations overlap or stand in an order that cannot work.
    public static let sequenceOrder = BellError.Code("sequence.order", exit: .usage)
    /// A time does not fall on the board's tick or sample grid.
    public static let sequenceGrid = BellError.Code("sequence.grid", exit: .usage)
    /// A board cannot hold or play the program.
    public static let sequenceLimits = BellError.Code("sequence.limits", exit: .usage)
    /// A pulse would need more than the channel's full scale.
    public static let sequenceAmplitude = BellError.Code("sequence.amplitude", exit: .usage)
    /// The nodes' events cannot be space-like separated with the margin that the plan asks for.
    public static let sequenceLocality = BellError.Code("sequence.locality", exit: .usage)
}
