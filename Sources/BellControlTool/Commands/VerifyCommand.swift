import BellCertification
import BellHost
import BellModel

/// `bellctl campaign verify`: recomputes everything that was certified from the stored halves.
enum VerifyCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let trusted = try CertificateFile.trustedKey(invocation)
        var checked: (certificate: Certificate, signer: CertificateCheck.Signer)?
        if let path = invocation.text("certificate") {
            checked = try CertificateCheck.read(try CertificateFile(path: path), trusted: trusted)
        }
        let path = try journalPath(invocation, certificate: checked?.certificate)
        let beside = "\(parent(of: path))/certificate.json"
        if checked == nil, fileExists(beside) {
            checked = try CertificateCheck.read(try CertificateFile(path: beside), trusted: trusted)
        }
        return try CertificateCheck.journal(
            path, certificate: checked?.certificate, signer: checked?.signer, console: invocation.console)
    }

    private static func journalPath(
        _ invocation: Invocation, certificate: Certificate?
    ) throws(BellError) -> String {
        if let path = invocation.text("journal") { return path }
        // A certificate alone names its campaign.
        let name = invocation.positional(0) ?? certificate?.evidence.campaign.description
        return try CampaignFiles.find(name, in: try invocation.stateDirectory()).journal
    }
}
