import BellCertification
import BellCrypto
import BellHost
import BellModel

/// What a certificate's outside anchors prove, checked.
enum AnchorsCommand {
    /// Every anchor's outcome, in the certificate's order.
    struct Checked {
        var rows: [(anchor: PlanAnchor, outcome: TimeStampCheck.Outcome?)]

        private var isBad: Bool {
            rows.contains { if case .bad? = $0.outcome { true } else { false } }
        }

        /// Lines of a page.
        var text: String {
            rows.map { row in
                switch row.anchor {
                case .timeStamp(let stamp):
                    "anchor        time stamp of \(stamp.time): \(row.outcome?.words ?? "")\n"
                case .signature(_, let key, let by):
                    "anchor        signature by \(Style.safe(by) ?? ""): good, by the key \(key)\n"
                }
            }.joined()
        }

        var json: JSON {
            .array(
                rows.map { row in
                    var object = row.anchor.json.objectValue ?? [:]
                    object["token"] = nil
                    object["authority"] = row.outcome?.json ?? .null
                    return .object(object)
                })
        }

        /// The answer of another command, with the anchors.
        func added(to reply: Reply) -> Reply {
            guard !rows.isEmpty else { return reply }
            var reply = reply
            var members = reply.json.objectValue ?? [:]
            members["anchors"] = json
            reply.json = .object(members)
            reply.text += text
            if isBad { reply.exit = .dataIntegrity }
            return reply
        }
    }

    /// Checks what needs openssl; imprints and Ed25519 signatures were checked when the certificate was read.
    static func check(_ certificate: Certificate, authorities: String?) throws(BellError) -> Checked {
        var checked = Checked(rows: [])
        for anchor in certificate.evidence.record.anchors {
            guard case .timeStamp(let stamp) = anchor else {
                checked.rows.append((anchor, nil))
                continue
            }
            checked.rows.append(
                (
                    anchor,
                    try TimeStampCheck.run(stamp, of: certificate.evidence.sealed, authorities: authorities)
                ))
        }
        return checked
    }

    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let certificate = try CertificateFile.find(invocation.positional(0), invocation).parse()
        let checked = try check(certificate, authorities: invocation.text("tsa-ca"))
        let sealed = certificate.evidence.sealed
        var text = certificate.planWords.enumerated().map { i, line in
            "\(i == 0 ? "plan          " : "              ")\(Style.safe(line) ?? "")\n"
        }.joined()
        var files: [String] = []
        if let folder = invocation.text("write") {
            let commands = try write(checked, sealed, to: folder)
            files = commands.files
            text += "\n" + commands.text
        }
        return checked.added(
            to: Reply(
                json: [
                    "number": JSON(count: sealed.number),
                    "plan_hash": .string(certificate.evidence.planHash.description),
                    "anchors": [], "files": .array(files.map { .string($0) }),
                ], text: text))
    }

    /// Writes the files, and says how openssl checks them.
    private static func write(
        _ checked: Checked, _ sealed: SealedPlan, to folder: String
    ) throws(BellError) -> (files: [String], text: String) {
        try makeFolder(folder, mode: 0o755)
        var files: [String] = []
        var text = ""
        func add(_ name: String, _ bytes: [UInt8]) throws(BellError) {
            try writeFileAtomically("\(folder)/\(name)", bytes, mode: 0o644)
            files.append("\(folder)/\(name)")
        }
        try add("plan.json", Array(sealed.json.text.utf8))
        for (i, row) in checked.rows.enumerated() {
            let name = "anchor-\(i + 1)"
            switch row.anchor {
            case .timeStamp(let stamp):
                try add("\(name).tsr", stamp.bytes)
                text += "openssl ts -verify -data \(folder)/plan.json -in \(folder)/\(name).tsr -CAfile CA.pem\n"
            case .signature(let signature, let key, _):
                try add("\(name).sig", signature)
                try add("\(name).pub.pem", Array(key.pem.utf8))
                text +=
                    "openssl pkeyutl -verify -pubin -inkey \(folder)/\(name).pub.pem -rawin -in \(folder)/plan.json "
                    + "-sigfile \(folder)/\(name).sig\n"
            }
        }
        return (files, text)
    }
}
