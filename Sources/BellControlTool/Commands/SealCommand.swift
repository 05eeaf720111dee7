import BellCrypto
import BellHost
import BellJournal
import BellModel

/// How a campaign comes to be: `campaign seal`, `anchor`, `start` and `abandon`.
enum SealCommand {
    static func seal(_ invocation: Invocation) throws(BellError) -> Reply {
        let path = try planPath(invocation.positional(0) ?? "")
        var params: [String: JSON] = ["plan_path": .string(path)]
        if let file = invocation.text("beacon") {
            let published = try JSON(parsing: try readText(file, limit: 1 << 16), source: file)
            params["beacon"] = try BeaconPulse(published: published, path: file).json
        }
        let sealed = try invocation.call("campaign.seal", .object(params), timeoutMilliseconds: 60_000)
        let number = NumberText.count(sealed["number"]?.countValue)
        return Reply(
            json: sealed,
            text: """
                plan \(number) sealed: campaign \(Style.safe(sealed["campaign"]?.stringValue) ?? NumberText.missing)
                plan hash     \(Style.safe(sealed["plan_hash"]?.stringValue) ?? NumberText.missing)
                not begun     `bellctl campaign start \(number)` begins it, `bellctl campaign abandon \(number) --reason …` gives it up
                not anchored  until it is begun, somebody outside can be given the plan, so that its date is not only your word:
                              bellctl campaign anchor \(number) --write plan.json
                              openssl ts -query -data plan.json -sha256 -cert -out plan.tsq   (send it; the reply is plan.tsr)
                              bellctl campaign anchor \(number) --rfc3161 plan.tsr

                """)
    }

    /// Seals a file and starts it, or starts what is sealed already.
    static func start(_ invocation: Invocation) throws(BellError) -> Reply {
        let name = invocation.positional(0) ?? ""
        let params: JSON =
            isCampaign(name) ? ["campaign": .string(name)] : ["plan_path": .string(try planPath(name))]
        // Sealing compiles the sequence and writes the journal's first pages.
        let started = try invocation.call("campaign.start", params, timeoutMilliseconds: 60_000)
        let id = Style.safe(started["campaign"]?.stringValue)
        let number = NumberText.count(started["number"]?.countValue)
        let line = "campaign \(number) started: \(id ?? NumberText.missing)"
        guard invocation.flag("watch") else { return Reply(json: started, text: line + "\n") }
        invocation.console.say(line)
        return try WatchCommand.watch(invocation, campaign: id)
    }

    static func abandon(_ invocation: Invocation) throws(BellError) -> Reply {
        guard let reason = invocation.text("reason") else {
            throw BellError(
                .toolArgument, "A campaign is not given up without a reason.", at: "--reason",
                fix: "say in a sentence why; it stands in lists")
        }
        let answer = try invocation.call(
            "campaign.abandon",
            ["campaign": .string(invocation.positional(0) ?? ""), "reason": .string(reason)])
        return Reply(
            json: answer,
            text:
                "campaign \(NumberText.count(answer["number"]?.countValue)) abandoned; it stays listed, also in every "
                + "later certificate\n")
    }

    static func anchor(_ invocation: Invocation) throws(BellError) -> Reply {
        let name = invocation.positional(0) ?? ""
        let given = ["write", "rfc3161", "signature"].filter { invocation.text($0) != nil }
        guard given.count == 1 else {
            throw BellError(
                .toolArgument, "Exactly one of --write, --rfc3161 and --signature is needed, found \(given.count).",
                at: "campaign anchor", fix: "`bellctl campaign anchor --help` tells more")
        }
        let files = try CampaignFiles.find(name, in: try invocation.stateDirectory())
        let sealed = try Journal.openReadOnly(at: files.journal).sealed
        if let path = invocation.text("write") { return try write(sealed, to: path) }
        let (anchor, checked) = try read(invocation, sealed)
        var answer =
            try invocation.call(
                "campaign.anchor", ["campaign": .string(files.id), "anchor": anchor.json], timeoutMilliseconds: 60_000
            ).objectValue ?? [:]
        answer["authority"] = checked?.json ?? .null
        let words: String
        switch anchor {
        case .timeStamp(let stamp):
            words =
                "time stamp of \(stamp.time), serial \(stamp.serial)\n"
                + (checked.map { "authority     \($0.words)\n" } ?? "")
        case .signature(_, let key, let by): words = "signature by \(Style.safe(by) ?? ""), key \(key)\n"
        }
        return Reply(json: .object(answer), text: "plan \(sealed.number) anchored: \(words)")
    }

    private static func write(_ sealed: SealedPlan, to path: String) throws(BellError) -> Reply {
        let text = sealed.json.text
        try writeFileAtomically(path, text: text, mode: 0o644)
        let hash = SHA2.sha256.hash(Array(text.utf8)).hex
        return Reply(
            json: ["number": JSON(count: sealed.number), "file": .string(path), "sha256": .string(hash)],
            text:
                "plan \(sealed.number) written to \(path), as it is hashed: do not change a byte\nsha256        \(hash)\n"
        )
    }

    /// Reads an anchor from its files and checks it here, so that a mistake costs no call.
    private static func read(
        _ invocation: Invocation, _ sealed: SealedPlan
    ) throws(BellError) -> (PlanAnchor, TimeStampCheck.Outcome?) {
        let anchor: PlanAnchor
        let place: String
        if let path = invocation.text("rfc3161") {
            place = path
            anchor = .timeStamp(try TimeStamp(try readFile(path, limit: TimeStamp.mostBytes), place: path))
        } else {
            place = invocation.text("signature") ?? ""
            guard let key = try CertificateFile.trustedKey(invocation), let by = invocation.text("by") else {
                throw BellError(
                    .toolArgument, "A signature needs --key and --by.", at: "--signature \(place)",
                    fix: "give the signer's public key, and who it is")
            }
            anchor = .signature(try readFile(place, limit: 1 << 16), key: key, by: by)
        }
        try anchor.check(sealed, place: place)
        guard case .timeStamp(let stamp) = anchor else { return (anchor, nil) }
        let outcome = try TimeStampCheck.run(stamp, of: sealed, authorities: invocation.text("tsa-ca"))
        if case .bad(let cause) = outcome {
            throw BellError(
                .planAnchor, "The time stamp's authority is not one of the given ones, or its signature is bad.",
                at: place, cause: cause, state: "nothing was stored",
                fix: "give the authority's root certificate with --tsa-ca, as the authority publishes it")
        }
        if case .unchecked(let why) = outcome, invocation.text("tsa-ca") != nil {
            throw BellError(
                .planAnchor, "The time stamp's signature could not be checked.", at: place, cause: why,
                state: "nothing was stored", fix: "install openssl, or leave --tsa-ca away to store it unchecked")
        }
        return (anchor, outcome)
    }

    /// Only digits are a number, 8 to 32 hexadecimal digits an identifier; everything else is a file.
    static func isCampaign(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { (0x30...0x39).contains($0) }
            || (8...32).contains(name.utf8.count) && name.utf8.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
    }

    private static func planPath(_ name: String) throws(BellError) -> String {
        let path = absolutePath(name)
        // Looked at here as well, so that a mistyped path is told from a daemon's trouble.
        _ = try readText(path)
        return path
    }
}
