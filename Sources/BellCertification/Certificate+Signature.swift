public import BellCrypto
public import BellModel

extension BellError.Code {
    /// A certificate's signature is missing, or is not that of its bytes by the key that is named.
    public static let certificateSignature = BellError.Code("certificate.signature", exit: .dataIntegrity)
}

extension Certificate {
    /// The key that the certificate names as its signer's; nil for one that was never signed.
    public var signedBy: PublicKey? { json["signed_by"]?.stringValue.flatMap { PublicKey(hex: $0) } }

    /// The same certificate, naming another signer; only the hash changes besides.
    func naming(_ signer: PublicKey?) -> Certificate {
        guard signer != signedBy, var members = json.objectValue else { return self }
        members["signed_by"] = signer.map { .string($0.description) } ?? .null
        let hash = Certificate.hash(members)
        members["hash"] = .string(hash.description)
        return Certificate(evidence: evidence, json: .object(members), hash: hash, findings: findings)
    }

    /// Names the key in the certificate and signs the file's bytes.
    ///
    /// - Returns: The certificate to write, and the 64 bytes of Ed25519 over its ``fileBytes``; the same ones each time.
    public func signed(by key: SigningKey) -> (certificate: Certificate, signature: [UInt8]) {
        let certificate = naming(PublicKey(bytes: key.publicKey))
        return (certificate, key.sign(certificate.fileBytes))
    }

    /// Checks who signed a certificate's file; what it says is not looked at, not even its version.
    ///
    /// - Parameters:
    ///   - signature: The content of `certificate.sig`.
    ///   - bytes: The certificate's file, exactly.
    ///   - trusted: The key that the reader knows to be the laboratory's; nil takes the word of the file.
    ///   - source: What the certificate is called in errors.
    /// - Returns: The key that signed.
    /// - Throws: `certificate.signature`; `certificate.format` for another kind of file; `json.syntax`.
    public static func checkSignature(
        _ signature: [UInt8], of bytes: [UInt8], trusted: PublicKey?, source: String
    ) throws(BellError) -> PublicKey {
        let json = try JSON(parsing: bytes, source: source)
        guard json["kind"] == "belld certificate" else {
            throw BellError(
                .certificateFormat, "This is no certificate of belld.", at: "\(source): kind",
                fix: "give the certificate.json of a campaign")
        }
        func refused(_ what: String, _ cause: String? = nil, fix: String) -> BellError {
            BellError(
                .certificateSignature, what, at: source, cause: cause,
                state: "nothing that the certificate says was taken for true", fix: fix)
        }
        let again = "take certificate.json and certificate.sig of one campaign from bellcert's folder again"
        guard let named = json["signed_by"]?.stringValue.flatMap({ PublicKey(hex: $0) }) else {
            throw refused("The certificate names no key: it was never signed.", fix: again)
        }
        if let trusted, trusted != named {
            throw refused(
                "The certificate was not made by the given key.", "given is \(trusted), it names \(named)",
                fix: "ask the laboratory for its key by another way than this file came")
        }
        guard signature.count == 64 else {
            throw refused("The signature has \(signature.count) bytes, not 64.", fix: again)
        }
        guard named.accepts(signature, of: bytes) else {
            throw refused(
                "The signature is not one of this certificate's bytes.",
                "one of them was changed, or the signature is another certificate's; the key is \(named)", fix: again)
        }
        return named
    }
}
