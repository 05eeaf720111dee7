import BellCrypto
public import BellModel

/// What one pulse says of itself: form, origin, signature, output value. Pure.
public struct PulseCheck: Sendable {
    private let certificates: [Value512: BeaconCertificate]

    /// Checks with the keys that are trusted.
    public init(_ certificates: [BeaconCertificate]) {
        self.certificates = Dictionary(certificates.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// All that is wrong, each with its member.
    public func findings(_ pulse: Pulse) -> [BellError] {
        var findings: [BellError] = []
        func expect(_ isTrue: Bool, _ member: String, _ what: String, cause: String? = nil) {
            if !isTrue { findings.append(pulse.mismatch(member, what, cause: cause)) }
        }
        expect(
            pulse.uri.hasSuffix(Pulse.path(chain: pulse.chainIndex, pulse: pulse.pulseIndex)), "uri",
            "The address is not that of the pulse.", cause: pulse.uri)
        expect(pulse.chainIndex > 0 && pulse.pulseIndex > 0, "pulseIndex", "Pulses and chains are counted from 1.")
        expect(
            pulse.timeStamp.milliseconds >= 0 && pulse.timeStamp.milliseconds % Int64(pulse.period) == 0, "timeStamp",
            "The time \(pulse.timeStamp) is no multiple of the period of \(pulse.period) ms.")
        expect(pulse.external.sourceID == pulse.origin.sourceID, "pool", "The pool is not the one that was signed.")
        expect(
            pulse.external.statusCode == 0 && pulse.external.value == .zero, "external",
            "An outside value is named; this beacon has none.")
        let known: PulseStatus = [.uncommitted, .timeGap, .simulated]
        expect(
            pulse.statusCode.isSubset(of: known), "statusCode",
            "The status \(pulse.statusCode.rawValue) has unknown bits.")
        expect(
            pulse.statusCode.contains(.simulated) == pulse.origin.isSimulated, "statusCode",
            pulse.origin.isSimulated
                ? "The bits are simulated, and the status hides it." : "Only the status says simulated.")
        if let certificate = certificates[pulse.certificateID] {
            expect(
                certificate.key.accepts(pulse.signatureValue, of: pulse.signedBytes), "signatureValue",
                "The signature is not that of this pulse.", cause: "crypto_sign_verify_detached")
        } else {
            expect(
                false, "certificateId", "The pulse is signed with another key.",
                cause: "certificateId \(pulse.certificateID.bytes.prefix(8).hex)…")
        }
        expect(
            Value512.hash(pulse.outputBytes) == pulse.outputValue, "outputValue",
            "The output value is not the hash of the pulse.")
        return findings
    }
}

extension Pulse {
    /// How a pulse is named in findings.
    var place: String { "chain \(chainIndex), pulse \(pulseIndex)" }

    func mismatch(_ member: String, _ what: String, cause: String? = nil) -> BellError {
        BellError(
            .beaconMismatch, what, at: "\(place), \(member)", cause: cause,
            fix: "do not use this pulse or those after it; ask who runs the beacon")
    }
}
