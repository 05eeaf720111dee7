import BellCertification
import BellHost
import BellModel

/// A certificate as the answer of a command.
enum CertificateReply {
    /// Checks that a certificate is whole, and its signature when there is one.
    ///
    /// - Parameter isWhole: The page with everything instead of the summary.
    /// - Returns: Exit 1 when its headline claim is not certified, 4 when its evidence contradicts itself.
    /// - Throws: `certificate.altered`, `certificate.format`, `certificate.signature` and what reading files throws.
    static func make(_ file: CertificateFile, isWhole: Bool, style: Style) throws(BellError) -> Reply {
        let (certificate, signer): (Certificate, CertificateCheck.Signer?) =
            file.hasSignature ? try CertificateCheck.read(file, trusted: nil) : (try file.parse(), nil)
        let summary = CertificateText.summary(certificate.json, path: file.path, style: style)
        let signature = signer?.text ?? "signature     NONE beside the certificate: anybody may have made it\n"
        return Reply(
            json: [
                "certificate": certificate.json, "path": .string(file.path), "signature": signer?.json ?? .null,
            ],
            text: isWhole ? ended(certificate.text) + signature : summary, exit: certificate.exitCode)
    }
}
