public import BellCrypto
public import BellModel

/// Checks what a beacon or a file holds of one chain.
public struct BeaconVerification {
    /// What was checked, and what was wrong.
    public struct Report: Equatable, Sendable {
        public var chain: UInt64
        /// The pulses that were checked.
        public var first: UInt64
        public var last: UInt64
        /// Nil for a way, whose pulses are not all of the chain.
        public var counts: ChainCheck.Counts?
        /// How many pulses a way has.
        public var way: Int?
        public var isSimulated: Bool
        public var certificate: BeaconCertificate
        /// Whether the reader brought the key; else it is the beacon's own word.
        public var isKeyTrusted: Bool
        /// The first ``BeaconVerification/mostFindings``.
        public var findings: [BellError]
    }

    /// After so many, nobody needs to know more.
    public static let mostFindings = 20

    private let reader: any BeaconReader
    private let chain: ChainSummary
    private let certificate: BeaconCertificate
    private let isKeyTrusted: Bool

    /// Asks for the chain and its key.
    ///
    /// - Parameters:
    ///   - chain: Nil: the last one.
    ///   - trusted: The key as it is known from elsewhere.
    /// - Throws: `beacon.missing`, `http.…`; `beacon.mismatch` for another key.
    public init(_ reader: any BeaconReader, chain: UInt64?, trusted: PublicKey?) throws(BellError) {
        self.reader = reader
        self.chain = try reader.chain(chain)
        isKeyTrusted = trusted != nil
        if let trusted {
            certificate = BeaconCertificate(trusted)
        } else {
            certificate = try reader.certificate(self.chain.certificateID)
        }
        guard certificate.id == self.chain.certificateID else {
            throw BellError(
                .beaconMismatch, "The chain is signed with another key than the one given.", at: reader.name,
                cause: "it names the certificate \(self.chain.certificateID.bytes.prefix(8).hex)…, --key is "
                    + "\(certificate.id.bytes.prefix(8).hex)…", fix: "ask the laboratory for its key")
        }
    }

    private func range(_ from: UInt64?, _ to: UInt64?) throws(BellError) -> ClosedRange<UInt64> {
        guard let all = chain.pulses else {
            throw BellError(.beaconMissing, "The chain \(chain.number) has no pulse yet.", at: reader.name)
        }
        let first = from ?? all.lowerBound
        let last = to ?? all.upperBound
        guard first <= last, all.contains(first), all.contains(last) else {
            throw BellError(
                .beaconMissing, "There are no pulses \(first) to \(last).", at: reader.name,
                fix: "the chain \(chain.number) has pulses \(all.lowerBound) to \(all.upperBound)")
        }
        return first...last
    }

    /// Checks every pulse of a range, by default of the whole chain.
    ///
    /// - Parameter progress: Called with pulses that are done and all, and the pulses themselves as they come.
    public func chain(
        from: UInt64? = nil, to: UInt64? = nil, progress: (UInt64, UInt64, [Pulse]) throws(BellError) -> Void
    ) throws(BellError) -> Report {
        let range = try range(from, to)
        var check = ChainCheck([certificate], isWhole: range.lowerBound == 1)
        var findings: [BellError] = []
        var next = range.lowerBound
        while next <= range.upperBound && findings.count < Self.mostFindings {
            let pulses = try reader.pulses(chain: chain.number, next...range.upperBound)
            for pulse in pulses where findings.count < Self.mostFindings { findings += check.take(pulse) }
            guard let last = pulses.last, last.pulseIndex >= next, last.pulseIndex <= range.upperBound else { break }
            next = last.pulseIndex + 1
            try progress(next - range.lowerBound, UInt64(range.count), pulses)
        }
        if findings.isEmpty, check.counts.pulses != UInt64(range.count) || check.last?.chainIndex != chain.number {
            findings.append(missing("Of \(range.count) pulses only \(check.counts.pulses) are there."))
        }
        return report(range, check.counts, way: nil, isSimulated: check.counts.simulated > 0, findings)
    }

    /// Checks the way from the newest pulse back to one of the others.
    public func way(to anchor: UInt64) throws(BellError) -> Report {
        let range = try range(anchor, nil)
        let way = try reader.skipList(chain: chain, to: anchor)
        var findings = Array(SkipList.findings(way, [certificate]).prefix(Self.mostFindings))
        if way.first?.pulseIndex != range.upperBound || way.last?.pulseIndex != anchor {
            findings.append(missing("The way does not lead from pulse \(range.upperBound) to pulse \(anchor)."))
        }
        return report(range, nil, way: way.count, isSimulated: way.contains { $0.origin.isSimulated }, findings)
    }

    private func missing(_ what: String) -> BellError {
        BellError(.beaconMismatch, what, at: reader.name, fix: "ask who runs the beacon")
    }

    private func report(
        _ range: ClosedRange<UInt64>, _ counts: ChainCheck.Counts?, way: Int?, isSimulated: Bool,
        _ findings: [BellError]
    ) -> Report {
        Report(
            chain: chain.number, first: range.lowerBound, last: range.upperBound, counts: counts, way: way,
            isSimulated: isSimulated, certificate: certificate, isKeyTrusted: isKeyTrusted, findings: findings)
    }
}
