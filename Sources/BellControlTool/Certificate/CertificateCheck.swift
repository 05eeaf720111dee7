import BellCertification
import BellCrypto
import BellHost
import BellJournal
import BellModel

/// Everything that can be checked of a certificate: signature, form, numbers, and the journal when there is one.
enum CertificateCheck {
    /// Who signed.
    struct Signer {
        let key: PublicKey
        /// Whether the reader named the key; else it is only the file's word.
        let isTrusted: Bool

        var json: JSON {
            ["is_good": true, "key_is_given": .bool(isTrusted), "signed_by": .string(key.description)]
        }

        /// Lines of a page, ending in a line feed.
        var text: String {
            "signature     good, by the key \(key)\n"
                + (isTrusted
                    ? "              which is the given one\n"
                    : "              which is the file's own word: give the laboratory's with --key\n")
        }
    }

    /// Checks the signature and, unless that is all, the certificate; what is wrong with both is said at once.
    static func read(
        _ file: CertificateFile, trusted: PublicKey?
    ) throws(BellError) -> (certificate: Certificate, signer: Signer) {
        let signer: Signer
        do throws(BellError) {
            signer = try signature(file, trusted: trusted)
        } catch {
            var both = error
            do throws(BellError) {
                _ = try file.parse()
            } catch {
                if error.code != both.code { both.others.append(error) }
            }
            throw both
        }
        return (try file.parse(), signer)
    }

    /// Checks the signature alone.
    static func signature(_ file: CertificateFile, trusted: PublicKey?) throws(BellError) -> Signer {
        Signer(key: try file.checkSignature(trusted: trusted), isTrusted: trusted != nil)
    }

    /// Recomputes everything from the journal, showing the progress.
    static func journal(
        _ path: String, certificate: Certificate?, signer: Signer?, console: Console
    ) throws(BellError) -> Reply {
        let journal = try Journal.openReadOnly(at: path)
        let progress = AuditProgress(console)
        defer { progress.end() }
        let report = try Verification.run(
            journal: journal, certificate: certificate, progress: { progress.draw($0, of: $1) })
        progress.end()
        var json = report.json.objectValue ?? [:]
        json["signature"] = signer?.json ?? .null
        return Reply(
            json: .object(json), text: (signer?.text ?? "") + ended(report.text), exit: report.exitCode)
    }
}
