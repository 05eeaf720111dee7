public import BellModel
public import DriverKit

/// What a driver process says of itself and its instrument: the result of `hello`.
///
/// - SeeAlso: docs/instrument-protocol.md, "hello".
public struct InstrumentHello: Equatable, Sendable {
    /// The version that this code speaks.
    public static let version: Int64 = 1
    /// Settings that a driver may declare, and choices that a setting may have.
    static let limit = 256

    public var identity: InstrumentIdentity
    /// In the order in which the driver declared them; keys are unique.
    public var settings: [InstrumentSetting]

    public init(identity: InstrumentIdentity, settings: [InstrumentSetting]) {
        self.identity = identity
        self.settings = settings
    }

    /// Reads the result of `hello`; everything in it may be hostile.
    ///
    /// - Throws: `instrument.wrong-version`; `instrument.protocol` naming the member that is missing or out of its range.
    public init(json: JSON, of name: String) throws(BellError) {
        guard let version = json["protocol"]?.intValue else {
            throw .unreadable("hello has no protocol version", at: name)
        }
        guard version == InstrumentHello.version else {
            throw BellError(
                .instrumentWrongVersion,
                "The driver speaks version \(version) of the instrument protocol, belld version \(InstrumentHello.version).",
                at: name, fix: "use a driver and a belld of the same age")
        }
        let identity = json["identity"]
        func text(_ key: String) throws(BellError) -> String {
            guard let text = identity?[key]?.stringValue else {
                throw .unreadable("hello has no identity.\(key)", at: name)
            }
            return shown(text, limit: 100)
        }
        guard let isSimulated = identity?["simulated"]?.boolValue else {
            throw .unreadable("hello does not say whether the instrument is simulated", at: name)
        }
        self.identity = InstrumentIdentity(
            vendor: try text("vendor"), model: try text("model"), serial: try text("serial"),
            firmware: try text("firmware"), isSimulated: isSimulated)
        guard let list = json["settings"]?.arrayValue, list.count <= InstrumentHello.limit else {
            throw .unreadable("hello has no list of at most \(InstrumentHello.limit) settings", at: name)
        }
        settings = []
        var keys: Set<String> = []
        for item in list {
            let setting = try InstrumentSetting(json: item, of: name)
            guard keys.insert(setting.key).inserted else {
                throw .unreadable("the setting \(setting.key) is declared twice", at: name)
            }
            settings.append(setting)
        }
    }
}

extension InstrumentSetting {
    /// Reads one declaration of `hello`.
    init(json: JSON, of name: String) throws(BellError) {
        guard let key = json["key"]?.stringValue, InstrumentSetting.isKey(key) else {
            throw .unreadable("a setting's key is not of lower-case letters, digits and _", at: name)
        }
        func bad(_ what: String) -> BellError { .unreadable("the setting \(key) has \(what)", at: name) }
        let kind: Kind
        var tolerance = 0.0
        var unit: String?
        switch json["kind"]?.stringValue {
        case "number":
            guard let least = json["least"]?.doubleValue, let greatest = json["greatest"]?.doubleValue,
                least.isFinite, greatest.isFinite, least <= greatest
            else { throw bad("no limits least ≤ greatest") }
            guard let word = json["unit"]?.stringValue, key.hasSuffix("_" + word.lowercased()) || word == "1" else {
                throw bad("no unit, or a key that does not end with it")
            }
            unit = shown(word, limit: 16)
            tolerance = json["tolerance"]?.doubleValue ?? 0
            guard tolerance.isFinite, tolerance >= 0 else { throw bad("a tolerance below 0") }
            kind = .number(least...greatest)
        case "integer":
            guard let least = json["least"]?.intValue, let greatest = json["greatest"]?.intValue, least <= greatest
            else { throw bad("no limits least ≤ greatest") }
            kind = .integer(Int(least)...Int(greatest))
        case "toggle": kind = .toggle
        case "choice":
            let words = (json["choices"]?.arrayValue ?? []).prefix(InstrumentHello.limit + 1).map(\.stringValue)
            guard (1...InstrumentHello.limit).contains(words.count),
                words.allSatisfy({ $0.map(InstrumentSetting.isWord) ?? false })
            else { throw bad("no choices, or one that is not 1 to 64 visible characters without a blank") }
            kind = .choice(words.compactMap { $0 })
        default: throw bad("a kind other than number, integer, toggle and choice")
        }
        self.init(
            key: key, summary: shown(json["summary"]?.stringValue ?? "", limit: 200), kind: kind,
            isWritable: json["writable"]?.boolValue ?? true, tolerance: tolerance, unit: unit)
    }

    /// Reads a value of this setting as the instrument protocol writes it; nil when it is of another kind.
    func value(json: JSON) -> InstrumentValue? {
        switch kind {
        case .number: json.doubleValue.flatMap { $0.isFinite ? .number($0) : nil }
        case .integer: json.intValue.map { .integer(Int($0)) }
        case .toggle: json.boolValue.map { .toggle($0) }
        case .choice(let words): json.stringValue.flatMap { words.contains($0) ? .choice($0) : nil }
        }
    }

    private static func isKey(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }

    private static func isWord(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
