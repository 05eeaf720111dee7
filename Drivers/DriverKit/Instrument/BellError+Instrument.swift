public import BellModel

extension BellError.Code {
    /// Another kind of instrument stands at the address.
    public static let instrumentWrongDevice = BellError.Code("instrument.wrong-device", exit: .hardware)
    /// ``Instrument/connect()`` has not succeeded yet, or the link was lost.
    public static let instrumentNotConnected = BellError.Code("instrument.not-connected", exit: .hardware)
    /// The instrument has no such setting.
    public static let instrumentUnknownSetting = BellError.Code("instrument.unknown-setting", exit: .usage)
    /// A value outside of a setting's limits.
    public static let instrumentRange = BellError.Code("instrument.range", exit: .usage)
    /// A setting that can only be read.
    public static let instrumentReadOnly = BellError.Code("instrument.read-only", exit: .usage)
    /// The instrument reports another value than the one that was set.
    public static let instrumentReadBack = BellError.Code("instrument.read-back", exit: .hardware)
    /// The instrument's answer cannot be read, or is for another question.
    public static let instrumentProtocol = BellError.Code("instrument.protocol", exit: .hardware)
    /// The instrument reports an error of its own.
    public static let instrumentFault = BellError.Code("instrument.fault", exit: .hardware)
}

extension BellError {
    /// `instrument.unknown-setting`, with the nearest known key.
    public static func unknownSetting(_ key: String, of name: String, known: [String]) -> BellError {
        let near = nearestWord(to: key, among: known).map { "did you mean \"\($0)\"? " } ?? ""
        return BellError(
            .instrumentUnknownSetting, "\(name) has no setting \"\(key.prefix(40))\".", at: name,
            fix: near + "settings: \(known.joined(separator: ", "))")
    }
}
