import BellHost
import BellModel
import BellPicture
import BellPool

/// Where a panel's bits come from, and how they are read.
struct PadSource {
    /// A pad with all that its recipe and its picture's legend say of it.
    struct Taken {
        let pad: Pad
        let origin: PadRecipe.Source
        let firstBit: UInt64
        /// Whether no device made the bits; nil for files, which do not tell.
        let isSimulated: Bool?
    }

    /// `weak`, `outcomes` or `certified`.
    let panel: String
    /// As it was typed: a file, or `campaign:` and its name.
    let text: String

    /// What names a campaign.
    private static let prefix = "campaign:"
    var campaign: String? { text.hasPrefix(Self.prefix) ? String(text.dropFirst(Self.prefix.count)) : nil }

    /// Takes a file's bits.
    func read(path: String, firstBit: UInt64, picture: Picture) throws(BellError) -> Taken {
        let pad = try Self.pad(path, firstBit: firstBit, bits: picture.bits)
        return Taken(pad: pad, origin: .file(Self.name(path)), firstBit: firstBit, isSimulated: nil)
    }

    /// Bits of a file from one place on; nothing else of it is read.
    ///
    /// - Throws: `picture.pad` when it is too short, with how many bits are wanted; `file.missing`, `file.access`.
    static func pad(_ path: String, firstBit: UInt64, bits: Int) throws(BellError) -> Pad {
        let file = try BitFile(path)
        let (size, wanted) = (file.size.multipliedReportingOverflow(by: 8).partialValue, UInt64(bits))
        guard firstBit <= size, size - firstBit >= wanted else {
            throw BellError(
                .pad, "The file has \(size - min(size, firstBit)) bits from bit \(firstBit) on; \(wanted) are wanted.",
                at: path, fix: "give more bits, or take a smaller picture")
        }
        let shift = Int(firstBit % 8)
        let bytes = try file.read(at: firstBit / 8, count: bits / 8 + (shift > 0 ? 1 : 0))
        return try Pad(bytes, firstBit: shift, count: bits / 8, name: path)
    }

    /// Takes certified bits of a campaign's public pool, for ever.
    ///
    /// - Throws: What ``PoolLedger/take(bits:from:purpose:)`` throws; `picture.pad` when the bits stand still, which no pool's do.
    func take(campaign name: String, picture: Picture, state: StateDirectory) throws(BellError) -> Taken {
        let id = try Self.id(name, in: state)
        let ledger = try PoolLedger.open(state: state)
        let withdrawal = try ledger.take(bits: UInt64(picture.bits), from: id, purpose: .picture)
        guard let pool = try ledger.pool(of: id) else { throw Self.missing(name, state) }
        let pad = try Pad(try pool.read(withdrawal), count: picture.samples.count, name: text)
        return Taken(
            pad: pad, origin: .pool(id, withdrawal: withdrawal.id), firstBit: withdrawal.first,
            isSimulated: pool.isSimulated)
    }

    /// The bits of a withdrawal that an earlier `image encrypt` made.
    ///
    /// - Throws: `picture.recipe` when the ledger knows no such withdrawal for a picture.
    static func pad(of recipe: PadRecipe, campaign: CampaignID, withdrawal number: Int64, state: StateDirectory)
        throws(BellError) -> Pad
    {
        let ledger = try PoolLedger.open(state: state)
        let known = try ledger.withdrawals(of: campaign).first { $0.id == number }
        guard let pool = try ledger.pool(of: campaign), let known, known.purpose == .picture,
            known.first == recipe.firstBit, known.count == recipe.bits
        else {
            throw BellError(
                .padRecipe, "The ledger knows no such withdrawal for a picture.", at: PoolLedger.path(in: state),
                cause:
                    "the recipe says number \(number) of campaign \(campaign), \(recipe.bits) bits from \(recipe.firstBit) on",
                fix: "check --state; or give the campaign's bits with --pad FILE")
        }
        return try Pad(try pool.read(known), count: Int(recipe.bits / 8), name: "campaign:\(campaign)")
    }

    /// A campaign by its id, number or the start of its id; `latest` too.
    private static func id(_ name: String, in state: StateDirectory) throws(BellError) -> CampaignID {
        guard let id = CampaignID(hex: try CampaignFiles.find(name, in: state).id) else { throw missing(name, state) }
        return id
    }

    private static func missing(_ name: String, _ state: StateDirectory) -> BellError {
        BellError(
            .toolNoCampaign, "There is no campaign named \"\(name)\" with a pool.", at: state.campaigns,
            fix: "`bellctl campaign extract CAMPAIGN` makes one")
    }

    /// Refuses a pool's own file: the ledger would not know that its bits are used.
    func checkLedger(path: String) throws(BellError) {
        let folder = parent(of: absolutePath(path))
        guard Self.name(path) == "bits.bin", fileExists("\(folder)/recipe.json") else { return }
        throw BellError(
            .pad, "The file is a campaign's pool: its bits are given by the ledger, each once.", at: path,
            fix: "--\(panel) campaign:\(Self.name(folder))")
    }

    private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
