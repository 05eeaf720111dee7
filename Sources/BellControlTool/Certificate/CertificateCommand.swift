import BellCertification
import BellCrypto
import BellHost
import BellModel

/// `bellctl certificate`: show, verify, diff, key; none needs a daemon.
enum CertificateCommand {
    static func show(_ invocation: Invocation) throws(BellError) -> Reply {
        try CertificateReply.make(
            try CertificateFile.find(invocation.positional(0), invocation), isWhole: true,
            style: invocation.console.style)
    }

    static func verify(_ invocation: Invocation) throws(BellError) -> Reply {
        let trusted = try CertificateFile.trustedKey(invocation)
        let file = try CertificateFile.find(invocation.positional(0), invocation)
        if invocation.flag("signature-only") {
            let signer = try CertificateCheck.signature(file, trusted: trusted)
            return Reply(
                json: ["certificate": .string(file.path), "match": true, "signature": signer.json],
                text: signer.text + "contents      not looked at\n")
        }
        let (certificate, signer) = try CertificateCheck.read(file, trusted: trusted)
        let anchors = try AnchorsCommand.check(certificate, authorities: invocation.text("tsa-ca"))
        if let journal = invocation.text("journal") ?? file.journal {
            return anchors.added(
                to: try CertificateCheck.journal(
                    journal, certificate: certificate, signer: signer, console: invocation.console))
        }
        let verdict = certificate.verdict.rawValue
        let reply = Reply(
            json: [
                "campaign": .string(certificate.evidence.campaign.description), "match": true,
                "certificate_hash": .string(certificate.hash.description), "verdict": .string(verdict),
                "certified": .bool(certificate.isCertified), "simulated": .bool(certificate.isSimulated),
                "signature": signer.json,
            ],
            text: signer.text
                + "numbers       each follows from the certificate's own evidence\n"
                + "evidence      there is no journal beside the certificate: it was not recomputed\n"
                + "verdict       \(verdict)\(certificate.isSimulated ? "   SIMULATED" : "")\n",
            exit: certificate.verdict == .invalid ? .dataIntegrity : .ok)
        return anchors.added(to: reply)
    }

    /// Neither needs to be sound: what was altered is what one looks for.
    static func diff(_ invocation: Invocation) throws(BellError) -> Reply {
        let (first, second) = (
            try CertificateFile.find(invocation.positional(0), invocation),
            try CertificateFile.find(invocation.positional(1), invocation)
        )
        let found = CertificateDifference(try object(first), try object(second))
        let text = found.text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { Style.safe(String($0)) ?? "" }.joined(separator: "\n")
        return Reply(
            json: [
                "first": .string(first.path), "second": .string(second.path), "equal": .bool(found.isEmpty),
                "members": found.json,
            ],
            text: found.isEmpty ? "the certificates agree in every member\n" : text,
            exit: found.isEmpty ? .ok : .experiment)
    }

    private static func object(_ file: CertificateFile) throws(BellError) -> JSON {
        let json = try JSON(parsing: file.bytes, source: file.path)
        guard json.objectValue?["kind"] == "belld certificate" else {
            throw BellError(
                .certificateFormat, "This is no certificate of belld.", at: "\(file.path): kind",
                fix: "give the certificate.json of a campaign")
        }
        return json
    }

    /// Prints what openssl reads as it is: it skips text before a PEM block.
    static func key(_ invocation: Invocation) throws(BellError) -> Reply {
        let file = try invocation.stateDirectory().key("certifier")
        guard fileExists(file.path) else {
            throw BellError(
                .fileMissing, "There is no certifier's key in this state directory.", at: file.path,
                fix: "check --state; bellcert makes the key at its first start")
        }
        guard let secret = SigningKey(seed: try file.read()), let key = PublicKey(bytes: secret.publicKey) else {
            throw BellError(.keyFile, "The file holds no key.", at: file.path)
        }
        return Reply(
            json: ["public_key": .string(key.description), "pem": .string(key.pem), "file": .string(file.path)],
            text: "\(key)\n\(key.pem)")
    }
}
