public import BellHost
import BellCrypto
public import BellModel

/// Puts a pool onto the disk, so that after any crash it is either not there or can be finished, always with the same bits.
///
/// The order is: the draft of the recipe, source two, the bits, the ledger, and the recipe last. As long as source two of the
/// draft is not on the disk nobody has seen a bit, and everything begins anew; from then on only the draft's bits are made.
public struct PoolWriter {
    public let state: StateDirectory
    public let files: PoolFiles
    private let campaign: CampaignID
    private let lock: FileLock

    /// Takes the campaign's extraction for itself, and removes what a killed one has left half-written.
    ///
    /// - Throws: `file.locked` while another process extracts the campaign.
    public init(_ state: StateDirectory, _ campaign: CampaignID) throws(BellError) {
        self.state = state
        self.campaign = campaign
        files = PoolFiles(state, campaign)
        lock = try FileLock("\(files.folder)/extract.lock", wait: 1000)
        for name in try folderContents(files.folder) where name.hasSuffix(".tmp") {
            let isOurs = [files.bits, files.recipe, files.secondSource, files.draft]
                .contains { "\(files.folder)/\(name)".hasPrefix($0 + ".") }
            if isOurs { try removeFile("\(files.folder)/\(name)") }
        }
    }

    /// What an earlier call has decided.
    public enum Standing {
        /// Nothing: source two may be drawn.
        case fresh
        /// Killed while it wrote, or its recipe is lost and the ledger has it: only these bits may come out again.
        case begun(recipe: JSON, second: [UInt8], digest: Digest)
        /// Extracted, with this recipe.
        case done(recipe: JSON)
    }

    /// Looks at what is there.
    ///
    /// - Throws: `pool.ledger-damaged` when there is a recipe and no ledger that knows it; `pool.damaged` when the ledger
    ///   knows the pool and its second source is gone.
    public func standing() throws(BellError) -> Standing {
        let known = try knownPool()
        if fileExists(files.recipe) {
            let recipe = try files.readRecipe()
            guard known != nil else {
                throw BellError(
                    .poolLedger, "The campaign was extracted, and the ledger does not know its pool.",
                    at: PoolLedger.path(in: state),
                    cause: "the ledger was lost, or the campaign's folder comes from another state directory",
                    state: "no bit is given: which ones were given is not known",
                    fix: "restore the ledger as it was last; `bellctl extract verify` works without it")
            }
            return .done(recipe: recipe)
        }
        let second = fileExists(files.secondSource) ? try files.readSecondSource() : nil
        if fileExists(files.draft) {
            let draft = try PoolFiles.parse(files.draft)
            if let second, draft["source_two"]?.stringValue == Blake2b.hash(second).description,
                let digest = draft["output"]?.stringValue.flatMap(Digest.init(hex:))
            {
                return .begun(recipe: draft, second: second, digest: digest)
            }
        }
        guard let known else { return .fresh }
        guard let second else {
            throw BellError(
                .poolDamaged, "The campaign was extracted, and its recipe and source two are gone.",
                at: files.secondSource, cause: "a campaign is extracted exactly once", state: "nothing was changed",
                fix: "restore the campaign's folder from a copy")
        }
        return .begun(recipe: known.json, second: second, digest: known.digest)
    }

    private func knownPool() throws(BellError) -> PoolRecipe? {
        guard fileExists(PoolLedger.path(in: state)) else { return nil }
        return try PoolLedger.open(state: state).recipe(of: campaign)
    }

    /// Writes everything; each step may have been done before, by a call that was killed.
    public func write(recipe: JSON, second: [UInt8], bits: [UInt8]) throws(BellError) {
        let entry = try PoolRecipe(json: recipe)
        try writeFileAtomically(files.draft, text: recipe.text + "\n")
        try writeFileAtomically(files.secondSource, second)
        try writeFileAtomically(files.bits, bits)
        try PoolLedger.open(state: state, create: true).enter(entry)
        try writeFileAtomically(files.recipe, text: recipe.text + "\n")
        try removeFile(files.draft)
    }

    /// Puts lost or damaged bits of a pool back; they must be those of its recipe.
    public func restore(bits: [UInt8]) throws(BellError) { try writeFileAtomically(files.bits, bits) }
}

extension PoolFiles {
    /// The recipe while its pool is being written.
    var draft: String { "\(folder)/recipe-draft.json" }

    /// The recipe as it was stored.
    ///
    /// - Throws: `pool.damaged` when it cannot be read.
    public func readRecipe() throws(BellError) -> JSON { try Self.parse(recipe) }

    /// Source two as it was stored.
    ///
    /// - Throws: `pool.damaged` when it is gone.
    public func readSecondSource() throws(BellError) -> [UInt8] {
        guard fileExists(secondSource) else {
            throw BellError(
                .poolDamaged, "Source two of the extraction is gone.", at: secondSource,
                cause: "without it nobody can repeat the extraction", state: "nothing was changed",
                fix: "restore the file from a copy")
        }
        return try readFile(secondSource, limit: PoolFiles.largest)
    }

    /// The certified bits as they were stored; nil when they are gone or longer than any.
    public func readBits() -> [UInt8]? { try? readFile(bits, limit: PoolFiles.largest) }

    /// Most bytes of a source or of bits: 2^30 bits.
    static let largest = 1 << 27

    static func parse(_ path: String) throws(BellError) -> JSON {
        let bytes = try readFile(path, limit: 16 << 20)
        do throws(BellError) {
            return try JSON(parsing: bytes, source: path)
        } catch {
            throw BellError(
                .poolDamaged, "The recipe cannot be read.", at: path, cause: error.what, state: "nothing was changed",
                fix: "restore it from a copy, or move it away and extract again with the options that were given")
        }
    }
}
