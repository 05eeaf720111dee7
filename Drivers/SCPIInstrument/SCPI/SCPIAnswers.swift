public import BellModel
import DriverKit

/// The four fields of `*IDN?` (IEEE 488.2-1992, section 10.14).
public struct SCPIIdentity: Equatable, Sendable {
    public var manufacturer: String
    public var model: String
    /// `0` when the instrument does not say.
    public var serial: String
    /// `0` when the instrument does not say.
    public var firmware: String

    public init(manufacturer: String, model: String, serial: String, firmware: String) {
        self.manufacturer = manufacturer
        self.model = model
        self.serial = serial
        self.firmware = firmware
    }

    /// Reads an answer. Commas in the last field belong to it; missing last fields become `0`.
    ///
    /// - Throws: `instrument.protocol` when there are not even manufacturer and model.
    public init(parsing text: String) throws(BellError) {
        let parts = text.split(separator: ",", maxSplits: 3, omittingEmptySubsequences: false)
        let fields = parts.map { SCPIText.trimmed(String($0.prefix(200))) }
        guard fields.count >= 2, !fields[0].isEmpty, !fields[1].isEmpty else {
            throw .scpi("\"\(SCPIText.printable(text.utf8.prefix(60)))\" is no answer to *IDN?")
        }
        self.init(
            manufacturer: fields[0], model: fields[1], serial: fields.count > 2 ? fields[2] : "0",
            firmware: fields.count > 3 ? fields[3] : "0")
    }
}

/// One entry of an instrument's error queue, as `SYST:ERR?` gives it.
///
/// - SeeAlso: SCPI-1999 volume 2, section 21.8.
public struct SCPIError: Equatable, Sendable {
    /// Negative for the standard's errors, positive for the instrument's own; 0 for none.
    public var code: Int
    public var text: String

    public init(code: Int, text: String) {
        self.code = code
        self.text = text
    }

    /// Reads `-113,"Undefined header"`.
    ///
    /// - Throws: `instrument.protocol`.
    public init(parsing answer: String) throws(BellError) {
        let parts = answer.split(separator: ",", maxSplits: 1)
        let number = SCPIText.trimmed(String(parts.first ?? ""))
        guard let code = Int(number), (-32768...32768).contains(code) else {
            throw .scpi("\"\(SCPIText.printable(answer.utf8.prefix(60)))\" is no answer to SYST:ERR?")
        }
        let words = parts.count > 1 ? SCPIText.trimmed(String(parts[1].prefix(300))) : ""
        self.init(code: code, text: String(words.drop { $0 == "\"" }.reversed().drop { $0 == "\"" }.reversed()))
    }

    /// `-113 Undefined header`.
    public var line: String { text.isEmpty ? "\(code)" : "\(code) \(SCPIText.printable(text.utf8.prefix(255)))" }
}
