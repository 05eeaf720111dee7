import BellCertification
import BellCrypto
import BellHost
import BellJournal
import BellModel
import BellPool
import BellRandomness

/// `bellctl campaign extract`: a certified campaign becomes a pool, exactly once.
enum ExtractCampaignCommand {
    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let trusted = try CertificateFile.trustedKey(invocation)
        let state = try invocation.stateDirectory()
        let (journal, certificate) = try campaign(invocation, state, trusted)
        let writer = try PoolWriter(state, journal.campaign)
        let asked = try ExtractionArguments(invocation, plan: journal.sealed.plan)
        switch try writer.standing() {
        case .fresh:
            guard let order = asked.order else { throw asked.missing }
            let evidence = try read(journal, certificate, invocation.console)
            let extraction = try CampaignExtraction(evidence, order: order)
            let second = try SecondSourceDraw.draw(
                order.second.origin, bits: extraction.shape.secondBits, invocation)
            try order.second.check(second)
            let (bits, recipe) = try progress(invocation.console) { (draw) throws(BellError) in
                try extraction.run(second: second, progress: draw)
            }
            try write(writer, recipe: recipe, second: second, bits: bits)
            return PoolText.extracted(extraction, recipe: recipe, writer.files, again: nil)
        case .begun(let recipe, let second, let digest):
            return try finish(
                invocation, writer, journal, certificate, asked, recipe: recipe, second: second, digest: digest)
        case .done(let recipe):
            let second = try writer.files.readSecondSource()
            try asked.compare(with: recipe, second: second, at: writer.files.recipe)
            let repeated = try again(
                journal, certificate, recipe: recipe, second: second, at: writer.files.recipe, invocation.console)
            let isWhole = writer.files.readBits() == repeated.bits
            if !isWhole { try writer.restore(bits: repeated.bits) }
            return PoolText.extracted(
                repeated.extraction, recipe: recipe, writer.files,
                again: isWhole
                    ? "extracted before; repeated now, with the same bits"
                    : "extracted before; bits.bin was missing or damaged and is restored")
        }
    }

    /// Goes on where a killed call has stopped: only the same bits may come out.
    private static func finish(
        _ invocation: Invocation, _ writer: PoolWriter, _ journal: Journal, _ certificate: Certificate,
        _ asked: ExtractionArguments, recipe: JSON, second: [UInt8], digest: Digest
    ) throws(BellError) -> Reply {
        try asked.compare(with: recipe, second: second, at: writer.files.recipe)
        let repeated = try again(
            journal, certificate, recipe: recipe, second: second, at: writer.files.recipe, invocation.console)
        guard Blake2b.hash(repeated.bits) == digest else {
            throw BellError(
                .poolMismatch, "The campaign was extracted before, with other bits.", at: writer.files.folder,
                cause: "a campaign is extracted exactly once, and its pool has the digest \(digest.short)…",
                state: "nothing was changed", fix: "give the options that were given then")
        }
        try write(writer, recipe: recipe, second: second, bits: repeated.bits)
        return PoolText.extracted(
            repeated.extraction, recipe: recipe, writer.files, again: "finished what an interrupted call had begun")
    }

    /// Not to be ended by Ctrl-C in between: it takes milliseconds.
    private static func write(
        _ writer: PoolWriter, recipe: JSON, second: [UInt8], bits: [UInt8]
    ) throws(BellError) {
        let signals = try SignalCount()
        try writer.write(recipe: recipe, second: second, bits: bits)
        _ = signals.count
    }

    private static func campaign(
        _ invocation: Invocation, _ state: StateDirectory, _ trusted: PublicKey?
    ) throws(BellError) -> (Journal, Certificate) {
        let files = try CampaignFiles.find(invocation.positional(0), in: state)
        guard absolutePath(files.directory) == absolutePath("\(state.campaigns)/\(files.id)") else {
            throw BellError(
                .toolArgument, "Only a campaign of the state directory becomes a pool.", at: files.directory,
                fix: "name it by its id; whoever has the evidence elsewhere repeats it with `bellctl extract verify`")
        }
        let journal = try Journal.openReadOnly(at: files.journal)
        guard fileExists(files.certificate) else {
            throw BellError(
                .poolUncertified, "The campaign has no certificate.", at: files.certificate,
                state: "nothing was extracted", fix: "wait for bellcert to write it: `bellctl campaign watch`")
        }
        return (
            journal,
            try CertificateCheck.read(try CertificateFile(path: files.certificate), trusted: trusted).certificate
        )
    }

    private static func read(
        _ journal: Journal, _ certificate: Certificate, _ console: Console
    ) throws(BellError) -> PoolEvidence {
        let bar = AuditProgress(console)
        defer { bar.end() }
        return try PoolEvidence(journal: journal, certificate: certificate) { bar.draw($0, of: $1) }
    }

    /// Repeats an extraction and compares it with its recipe.
    static func again(
        _ journal: Journal, _ certificate: Certificate, recipe: JSON, second: [UInt8], at place: String,
        _ console: Console
    ) throws(BellError) -> ExtractionRepeat {
        let evidence = try read(journal, certificate, console)
        return try progress(console) { (draw) throws(BellError) in
            try ExtractionRepeat(evidence, recipe: recipe, second: second, at: place, progress: draw)
        }
    }

    private static func progress<T>(
        _ console: Console, _ body: (@escaping (Double) -> Void) throws(BellError) -> T
    ) throws(BellError) -> T {
        let screen = ProgressScreen(console: console)
        defer { screen.end() }
        return try body { screen.draw(fraction: $0, fields: ["extracting"]) }
    }
}
