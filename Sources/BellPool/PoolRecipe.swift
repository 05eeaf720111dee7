import BellHost
public import BellModel

/// What the ledger reads of a pool's recipe: which bits it made.
public struct PoolRecipe: Equatable, Sendable {
    public let campaign: CampaignID
    /// Kind of the pool as sealed in the plan.
    public let kind: Plan.Pool
    public let isSimulated: Bool
    /// Bits in `bits.bin`; > 0.
    public let bits: UInt64
    /// BLAKE2b-256 of `bits.bin`.
    public let digest: Digest
    /// All of it.
    let json: JSON

    /// Reads `recipe.json`.
    ///
    /// - Throws: `pool.damaged` when it is no recipe of a pool; `file.missing`, `file.access`.
    public init(reading path: String) throws(BellError) {
        let bytes = try readFile(path, limit: 16 << 20)
        do throws(BellError) {
            try self.init(json: try JSON(parsing: bytes, source: path))
        } catch {
            throw BellError(
                .poolDamaged, "The recipe cannot be read.", at: path, cause: error.what,
                fix: "restore the file from a copy")
        }
    }

    /// - Throws: `json.shape`.
    public init(json: JSON) throws(BellError) {
        self.json = json
        var reader = try JSONReader(json, path: "recipe")
        let campaign = try reader.string("campaign")
        let kind = try reader.string("pool")
        isSimulated = try reader.bool("simulated")
        bits = try reader.count("m")
        digest = try reader.digest("output")
        guard let campaign = CampaignID(hex: campaign), let kind = Plan.Pool(rawValue: kind), bits > 0 else {
            throw BellError(.jsonShape, "No pool has such a recipe.", at: "recipe")
        }
        self.campaign = campaign
        self.kind = kind
    }
}
