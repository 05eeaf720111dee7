public import BellModel
import DriverKit

/// One message of a driver process, read as bytes that may be hostile.
///
/// - SeeAlso: docs/instrument-protocol.md, "Messages".
public struct InstrumentAnswer: Equatable, Sendable {
    /// The largest message in either direction, in bytes.
    public static let maximumSize = 65_536

    public var id: Int64
    /// The boot of the process that answered.
    public var bootID: String
    public var result: Result<JSON, BellError>

    /// Reads a message.
    ///
    /// - Parameter name: The device's name, which errors are to say.
    /// - Throws: `instrument.protocol` for anything but an object with a whole `id`, a `boot_id` of 1 to 64 visible
    ///   characters, and either `result` (an object) or `error` (an object with `code` and `what`).
    public init(_ bytes: [UInt8], from name: String) throws(BellError) {
        guard bytes.count <= InstrumentAnswer.maximumSize else {
            throw .unreadable(
                "it has \(bytes.count) bytes, at most \(InstrumentAnswer.maximumSize) are allowed", at: name)
        }
        let json: JSON
        do throws(BellError) { json = try JSON(parsing: bytes, source: "message") } catch {
            throw .unreadable("it is not JSON (\(error.place ?? "message"))", at: name)
        }
        guard let id = json["id"]?.intValue else { throw .unreadable("it has no whole number as id", at: name) }
        guard let bootID = json["boot_id"]?.stringValue, (1...64).contains(bootID.utf8.count),
            bootID.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .unreadable("it has no boot_id of 1 to 64 visible characters", at: name) }
        self.id = id
        self.bootID = bootID
        switch (json["result"], json["error"]) {
        case (let result?, nil):
            guard result.objectValue != nil else { throw .unreadable("its result is not an object", at: name) }
            self.result = .success(result)
        case (nil, let error?):
            guard let code = error["code"]?.stringValue, let what = error["what"]?.stringValue else {
                throw .unreadable("its error has no code and what", at: name)
            }
            func part(_ key: String) -> String? { error[key]?.stringValue.map { shown($0) } }
            self.result = .failure(
                BellError(
                    InstrumentAnswer.code(code), shown(what),
                    at: [name, part("where")].compactMap(\.self).joined(separator: ": "),
                    cause: part("cause"), state: part("state"), fix: part("fix")))
        default: throw .unreadable("it has not either a result or an error", at: name)
        }
    }

    /// The driver's code when it is of the form `area.reason`, else `instrument.fault`. The exit status is never the
    /// driver's to choose.
    private static func code(_ name: String) -> BellError.Code {
        let known: [BellError.Code] = [
            .instrumentUnknownSetting, .instrumentRange, .instrumentReadOnly, .instrumentReadBack,
        ]
        if let code = known.first(where: { $0.name == name }) { return code }
        let isSound =
            (1...64).contains(name.utf8.count) && name.contains(".")
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2E || $0 == 0x2D
            }
        return isSound ? BellError.Code(name, exit: .hardware) : .instrumentFault
    }
}
