import BellCrypto
public import BellModel

extension Certificate {
    /// Reads a certificate and checks that it is whole: its hash, its form, and that its numbers follow from its
    /// evidence. Whether the evidence is true, only the journal can say.
    ///
    /// - Parameters:
    ///   - bytes: The file as it was written; hostile ones never crash it.
    ///   - source: What the file is called in errors.
    /// - Throws: `json.syntax`; `certificate.altered` when hash or numbers disagree; `certificate.format` for another
    ///   kind of file or a newer version; `json.shape` and `certificate.evidence` when the contents cannot be.
    public init(parsing bytes: [UInt8], source: String) throws(BellError) {
        let json = try JSON(parsing: bytes, source: source)
        guard case .object(let members) = json, members["kind"] != nil || members["hash"] != nil else {
            throw BellError(
                .certificateFormat, "This is no certificate of belld.", at: source,
                fix: "give the certificate.json of a campaign")
        }
        let hash = Certificate.hash(members)
        guard members["hash"]?.stringValue == hash.description else {
            throw BellError(
                .certificateAltered, "The certificate was altered: its contents hash to \(hash).",
                at: "\(source): hash",
                cause: Certificate.suspicions(json), state: "the campaign's journal is not concerned",
                fix: "take the file from bellcert's campaign folder again, or run `bellctl campaign verify`")
        }
        guard members["kind"] == "belld certificate", let version = members["version"]?.intValue else {
            throw BellError(.certificateFormat, "This is no certificate of belld.", at: "\(source): kind")
        }
        guard version == Certificate.version else {
            throw BellError(
                .certificateFormat, "The certificate has version \(version); this belld knows \(Certificate.version).",
                at: "\(source): version", fix: "use the belld that made it, or a newer one")
        }
        guard bytes == Array(json.text.utf8) || bytes == Array((json.text + "\n").utf8) else {
            throw BellError(
                .certificateAltered, "The certificate is not in canonical form (RFC 8785): its bytes were changed.",
                at: "\(source):1:\(Certificate.firstDifference(bytes, json.text))",
                fix: "use the file as bellcert wrote it")
        }
        let evidence = try Certificate.evidence(json)
        let issued = try Certificate.issue(evidence).naming(try Certificate.signer(json))
        let differences = JSONDifference.list(json, expected: issued.json, path: "").filter { !$0.hasPrefix("hash:") }
        guard differences.isEmpty else {
            throw BellError(
                .certificateAltered, "The certificate's numbers do not follow from its own evidence.",
                at: "\(source): \(differences[0])",
                cause: differences.count > 1 ? "\(differences.count) members differ" : nil,
                fix: "issue it again from the journal; do not trust this file")
        }
        self.init(evidence: evidence, json: json, hash: hash, findings: issued.findings)
    }

    /// Reads the evidence and refuses unknown keys.
    private static func evidence(_ json: JSON) throws(BellError) -> CampaignEvidence {
        var reader = try JSONReader(json, path: "certificate")
        let evidence = try CampaignEvidence(&reader)
        for key in derivedKeys { _ = try reader.value(key) }
        try reader.finish()
        return evidence
    }

    /// Reads who signed; null for nobody.
    private static func signer(_ json: JSON) throws(BellError) -> PublicKey? {
        guard let member = json["signed_by"], member != .null else { return nil }
        guard let key = member.stringValue.flatMap({ PublicKey(hex: $0) }) else {
            throw BellError(.jsonShape, "Expected 64 hexadecimal digits or null.", at: "certificate.signed_by")
        }
        return key
    }

    /// The members that are computed from the evidence, or say what the file is.
    private static let derivedKeys = [
        "kind", "version", "verdict", "reasons", "summary", "tally", "locality", "node_keys", "signatures", "claims",
        "statistics", "local_realism", "min_entropy", "bounds", "consistency", "rng_health_tests", "assumptions",
        "signed_by", "hash",
    ]

    /// What contradicts the rest of an altered certificate, so far as that can be told.
    private static func suspicions(_ json: JSON) -> String? {
        do throws(BellError) {
            let issued = try issue(try evidence(json)).naming(try signer(json))
            let differences = JSONDifference.list(json, expected: issued.json, path: "")
                .filter { !$0.hasPrefix("hash:") }
            if differences.isEmpty { return "its numbers agree with one another: text, a hash or a key was changed" }
            return differences.prefix(5).joined(separator: "; ")
        } catch {
            return "\(error.what) (\(error.place ?? "certificate"))"
        }
    }

    private static func firstDifference(_ bytes: [UInt8], _ text: String) -> Int {
        1 + zip(bytes, text.utf8).prefix { $0 == $1 }.count
    }
}
