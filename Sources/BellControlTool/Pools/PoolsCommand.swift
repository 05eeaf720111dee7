import BellCertification
import BellHost
import BellJournal
import BellModel
import BellPool
import BellRandomness

/// `bellctl pools`, `bellctl campaign publish`, and a pool's part of `bellctl extract verify`.
enum PoolsCommand {
    static func list(_ invocation: Invocation) throws(BellError) -> Reply {
        let state = try invocation.stateDirectory()
        guard fileExists(PoolLedger.path(in: state)) else { return PoolText.list([]) }
        return PoolText.list(try PoolLedger.open(state: state).pools())
    }

    static func publish(_ invocation: Invocation) throws(BellError) -> Reply {
        let state = try invocation.stateDirectory()
        let files = try CampaignFiles.find(invocation.positional(0), in: state)
        guard let campaign = CampaignID(hex: files.id) else { throw unnamed(files.id) }
        try PoolLedger.open(state: state).publish(campaign, exposingKeys: invocation.flag("expose-keys"))
        return Reply(
            json: ["campaign": .string(files.id), "pool": "public"],
            text:
                "the pool of campaign \(files.id) is public for ever: its halves may be given away, and no key is taken from it\n"
        )
    }

    /// What `bellctl extract verify` does with `campaign:ID` or the path of a campaign's recipe; nil for other recipes.
    static func verify(named name: String, _ invocation: Invocation) throws(BellError) -> Reply? {
        let prefix = "campaign:"
        if name.hasPrefix(prefix) {
            let files = try CampaignFiles.find(
                String(name.dropFirst(prefix.count)), in: try invocation.stateDirectory())
            return try verify(folder: files.directory, recipe: nil, invocation)
        }
        guard let recipe = try? JSON(parsing: try readFile(name, limit: 1 << 20), source: name),
            recipe["campaign"] != nil
        else { return nil }
        return try verify(folder: parent(of: name), recipe: recipe, invocation)
    }

    /// Repeats a campaign's extraction from its journal and second source, bit for bit; nothing is written.
    ///
    /// - Parameters:
    ///   - folder: Holds journal.sqlite, certificate.json, recipe.json and second-source.bin; bits.bin is compared where it is.
    ///   - recipe: Instead of the folder's.
    private static func verify(
        folder: String, recipe: JSON?, _ invocation: Invocation
    ) throws(BellError) -> Reply {
        if let extra = invocation.positional(1) ?? invocation.text("output") {
            throw BellError(
                .toolArgument, "A campaign's extraction takes no further file.", at: extra,
                cause: "its sources and its bits lie in the campaign's folder", fix: "leave it off")
        }
        let trusted = invocation.text("key") == nil ? nil : try CertificateFile.trustedKey(invocation)
        let files = PoolFiles(folder: folder)
        let recipe = if let recipe { recipe } else { try files.readRecipe() }
        let second = try files.readSecondSource()
        let certificate = try CertificateCheck.read(
            try CertificateFile(path: "\(folder)/certificate.json"), trusted: trusted
        ).certificate
        let journal = try Journal.openReadOnly(at: "\(folder)/journal.sqlite")
        let repeated = try ExtractCampaignCommand.again(
            journal, certificate, recipe: recipe, second: second, at: files.recipe, invocation.console)
        let isThere = fileExists(files.bits)
        if isThere, files.readBits() != repeated.bits {
            throw BellError(
                .poolMismatch, "The stored bits are not those of the recipe.", at: files.bits,
                state: "nothing was changed", fix: "`bellctl campaign extract` in its state directory restores them")
        }
        return Reply(
            json: [
                "campaign": .string(journal.campaign.description), "match": true,
                "bits": .int(Int64(repeated.extraction.shape.outputBits)), "compared": .bool(isThere),
                "simulated": .bool(certificate.isSimulated), "key_trusted": .bool(trusted != nil),
            ],
            text:
                "MATCH: \(NumberText.count(UInt64(repeated.extraction.shape.outputBits))) bits follow from the journal, "
                + "source two and the recipe\(isThere ? ", and are those of bits.bin" : "; there is no bits.bin to compare")"
                + "\(certificate.isSimulated ? "   SIMULATED" : "")\n"
                + (trusted == nil
                    ? "the certificate's signer is the file's own word: give the laboratory's key with --key\n" : ""))
    }

    private static func unnamed(_ name: String) -> BellError {
        BellError(.toolNoCampaign, "A campaign's folder has its id as a name; this is \(name).", at: name)
    }
}
