import BellCertification
import BellHost
import BellModel

/// A certificate as the answer of a command.
enum CertificateReply {
    /// Reads a certificate and checks that it is whole.
    ///
    /// - Returns: Its page for people; exit 1 when its headline claim is not certified.
    /// - Throws: `certificate.altered`, `certificate.format` and what reading the file throws.
    static func make(path: String) throws(BellError) -> Reply {
        let certificate = try Certificate(parsing: try readFile(path), source: path)
        return Reply(
            json: ["certificate": certificate.json, "path": .string(path)],
            text: ended(certificate.text) + "certificate: \(path)\n", exit: certificate.exitCode)
    }
}
