public import BellModel

/// Pulses of one chain and the keys that signed them, as a file: `{"certificates": [PEM, …], "pulses": […]}`.
///
/// Also reads what a beacon answers, `{"pulse": …}` and `{"pulses": […]}`, which come without a key.
public struct BeaconArchive: BeaconReader {
    public var certificates: [BeaconCertificate]
    public var pulses: [Pulse]
    public let name: String

    public init(certificates: [BeaconCertificate], pulses: [Pulse], name: String) {
        self.certificates = certificates
        self.pulses = pulses
        self.name = name
    }

    /// Reads a file's JSON.
    ///
    /// - Throws: `beacon.form`, `key.public`.
    public init(json: JSON, source: String) throws(BellError) {
        name = source
        if let pulse = json["pulse"] {
            pulses = [try Pulse(json: pulse)]
        } else {
            guard let items = json["pulses"]?.arrayValue, !items.isEmpty else {
                throw BellError(.beaconForm, "The file holds no pulses.", at: source, fix: "check the path")
            }
            pulses = try items.map { (item) throws(BellError) in try Pulse(json: item) }
        }
        certificates = try (json["certificates"]?.arrayValue ?? []).map { (pem) throws(BellError) in
            try BeaconCertificate(pem: pem.stringValue ?? "", source: source)
        }
    }

    /// The file.
    public var json: JSON {
        [
            "certificates": .array(certificates.map { .string($0.pem) }), "pulses": .array(pulses.map(\.json)),
        ]
    }

    public func chain(_ number: UInt64?) throws(BellError) -> ChainSummary {
        let own = pulses.filter { number == nil || $0.chainIndex == number }
        guard let first = own.first, let last = own.last else {
            throw BellError(.beaconMissing, "The file has no pulses of this chain.", at: name, fix: "check --chain")
        }
        guard first.pulseIndex <= last.pulseIndex else {
            throw BellError(
                .beaconMismatch, "The pulses are not in their order.", at: name,
                cause: "the first is \(first.pulseIndex), the last is \(last.pulseIndex)",
                fix: "take a file as `bellctl beacon verify --save` writes it")
        }
        return ChainSummary(
            number: first.chainIndex, pulses: first.pulseIndex...last.pulseIndex, certificateID: first.certificateID,
            state: nil)
    }

    public func certificate(_ id: Value512) throws(BellError) -> BeaconCertificate {
        guard let certificate = certificates.first(where: { $0.id == id }) else {
            throw BellError(
                .beaconMissing, "The file does not hold the key that signed its pulses.", at: name,
                fix: "give it with --key")
        }
        return certificate
    }

    public func pulses(chain: UInt64, _ numbers: ClosedRange<UInt64>) throws(BellError) -> [Pulse] {
        // As they stand in the file: the check finds what is missing or out of order.
        pulses.filter { numbers.contains($0.pulseIndex) }
    }

    public func skipList(chain: ChainSummary, to anchor: UInt64) throws(BellError) -> [Pulse] {
        let known = Dictionary(pulses.map { ($0.pulseIndex, $0) }, uniquingKeysWith: { first, _ in first })
        guard let last = pulses.last else { return [] }
        var way = [last]
        while let pulse = way.last, pulse.pulseIndex > anchor {
            guard let step = SkipList.step(from: pulse, to: anchor), let next = known[step],
                way.count < SkipList.mostPulses
            else {
                throw BellError(.beaconMissing, "The file has no way back to pulse \(anchor).", at: name)
            }
            way.append(next)
        }
        return way
    }
}
