import BellCalibration
import BellModel

/// What a person, or a policy, wants calibrated.
struct CalibrationRequest: Equatable, Sendable {
    enum Mode: String, CaseIterable, Sendable {
        /// As little as is needed.
        case maintain
        /// Everything from nothing.
        case bringUp = "bring-up"
        /// Only look.
        case check
        /// What a campaign's policy found due; not for people.
        case tend
    }

    var mode: Mode
    /// See ``CalibrationGraph/items(named:node:)``.
    var words: [String] = []
    var node: Node?
    /// The named ones are calibrated even when they are fresh.
    var isForced = false
    /// In ``Mode/tend`` what is calibrated anyhow; the others are checked first.
    var calibrates: Set<CalibrationItem> = []
    /// Who accepts good proposals at once; nil: they wait for a person.
    var acceptedBy: String?
    /// For whom it is done.
    var person: String

    /// In a few words, for who asks meanwhile.
    var text: String {
        let what = words.isEmpty ? "everything" : words.joined(separator: ", ")
        let place = node.map { " at \($0.name)" } ?? ""
        return mode == .maintain ? what + place : "\(what)\(place) (\(mode.rawValue))"
    }
}

extension CalibrationRequest {
    /// Reads the members of `calibrate.run` and `calibrate.check`.
    init(_ reader: inout JSONReader, isCheck: Bool) throws(BellError) {
        let mode = isCheck ? Mode.check : try Self.mode(&reader)
        self.init(mode: mode, person: try Self.name(&reader, "by") ?? "somebody")
        words = try Self.words(&reader)
        if let name = try Self.name(&reader, "node") {
            guard let node = Node(name: name) else {
                throw Self.refusal("node", "There is no node \"\(name)\".", "give alice or bob")
            }
            self.node = node
        }
        guard !isCheck else { return }
        isForced = reader.optional("force")?.boolValue ?? false
        let accepts = reader.optional("accept")?.boolValue ?? (mode == .bringUp)
        if accepts { acceptedBy = mode == .bringUp ? Mode.bringUp.rawValue : person }
    }

    private static func mode(_ reader: inout JSONReader) throws(BellError) -> Mode {
        guard let name = try name(&reader, "mode") else { return .maintain }
        guard let mode = Mode(rawValue: name), mode != .check, mode != .tend else {
            throw refusal("mode", "There is no mode \"\(name)\".", "give maintain or bring-up")
        }
        return mode
    }

    private static func words(_ reader: inout JSONReader) throws(BellError) -> [String] {
        guard let value = reader.optional("what"), value != .null else { return [] }
        let words = value.arrayValue?.compactMap(\.stringValue)
        guard let words, words.count == value.arrayValue?.count, words.count <= 200 else {
            throw refusal("what", "\"what\" is a list of at most 200 names.", "see `bellctl calibrate routines`")
        }
        return words
    }

    /// A short text of one line; nil when it is not there.
    static func name(_ reader: inout JSONReader, _ key: String) throws(BellError) -> String? {
        guard let value = reader.optional(key), value != .null else { return nil }
        guard let text = value.stringValue, !text.isEmpty, text.count <= 80,
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) })
        else { throw refusal(key, "\"\(key)\" is a short text, found \(value.text.prefix(90)).", nil) }
        return text
    }

    private static func refusal(_ key: String, _ what: String, _ fix: String?) -> BellError {
        BellError(.jsonShape, what, at: "params.\(key)", state: "nothing was measured", fix: fix)
    }
}
