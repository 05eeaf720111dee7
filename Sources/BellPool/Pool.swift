public import BellHost
public import BellModel

/// The certified bits of one campaign, extracted once, and how many of them have been given away.
///
/// A snapshot of the ledger; the bits themselves lie in the campaign's folder (docs/pools.md).
public struct Pool: Equatable, Sendable {
    public let campaign: CampaignID
    /// As sealed in the plan, or public since its evidence was declared public.
    public let kind: Plan.Pool
    /// Whether no device made the outcomes.
    public let isSimulated: Bool
    /// Certified bits, m; > 0.
    public let bits: UInt64
    /// BLAKE2b-256 of `bits.bin`.
    public let digest: Digest
    /// Bits given away: the next withdrawal begins here.
    public let given: UInt64
    /// Where the campaign's files are.
    public let files: PoolFiles

    /// Bits that nobody has been given.
    public var left: UInt64 { bits - given }
}

/// The files of a pool, in its campaign's folder; all of them are their owner's only (0600).
public struct PoolFiles: Equatable, Sendable {
    public let folder: String

    public init(_ state: StateDirectory, _ campaign: CampaignID) { folder = state.folder(of: campaign) }

    /// Of a campaign's folder that may have been copied from another machine.
    public init(folder: String) { self.folder = folder }

    /// The certified bits, packed, MSB first; the last byte is padded with zeros.
    public var bits: String { "\(folder)/bits.bin" }
    /// How the bits are made again, canonical JSON; written last: without it the extraction is not over.
    public var recipe: String { "\(folder)/recipe.json" }
    /// Source two as it was drawn, packed, MSB first.
    public var secondSource: String { "\(folder)/second-source.bin" }
}
