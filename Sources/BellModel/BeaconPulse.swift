/// One pulse of a public randomness beacon, quoted in a sealed plan: nobody could quote it before it was published.
///
/// That it is what the beacon published is for the reader to look up; belld asks no network.
/// - SeeAlso: NISTIR 8213 (draft), "A Reference for Randomness Beacons", section 4.
public struct BeaconPulse: Equatable, Sendable {
    /// Where it can be looked up.
    public let uri: String
    public let index: UInt64
    /// When it was published, ISO 8601 UTC, by the beacon's word.
    public let time: UTCTime
    /// The output value, 64 to 128 lower-case hexadecimal digits.
    public let value: String

    private static let mostURI = 300
    /// By how many seconds a laboratory's clock may be behind the beacon's.
    public static let clockTolerance = 60.0

    /// The member `beacon` of a sealed plan.
    public var json: JSON {
        [
            "uri": .string(uri), "index": JSON(count: index), "time": .string(time.description),
            "value": .string(value),
        ]
    }

    /// Reads what ``json`` wrote.
    ///
    /// - Throws: `json.shape`.
    public init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        try self.init(
            uri: try reader.string("uri"), index: try reader.count("index"), time: try reader.string("time"),
            value: try reader.string("value"), path: path)
        try reader.finish()
    }

    /// Reads a pulse as a beacon of format 2.0 gives it (`{"pulse": {…}}`), or an object that ``json`` wrote.
    ///
    /// - Throws: `json.shape`.
    public init(published json: JSON, path: String) throws(BellError) {
        guard let pulse = json["pulse"], let members = pulse.objectValue else {
            try self.init(json: json, path: path)
            return
        }
        func text(_ key: String) throws(BellError) -> String {
            guard let text = members[key]?.stringValue else {
                throw BellError(.jsonShape, "The pulse has no text \"\(key)\".", at: "\(path).pulse.\(key)")
            }
            return text
        }
        guard let index = members["pulseIndex"]?.countValue else {
            throw BellError(.jsonShape, "The pulse has no count \"pulseIndex\".", at: "\(path).pulse.pulseIndex")
        }
        try self.init(
            uri: try text("uri"), index: index, time: try text("timeStamp"), value: try text("outputValue"),
            path: "\(path).pulse")
    }

    private init(uri: String, index: UInt64, time: String, value: String, path: String) throws(BellError) {
        guard uri.utf8.count <= Self.mostURI, uri.hasPrefix("http://") || uri.hasPrefix("https://"),
            uri.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else {
            throw BellError(
                .jsonShape, "No pulse can be looked up there: \(uri.prefix(80)).", at: "\(path).uri",
                fix: "give an http or https address of at most \(Self.mostURI) bytes")
        }
        guard let time = UTCTime(time) else {
            throw BellError(
                .jsonShape, "The pulse's time is no UTC time: \(time.prefix(80)).", at: "\(path).time",
                fix: "write 2026-11-21T23:59:00.000Z")
        }
        let digits = value.lowercased()
        guard (64...128).contains(digits.utf8.count), [UInt8](hex: digits) != nil else {
            throw BellError(
                .jsonShape, "The pulse's value is not 64 to 128 hexadecimal digits.", at: "\(path).value",
                fix: "give the output value as the beacon publishes it")
        }
        self.uri = uri
        self.index = index
        self.time = time
        self.value = digits
    }
}
