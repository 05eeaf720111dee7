public import BellModel

extension BellError.Code {
    /// A file that is no recording, or one of a newer format.
    public static let recordingFormat = BellError.Code("recording.format", exit: .usage)
    /// A recording that is damaged in its middle.
    public static let recordingDamaged = BellError.Code("recording.damaged", exit: .dataIntegrity)
    /// A recording cannot be written.
    public static let recordingWrite = BellError.Code("recording.write", exit: .hardware)
    /// The disk is slower than the device.
    public static let recordingSlow = BellError.Code("recording.slow", exit: .hardware)
    /// A recording of the device is under way already.
    public static let recordingBusy = BellError.Code("recording.busy", exit: .usage)
    /// What the driver does is not what was recorded.
    public static let replayDivergence = BellError.Code("replay.divergence", exit: .experiment)
    /// The recording has no further connection.
    public static let replayExhausted = BellError.Code("replay.exhausted", exit: .experiment)
    /// A recording of one kind of device cannot serve another kind.
    public static let replayKind = BellError.Code("replay.kind", exit: .usage)
    /// A shadow was given up.
    public static let shadowDropped = BellError.Code("shadow.dropped", exit: .hardware)
}
