import BellCertification
import BellHost
import BellModel

/// A certificate as the answer of a command.
enum CertificateReply {
    /// Reads a certificate and checks that it is whole.
    ///
    /// - Parameter isWhole: The page with everything instead of the summary.
    /// - Returns: Exit 1 when its headline claim is not certified.
    /// - Throws: `certificate.altered`, `certificate.format` and what reading the file throws.
    static func make(path: String, isWhole: Bool, style: Style) throws(BellError) -> Reply {
        let certificate = try Certificate(parsing: try readFile(path), source: path)
        let summary = CertificateText.summary(certificate.json, path: path, style: style)
        return Reply(
            json: ["certificate": certificate.json, "path": .string(path)],
            text: isWhole ? ended(certificate.text) : summary, exit: certificate.exitCode)
    }
}
