public import BellModel
import DriverKit

extension BellError.Code {
    /// A driver process did not answer in time; the link stays.
    public static let instrumentTimeout = BellError.Code("instrument.timeout", exit: .hardware)
    /// A driver process sent more than it was asked for; the link was closed.
    public static let instrumentFlood = BellError.Code("instrument.flood", exit: .hardware)
    /// A driver process has started anew since it was greeted.
    public static let instrumentRebooted = BellError.Code("instrument.rebooted", exit: .hardware)
    /// A driver process has ended while it was in use.
    public static let instrumentProcessEnded = BellError.Code("instrument.process-ended", exit: .hardware)
    /// A driver process of another version of the instrument protocol.
    public static let instrumentWrongVersion = BellError.Code("instrument.wrong-version", exit: .hardware)
    /// More calls wait for an instrument than can be.
    public static let instrumentBusy = BellError.Code("instrument.busy", exit: .hardware)
}

extension BellError {
    /// `instrument.protocol`: what came from a driver process cannot be read.
    static func unreadable(_ what: String, at name: String) -> BellError {
        BellError(
            .instrumentProtocol, "The driver's answer cannot be read: \(what).", at: name,
            fix: "compare the driver with docs/instrument-protocol.md")
    }
}

/// Makes text from another process fit for a terminal and a log: no control characters, bounded.
func shown(_ text: String, limit: Int = 300) -> String {
    let scalars = text.unicodeScalars.prefix(limit).map { scalar -> Unicode.Scalar in
        scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
            ? "\u{FFFD}" : scalar
    }
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
}
