import BellCrypto
import BellModel

/// Makes the next pulse of the last chain, and keeps the order that nothing may break:
/// bits are taken from the pool, kept on disk, committed to by a pulse on disk, and only then given out.
struct PulseMaker {
    private let store: SharedStore
    private let key: SigningKey
    private let chain: BeaconStore.Chain
    private let base: String

    /// Goes on with the last chain; begins another when there is none, or one of another key or period.
    ///
    /// - Parameter base: The beacon's address, as it stands in the pulses.
    /// - Throws: `beacon.corrupt` when the last pulse is not what this beacon wrote.
    init(store: SharedStore, key: SigningKey, period: UInt32, base: String) throws(BellError) {
        guard let publicKey = PublicKey(bytes: key.publicKey) else {
            preconditionFailure("a public key has 32 bytes")
        }
        let certificate = BeaconCertificate(publicKey)
        self.store = store
        self.key = key
        self.base = base
        chain = try store { (store) throws(BellError) in
            if let last = try store.chain(), last.certificate == certificate, last.period == period { return last }
            return try store.beginChain(certificate, period: period)
        }
        guard let last = try last() else { return }
        let values = try store { (store) throws(BellError) in try store.nextValues() }
        var findings = PulseCheck([certificate]).findings(last)
        if values.first.map({ Value512.hash($0.value.bytes) }) != last.precommitmentValue {
            findings.append(last.mismatch("precommitmentValue", "The value that it committed to is gone."))
        }
        guard let finding = findings.first else { return }
        throw BellError(
            .beaconCorrupt, "The last pulse does not fit: \(finding.what)", at: finding.place,
            state: "no pulse was given out",
            fix: "restore beacon.sqlite and keys/beacon.ed25519 as they were last, or move both away for a new chain")
    }

    /// The chain that grows.
    var chainNumber: UInt64 { chain.number }
    var certificate: BeaconCertificate { chain.certificate }

    private func last() throws(BellError) -> Pulse? {
        try store { [chain] (store) throws(BellError) in try store.pulse(chain: chain.number, number: nil) }
    }

    /// Makes sure that the values of the next two pulses are on disk.
    ///
    /// - Returns: Whether they are; false while the pools are empty.
    func prepare(from supply: inout some BitSupply) throws(BellError) -> Bool {
        while try store({ (store) throws(BellError) in try store.nextValues().count }) < 2 {
            guard let value = try supply.take() else { return false }
            try store { (store) throws(BellError) in try store.keep(value) }
        }
        return true
    }

    /// Makes the pulse of a time and stores it; nil when the values are not there.
    func publish(at time: UTCTime) throws(BellError) -> Pulse? {
        let last = try last()
        let values = try store { (store) throws(BellError) in try store.nextValues() }
        guard values.count == 2 else { return nil }
        var status: PulseStatus = last == nil ? .uncommitted : []
        if let last, time.milliseconds - last.timeStamp.milliseconds > Int64(chain.period) { status.insert(.timeGap) }
        let pulse = Pulse(
            Pulse.Draft(
                base: base, period: chain.period, chainIndex: chain.number, pulseIndex: (last?.pulseIndex ?? 0) + 1,
                timeStamp: time, localRandomValue: values[0].value, origin: values[0].origin,
                links: try links(after: last), next: values[1].value, status: status),
            signedBy: key, certificate: chain.certificate)
        try store { (store) throws(BellError) in try store.append(pulse) }
        return pulse
    }

    private func links(after last: Pulse?) throws(BellError) -> [PulseLink] {
        guard let last else { return PulseLink.none }
        return try PulseLink.Kind.allCases.map { (kind) throws(BellError) in
            let target = try store { [chain] (store) throws(BellError) in
                try store.pulse(chain: chain.number, notBefore: kind.start(of: last.timeStamp))
            }
            return PulseLink(kind, to: target ?? last)
        }
    }
}
