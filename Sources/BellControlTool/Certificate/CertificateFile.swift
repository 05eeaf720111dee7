import BellCertification
import BellCrypto
import BellHost
import BellModel

/// A certificate's file with what lies beside it: signature, key and perhaps the journal.
struct CertificateFile {
    let path: String
    let bytes: [UInt8]

    /// The most bytes of a PEM file or a signature.
    private static let smallFile = 1 << 16

    /// Reads a certificate that a person named.
    ///
    /// - Parameter name: A file; or what ``CampaignFiles/find(_:in:)`` takes.
    static func find(_ name: String?, _ invocation: Invocation) throws(BellError) -> CertificateFile {
        if let name, name.hasSuffix(".json") || fileExists(name) && !isFolder(name) {
            return try CertificateFile(path: name)
        }
        return try CertificateFile(
            path: try CampaignFiles.find(name, in: try invocation.stateDirectory()).certificate)
    }

    init(path: String) throws(BellError) {
        self.path = path
        bytes = try readFile(path)
    }

    private func beside(_ name: String) -> String { "\(parent(of: path))/\(name)" }
    /// `certificate.sig` for `certificate.json`.
    private var signaturePath: String { "\(stem).sig" }
    private var keyPath: String { "\(stem).pub.pem" }
    private var stem: String { path.hasSuffix(".json") ? String(path.dropLast(5)) : path }

    /// Whether there is a signature beside it.
    var hasSignature: Bool { fileExists(signaturePath) }

    /// The journal beside it, or nil.
    var journal: String? {
        let path = beside("journal.sqlite")
        return fileExists(path) ? path : nil
    }

    /// Checks the certificate's form and that its numbers follow from its evidence.
    func parse() throws(BellError) -> Certificate { try Certificate(parsing: bytes, source: path) }

    /// Checks the signature, and that the key's file beside it is the one of the certificate.
    ///
    /// - Throws: `certificate.signature`, `key.public`, `file.…`.
    func checkSignature(trusted: PublicKey?) throws(BellError) -> PublicKey {
        guard hasSignature else {
            throw BellError(
                .certificateSignature, "There is no signature beside the certificate.", at: signaturePath,
                fix: "copy certificate.sig and certificate.pub.pem together with certificate.json")
        }
        let signature = try readFile(signaturePath, limit: Self.smallFile)
        let key = try Certificate.checkSignature(signature, of: bytes, trusted: trusted, source: path)
        if fileExists(keyPath) {
            let written = try PublicKey(pem: try readText(keyPath, limit: Self.smallFile), source: keyPath)
            guard written == key else {
                throw BellError(
                    .certificateSignature, "The file holds another key than the certificate names.", at: keyPath,
                    cause: "it holds \(written), the certificate names \(key)",
                    fix: "take the certificate's three files from bellcert's folder again")
            }
        }
        return key
    }

    /// The key of `--key`: 64 hexadecimal digits, or a PEM file.
    static func trustedKey(_ invocation: Invocation) throws(BellError) -> PublicKey? {
        guard let text = invocation.text("key") else { return nil }
        if let key = PublicKey(hex: text) { return key }
        guard fileExists(text) else {
            throw BellError(
                .toolArgument, "This is neither a PEM file nor 64 hexadecimal digits.", at: "--key \(text)",
                fix: "give what `bellctl certificate key` prints at the laboratory")
        }
        return try PublicKey(pem: try readText(text, limit: smallFile), source: text)
    }
}
