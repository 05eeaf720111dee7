public import BellHost
public import BellModel
import BellSQLite
import Glibc

/// Which bits of which pool have been given to whom: `pools.sqlite` of the state directory.
///
/// Each withdrawal is a transaction, durable before it returns, and so before a bit of it is read: a crash loses bits and
/// never gives one twice, and processes that take at one moment wait for each other. Used from one isolation at a time.
public struct PoolLedger {
    /// Most bits in one withdrawal: 1 Gbit.
    public static let largest: UInt64 = 1 << 30

    private let database: Database
    private let state: StateDirectory

    /// The ledger's file.
    public static func path(in state: StateDirectory) -> String { state.file("pools.sqlite") }

    /// Opens the ledger of a state directory.
    ///
    /// - Parameter create: Whether it is made when there is none.
    /// - Throws: `pool.missing` when there is none, `pool.ledger-damaged`, `pool.newer-version`, `sqlite.…`.
    public static func open(state: StateDirectory, create: Bool = false) throws(BellError) -> PoolLedger {
        do throws(BellError) {
            return try opened(state: state, create: create)
        } catch {
            // The general advice, a copy, would give bits twice.
            guard error.code == .sqliteCorrupt else { throw error }
            throw BellError(
                .poolLedger, "The ledger's file is damaged or is no database.", at: path(in: state), cause: error.cause,
                state: "no bit was given", fix: "restore the ledger as it was last; an older copy would give bits twice"
            )
        }
    }

    private static func opened(state: StateDirectory, create: Bool) throws(BellError) -> PoolLedger {
        let path = path(in: state)
        guard create || fileExists(path) else {
            throw BellError(
                .poolMissing, "There are no pools: no campaign of this state directory has been extracted.",
                at: path, fix: "run `bellctl campaign extract CAMPAIGN`, or check --state")
        }
        if create {
            // Before SQLite makes it with the rights of the umask; what it makes beside it has the same mode.
            let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if file >= 0 { close(file) }
        }
        let database = try Database(path: path, mode: create ? .create : .readWrite, busyMilliseconds: 30_000)
        try database.useDurableLog()
        try database.pragma("foreign_keys", "ON")
        // So that the rules against deletion hold for INSERT OR REPLACE too.
        try database.pragma("recursive_triggers", "ON")
        if create { try LedgerSchema.make(database) }
        try LedgerSchema.check(database)
        return PoolLedger(database: database, state: state)
    }

    private init(database: Database, state: StateDirectory) {
        self.database = database
        self.state = state
    }

    private static let columns = """
        SELECT campaign, simulated, bits, digest,
            kind = 'public' OR EXISTS (SELECT 1 FROM publication WHERE publication.campaign = pool.campaign),
            coalesce((SELECT first + count FROM withdrawal WHERE withdrawal.campaign = pool.campaign
                ORDER BY first DESC LIMIT 1), 0)
        FROM pool
        """

    /// All pools, oldest first.
    public func pools() throws(BellError) -> [Pool] {
        var pools: [Pool] = []
        try database.prepare(Self.columns + " ORDER BY rowid").rows { row throws(BellError) in
            pools.append(try pool(row))
        }
        return pools
    }

    /// The pool of a campaign; nil when it has none.
    public func pool(of campaign: CampaignID) throws(BellError) -> Pool? {
        var found: Pool?
        try database.prepare(Self.columns + " WHERE campaign = ?1").rows([.blob(campaign.bytes)]) {
            row throws(BellError) in found = try pool(row)
        }
        return found
    }

    private func pool(_ row: Row) throws(BellError) -> Pool {
        let bits = try row.uint64(2)
        let given = try row.uint64(5)
        guard let campaign = CampaignID(bytes: try row.blob(0)), let digest = Digest(bytes: try row.blob(3)),
            given <= bits
        else { throw LedgerSchema.damaged(database, "The ledger holds a pool that cannot be.") }
        return Pool(
            campaign: campaign, kind: try row.int64(4) == 0 ? .private : .public, isSimulated: try row.int64(1) != 0,
            bits: bits, digest: digest, given: given, files: PoolFiles(state, campaign))
    }

    /// The recipe with which a campaign was entered; nil when it has no pool.
    func recipe(of campaign: CampaignID) throws(BellError) -> PoolRecipe? {
        var found: PoolRecipe?
        try database.prepare("SELECT recipe FROM pool WHERE campaign = ?1").rows([.blob(campaign.bytes)]) {
            row throws(BellError) in
            found = try PoolRecipe(json: try JSON(parsing: Array(try row.text(0).utf8), source: database.path))
        }
        return found
    }

    /// What was taken from a pool, in order.
    public func withdrawals(of campaign: CampaignID) throws(BellError) -> [Withdrawal] {
        var all: [Withdrawal] = []
        let sql = "SELECT id, first, count, purpose, time FROM withdrawal WHERE campaign = ?1 ORDER BY first"
        try database.prepare(sql).rows([.blob(campaign.bytes)]) { row throws(BellError) in
            guard let purpose = Withdrawal.Purpose(rawValue: try row.text(3)) else {
                throw LedgerSchema.damaged(database, "The ledger holds a withdrawal that cannot be.")
            }
            all.append(
                Withdrawal(
                    id: try row.int64(0), campaign: campaign, first: try row.uint64(1), count: try row.uint64(2),
                    purpose: purpose, time: try row.text(4)))
        }
        return all
    }

    /// Enters the pool of a campaign that has just been extracted; a second time is fine if it is the same one.
    ///
    /// - Throws: `pool.damaged` when the campaign has given other bits before.
    public func enter(_ recipe: PoolRecipe) throws(BellError) {
        try database.transaction { () throws(BellError) in
            if let old = try pool(of: recipe.campaign) {
                guard old.bits == recipe.bits, old.digest == recipe.digest, old.isSimulated == recipe.isSimulated
                else {
                    throw BellError(
                        .poolDamaged, "The campaign \(recipe.campaign) was extracted before, with other bits.",
                        at: database.path, cause: "a campaign is extracted exactly once",
                        state: "nothing was changed")
                }
                return
            }
            try database.run(
                "INSERT INTO pool (campaign, kind, simulated, bits, digest, recipe) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                [
                    .blob(recipe.campaign.bytes), .text(recipe.kind.rawValue), .int(recipe.isSimulated ? 1 : 0),
                    .count(recipe.bits), .blob(recipe.digest.bytes), .text(recipe.json.text),
                ])
        }
    }

    /// Makes a private pool public, for ever: whoever has its evidence can make its bits.
    ///
    /// - Parameter exposingKeys: Whether that is done even though keys were taken from it, which everybody can then know.
    /// - Throws: `pool.missing`; `pool.wrong-kind` when it is public, or when keys were taken from it.
    public func publish(_ campaign: CampaignID, exposingKeys: Bool) throws(BellError) {
        try database.transaction { () throws(BellError) in
            let pool = try existing(campaign)
            guard pool.kind == .private else {
                throw BellError(.poolKind, "The pool of campaign \(campaign) is public already.", at: database.path)
            }
            guard pool.given == 0 || exposingKeys else {
                throw BellError(
                    .poolKind, "Keys of \(pool.given) bits were taken from the pool of campaign \(campaign).",
                    at: database.path, cause: "whoever has the evidence of a public pool can make all of its bits",
                    state: "the pool is still private",
                    fix: "put those keys out of use first; then say --expose-keys")
            }
            try database.run(
                "INSERT INTO publication (campaign, time) VALUES (?1, ?2)",
                [.blob(campaign.bytes), .text(wallClockISO8601())])
        }
    }

    /// Takes the next bits of a pool, for ever; read them with ``Pool/read(_:)`` afterwards.
    ///
    /// Checks the pool's files first, so that what is damaged is not given.
    /// - Throws: `pool.missing`, `pool.wrong-kind`, `pool.not-enough-bits`, `pool.request`, `pool.damaged`; nothing is
    ///   taken then.
    public func take(
        bits count: UInt64, from campaign: CampaignID, purpose: Withdrawal.Purpose
    ) throws(BellError) -> Withdrawal {
        guard (1...Self.largest).contains(count) else {
            throw BellError(
                .poolRequest, "\(count) bits cannot be taken.", state: "nothing was taken",
                fix: "ask for 1 to \(Self.largest) bits")
        }
        // Outside the transaction: it reads the whole file, and what it looks at never changes.
        try existing(campaign).check()
        return try database.transaction { () throws(BellError) in
            let pool = try existing(campaign)
            guard pool.kind == purpose.kind else {
                throw BellError(
                    .poolKind, "The pool of campaign \(campaign) is \(pool.kind.rawValue).",
                    at: database.path,
                    cause: purpose == .key
                        ? "keys come only from private pools: everybody may know the bits of a public one"
                        : "a \(purpose.rawValue) shows its bits: they come only from public pools",
                    state: "nothing was taken", fix: "name a \(purpose.kind.rawValue) pool; `bellctl pools` lists them")
            }
            guard count <= pool.left else {
                throw BellError(
                    .poolEmpty, "The pool of campaign \(campaign) has \(pool.left) bits left; \(count) were asked for.",
                    at: database.path, state: "nothing was taken",
                    fix: "ask for fewer, or take another pool: `bellctl pools` lists them")
            }
            let time = wallClockISO8601()
            try database.run(
                "INSERT INTO withdrawal (campaign, first, count, purpose, time) VALUES (?1, ?2, ?3, ?4, ?5)",
                [
                    .blob(campaign.bytes), .count(pool.given), .count(count), .text(purpose.rawValue), .text(time),
                ])
            guard case .int(let id) = try database.value("SELECT last_insert_rowid()") else {
                throw LedgerSchema.damaged(database, "The ledger gave no number to a withdrawal.")
            }
            return Withdrawal(
                id: id, campaign: campaign, first: pool.given, count: count, purpose: purpose, time: time)
        }
    }

    private func existing(_ campaign: CampaignID) throws(BellError) -> Pool {
        if let pool = try pool(of: campaign) { return pool }
        throw BellError(
            .poolMissing, "The campaign \(campaign) has no pool.", at: database.path,
            cause: "it has not been extracted in this state directory",
            fix: "run `bellctl campaign extract \(campaign)`; `bellctl pools` lists those that have")
    }
}
