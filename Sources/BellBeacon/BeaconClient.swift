import BellHTTP
public import BellModel

/// Reads pulses from a beacon over HTTP; everything that comes is bounded and checked for its form.
public struct BeaconClient: BeaconReader {
    /// Bytes of an answer: 5000 pulses of at most 8 KiB are far more than any honest beacon sends.
    private static let most = 40 << 20

    private let base: HTTPURL

    /// Takes a beacon's address, with or without what follows `/beacon/2.0`.
    ///
    /// - Throws: `http.url`.
    public init(_ text: String) throws(BellError) {
        var base = try HTTPURL(text)
        let words = base.path.split(separator: "/")
        base.path = words.prefix { $0 != "beacon" }.map { "/\($0)" }.joined()
        self.base = base
    }

    public var name: String { "\(base)" }

    private func get(_ path: String) throws(BellError) -> (bytes: [UInt8], place: String) {
        var url = base
        url.path += "/beacon/2.0/\(path)"
        let answer = try HTTPClient.get(url, limit: Self.most)
        guard answer.status == 200 else {
            throw BellError(
                .beaconMissing, "The beacon answered with \(answer.status).", at: "\(url)",
                fix: answer.status == 404 ? "check chain and pulse, and whether this is a beacon" : "try again later")
        }
        return (answer.body, "\(url)")
    }

    private func json(_ path: String) throws(BellError) -> (JSON, place: String) {
        let answer = try get(path)
        return (try JSON(parsing: answer.bytes, source: answer.place), answer.place)
    }

    public func chain(_ number: UInt64?) throws(BellError) -> ChainSummary {
        let (json, place) = try json("chain/\(number.map { "\($0)" } ?? "last")")
        guard let chain = json["chain"], let index = chain["chainIndex"]?.countValue, number == nil || number == index,
            let last = chain["lastPulse"]?.countValue, last <= Pulse.mostIndex,
            let id = chain["certificateId"]?.stringValue.flatMap({ Value512(hex: $0) })
        else { throw BellError(.beaconForm, "The answer describes no chain.", at: place) }
        return ChainSummary(
            number: index, pulses: last > 0 ? 1...last : nil, certificateID: id, state: chain["state"]?.stringValue)
    }

    public func certificate(_ id: Value512) throws(BellError) -> BeaconCertificate {
        let answer = try get("certificate/\(id.bytes.hex)")
        let certificate = try BeaconCertificate(
            pem: String(decoding: answer.bytes.prefix(4096), as: UTF8.self), source: answer.place)
        guard certificate.id == id else {
            throw BellError(.beaconMismatch, "The beacon gave another key than the one asked for.", at: answer.place)
        }
        return certificate
    }

    public func pulses(chain: UInt64, _ numbers: ClosedRange<UInt64>) throws(BellError) -> [Pulse] {
        let end = numbers.upperBound.clamped(to: numbers.lowerBound + BeaconRoutes.mostPulses - 1)
        let (json, place) = try json("chain/\(chain)/pulses/\(numbers.lowerBound)/\(end)")
        return try Pulse.list(json: json, place: place)
    }

    public func skipList(chain: ChainSummary, to anchor: UInt64) throws(BellError) -> [Pulse] {
        let old = try pulse("chain/\(chain.number)/pulse/\(anchor)")
        let new = try pulse("chain/\(chain.number)/pulse/\(chain.pulses?.upperBound ?? 0)")
        let (json, place) = try json(
            "skiplist/time/\(old.timeStamp.milliseconds)/\(new.timeStamp.milliseconds)")
        return try Pulse.list(json: json, place: place)
    }

    /// A single pulse, by the end of its path.
    public func pulse(_ path: String) throws(BellError) -> Pulse {
        let (json, place) = try json(path)
        guard let pulse = json["pulse"] else { throw BellError(.beaconForm, "The answer is no pulse.", at: place) }
        return try Pulse(json: pulse)
    }
}

extension UInt64 {
    fileprivate func clamped(to most: UInt64) -> UInt64 { Swift.min(self, most) }
}

extension Pulse {
    /// Reads `{"pulses": […]}`.
    static func list(json: JSON, place: String) throws(BellError) -> [Pulse] {
        guard let items = json["pulses"]?.arrayValue else {
            throw BellError(.beaconForm, "There is no list of pulses.", at: place)
        }
        guard items.count <= SkipList.mostPulses else {
            throw BellError(.beaconForm, "\(items.count) pulses at once are too many.", at: place)
        }
        return try items.map { (item) throws(BellError) in try Pulse(json: item) }
    }
}
