import BellHost
import BellJournal
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

    /// Takes bits of a campaign; certified ones from its public pool, for ever.
    ///
    /// - Throws: `tool.no-campaign`, `pool.wrong-kind` for a private one; what ``PoolLedger/take(bits:from:purpose:)`` and
    ///   ``read(_:of:firstBit:bits:state:)`` throw.
    func take(campaign name: String, firstBit: UInt64, picture: Picture, state: StateDirectory) throws(BellError)
        -> Taken
    {
        let files = try CampaignFiles.find(name, in: state)
        guard let id = CampaignID(hex: files.id) else {
            throw BellError(.toolNoCampaign, "The folder is not named by a campaign.", at: files.directory)
        }
        guard panel == "certified" else {
            let isSimulated = try Self.checkPublic(id, state)
            let part = panel == "outcomes" ? PadRecipe.Part.outcomes : .secondSource
            let pad = try Self.read(part, of: id, firstBit: firstBit, bits: picture.bits, state: state)
            return Taken(pad: pad, origin: .campaign(id, part), firstBit: firstBit, isSimulated: isSimulated)
        }
        let ledger = try PoolLedger.open(state: state)
        let withdrawal = try ledger.take(bits: UInt64(picture.bits), from: id, purpose: .picture)
        let part = PadRecipe.Part.withdrawal(withdrawal.id)
        return Taken(
            pad: try Self.read(part, of: id, firstBit: withdrawal.first, bits: picture.bits, state: state),
            origin: .campaign(id, part), firstBit: withdrawal.first,
            isSimulated: try ledger.pool(of: id)?.isSimulated)
    }

    /// Bits of a campaign, as a recipe names them.
    ///
    /// - Throws: `picture.recipe` when the ledger knows no such withdrawal for a picture; `picture.pad` for too few.
    static func read(
        _ part: PadRecipe.Part, of campaign: CampaignID, firstBit: UInt64, bits: Int, state: StateDirectory
    ) throws(BellError) -> Pad {
        let files = PoolFiles(state, campaign)
        switch part {
        case .secondSource: return try pad(files.secondSource, firstBit: firstBit, bits: bits)
        case .outcomes:
            let journal = try Journal.openReadOnly(at: "\(files.folder)/journal.sqlite")
            var outcomes = OutcomeString()
            var next = firstBit / 2
            while outcomes.count < UInt64(bits) + firstBit % 2 {
                let frames = try journal.frames(from: next)
                if frames.isEmpty { break }
                for frame in frames {
                    outcomes.append(frame.statuses)
                    next = frame.firstIndex &+ UInt64(frame.statuses.count)
                }
            }
            let shift = firstBit % 2
            let name = "outcomes of campaign \(campaign)"
            guard outcomes.count >= UInt64(bits) + shift else {
                throw BellError(
                    .pad,
                    "There are \(outcomes.count - min(outcomes.count, shift)) outcome bits from bit \(firstBit) on; \(bits) are wanted.",
                    at: name, fix: "name a longer campaign, or take a smaller picture")
            }
            return try Pad(
                Array(outcomes.packed.prefix(bits / 8 + 1)), firstBit: Int(shift), count: bits / 8, name: name)
        case .withdrawal(let number):
            let ledger = try PoolLedger.open(state: state)
            let known = try ledger.withdrawals(of: campaign).first { $0.id == number }
            guard let pool = try ledger.pool(of: campaign), let known, known.purpose == .picture,
                known.first == firstBit, known.count == UInt64(bits)
            else {
                throw BellError(
                    .padRecipe, "The ledger knows no such withdrawal for a picture.", at: PoolLedger.path(in: state),
                    cause: "number \(number) of campaign \(campaign), \(bits) bits from bit \(firstBit) on",
                    fix: "check --state; or give the campaign's bits with --pad FILE")
            }
            return try Pad(try pool.read(known), count: bits / 8, name: "campaign:\(campaign)")
        }
    }

    /// Refuses what a private pool was or will be made of: a picture that somebody knows shows its pad.
    ///
    /// - Returns: Whether the campaign is simulated.
    private static func checkPublic(_ campaign: CampaignID, _ state: StateDirectory) throws(BellError) -> Bool {
        let journal = try Journal.openReadOnly(at: "\(state.folder(of: campaign))/journal.sqlite")
        let hasLedger = fileExists(PoolLedger.path(in: state))
        let pool = hasLedger ? try PoolLedger.open(state: state).pool(of: campaign) : nil
        guard (pool?.kind ?? journal.sealed.plan.pool) == .public else {
            throw BellError(
                .poolKind, "The pool of campaign \(campaign) is private.", at: state.folder(of: campaign),
                cause: "whoever knows the picture would know the bits that lie over it", state: "no bit was taken",
                fix: "name a campaign with a public pool")
        }
        return journal.simulated
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
