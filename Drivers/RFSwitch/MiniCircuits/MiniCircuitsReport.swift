public import BellModel
import DriverKit

/// One 64-byte report to a Mini-Circuits box: a command code, then its arguments or an ASCII text, then zeros.
///
/// HID without numbered reports, so the code is the first byte on the wire (public drivers: storborg/pyminicircuits,
/// loganrf/MC_Switch_Linux).
public struct MiniCircuitsRequest: Equatable, Sendable {
    /// Bytes of every report, both ways.
    public static let size = 64
    /// Asks for the model as text. The only command that every box takes in one meaning; always sent first.
    public static let model = MiniCircuitsRequest(code: 40)
    /// Asks for the serial number as text.
    public static let serial = MiniCircuitsRequest(code: 41)
    /// Asks for the firmware: two characters in bytes 5 and 6 of the reply.
    public static let firmware = MiniCircuitsRequest(code: 99)

    /// All 64 bytes.
    public let bytes: [UInt8]
    /// For errors: `code 15`, `code 1 ":SP8T:STATE?"`.
    public let summary: String

    /// The command code, which the reply repeats.
    public var code: UInt8 { bytes[0] }

    /// A binary command; arguments past byte 63 are a defect of the caller.
    init(code: UInt8, _ arguments: UInt8...) {
        precondition(arguments.count < MiniCircuitsRequest.size)
        let padding = [UInt8](repeating: 0, count: MiniCircuitsRequest.size - 1 - arguments.count)
        bytes = [code] + arguments + padding
        summary = "code \(code)" + arguments.map { " \($0)" }.joined()
    }

    /// A text command.
    ///
    /// - Throws: `instrument.protocol` for a text that is not ASCII or has more than 63 bytes (nothing was sent).
    init(code: UInt8, text: String) throws(BellError) {
        guard text.utf8.count < MiniCircuitsRequest.size, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            throw BellError(
                .instrumentProtocol, "The command \"\(text.prefix(80))\" does not fit into a report.",
                cause: "a report carries 1 … 63 ASCII characters", fix: "mend the model's row in the table of models")
        }
        let padding = [UInt8](repeating: 0, count: MiniCircuitsRequest.size - 1 - text.utf8.count)
        bytes = [code] + Array(text.utf8) + padding
        summary = "code \(code) \"\(text)\""
    }
}

/// One 64-byte report from a box: the command's code again, then data.
public struct MiniCircuitsReply: Equatable, Sendable {
    public let bytes: [UInt8]

    /// - Throws: `instrument.protocol` unless it is 64 bytes long.
    public init(_ bytes: [UInt8]) throws(BellError) {
        guard bytes.count == MiniCircuitsRequest.size else {
            throw BellError(
                .instrumentProtocol, "A reply has \(bytes.count) bytes instead of \(MiniCircuitsRequest.size).",
                fix: "unplug the box and plug it in again; if it stays so, it is not a Mini-Circuits box")
        }
        self.bytes = bytes
    }

    /// The code of the command that is answered.
    public var code: UInt8 { bytes[0] }

    /// The text from byte 1 to a NUL, a 0xFF or the end.
    ///
    /// - Throws: `instrument.protocol` when it is empty or not printable ASCII.
    public func text() throws(BellError) -> String {
        let text = bytes.dropFirst().prefix { $0 != 0 && $0 != 0xFF }
        guard !text.isEmpty, text.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            throw BellError(
                .instrumentProtocol, "The reply to code \(code) is no text.",
                cause: "it begins with the bytes \(bytes.prefix(8).map(String.init).joined(separator: " "))",
                fix: "unplug the box and plug it in again")
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The two characters of a firmware reply (code 99).
    ///
    /// - Throws: `instrument.protocol` when they are not printable ASCII.
    public func firmware() throws(BellError) -> String {
        let text = bytes[5...6]
        guard text.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw BellError(
                .instrumentProtocol, "The firmware version is no text.",
                cause: "bytes 5 and 6 of the reply are \(bytes[5]) and \(bytes[6])",
                fix: "unplug the box and plug it in again")
        }
        return String(decoding: text, as: UTF8.self)
    }
}
