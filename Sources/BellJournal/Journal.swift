import BellCrypto
public import BellModel
import BellSQLite
import Glibc

/// The evidence of one campaign on disk: what was committed, what the nodes sent, and what the audit said.
///
/// An SQLite file in write-ahead mode with `synchronous=FULL`: what a method has written is durable when it returns, and
/// a process killed at any moment leaves each transaction whole or not there. One owner, one isolation; another process
/// may read at the same time. The certificate and `bellctl campaign verify` recompute everything from it.
public final class Journal {
    /// The file.
    public let path: String
    public let campaign: CampaignID
    public let sealed: SealedPlan
    /// BLAKE2b-256 of the sealed plan's canonical text.
    public let planHash: Digest
    /// What the boards said of themselves when the campaign began.
    public let devices: JSON
    /// Whether the campaign ran on a simulated laboratory.
    public let simulated: Bool
    /// The version of belld that began the campaign.
    public let software: String

    let database: Database
    let isReadOnly: Bool
    private var isInSnapshot = false
    let encoder = ColumnEncoder()
    /// Of everything but records, which have ``lanes``.
    let decoder = ColumnDecoder()
    let lanes = PerNode { HalfLane($0) }
    /// One past the last committed trial, and arm.
    public internal(set) var nextIndex: UInt64 = 0
    public internal(set) var nextArm: UInt64 = 0
    /// One past the last recorded arm, and its last trial; arms are recorded in order.
    public internal(set) var nextUnrecordedArm: UInt64 = 0
    public internal(set) var recordedIndex: UInt64 = 0
    /// Each node's chain over all recorded chunks; zeroes at the beginning.
    public internal(set) var chainHeads = PerNode<Digest>(alice: .zero, bob: .zero)
    /// The last block's number, and whether it is open; nil before the first block.
    public internal(set) var lastBlock: (number: UInt64, isOpen: Bool)?

    /// Begins the journal of a campaign; readable by its owner only.
    ///
    /// - Parameters:
    ///   - planHash: BLAKE2b-256 of `sealed.json.text`.
    ///   - state: The campaign's; the word is the caller's.
    ///   - chain: The laboratory's other plans; nil leaves them, and anchors, to ``fixPlanRecord(_:state:)``.
    /// - Throws: `journal.exists`, `journal.input` for another plan hash, `sqlite.…`.
    public static func create(
        at path: String, campaign: CampaignID, sealed: SealedPlan, planHash: Digest, devices: JSON, simulated: Bool,
        software: String = Version.belld, state: String = "preparing", chain: PlanChain? = nil
    ) throws(BellError) -> Journal {
        guard Blake2b.hash(text: sealed.json.text) == planHash else {
            throw BellError(.journalInput, "The plan's hash is not that of the plan.", at: path)
        }
        try createPrivateFile(path)
        let database = try Database(path: path, mode: .create, busyMilliseconds: busyMilliseconds)
        // Measured for arms of 1024 trials: 9.9 bytes a trial and 2.9 M trials/s; pages of 8 KiB gave 16.9 and 1.9 M.
        try database.pragma("page_size", "4096")
        try database.useDurableLog(autoCheckpointPages: autoCheckpointPages)
        try JournalSchema.migrate(database)
        try database.transaction { () throws(BellError) in
            let plan = sealed.json.text
            try database.run(
                "INSERT INTO campaign VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                [
                    .blob(campaign.bytes), .text(plan), .blob(planHash.bytes), .text(devices.text),
                    .int(simulated ? 1 : 0), .text(software),
                    .blob(
                        campaignDigest(
                            campaign: campaign, plan: plan, planHash: planHash, devices: devices.text,
                            simulated: simulated, software: software
                        ).bytes),
                ])
            try database.run("INSERT INTO state VALUES (1, ?1, '', 0)", [.text(state)])
            if let chain { try insertPlanRecord(database, chain, anchors: 0) }
        }
        return try Journal(database, isReadOnly: false)
    }

    /// Opens a journal to go on writing; an older version is brought up to date.
    ///
    /// - Throws: `journal.missing`, `journal.foreign`, `journal.newer-version`, `journal.hash-mismatch`, `sqlite.…`.
    public static func open(at path: String) throws(BellError) -> Journal {
        try checkExists(path)
        let database = try Database(path: path, mode: .readWrite, busyMilliseconds: busyMilliseconds)
        try JournalSchema.check(database)
        try database.useDurableLog(autoCheckpointPages: autoCheckpointPages)
        try JournalSchema.migrate(database)
        return try Journal(database, isReadOnly: false)
    }

    /// Opens a journal to read it, also while another process writes.
    ///
    /// - Throws: As ``open(at:)``, and `journal.older-version`.
    public static func openReadOnly(at path: String) throws(BellError) -> Journal {
        try checkExists(path)
        let database = try Database(path: path, mode: .readOnly, busyMilliseconds: busyMilliseconds)
        try JournalSchema.check(database)
        guard try JournalSchema.version(of: database) == JournalSchema.version else {
            throw BellError(
                .journalOlder, "The journal has an older version and must be brought up to date first.", at: path,
                fix: "open its campaign once with this belld")
        }
        return try Journal(database, isReadOnly: true)
    }

    private init(_ database: Database, isReadOnly: Bool) throws(BellError) {
        self.database = database
        self.isReadOnly = isReadOnly
        path = database.path
        try JournalSchema.checkTables(database)
        let stored = try StoredCampaign(database)
        campaign = stored.campaign
        sealed = stored.sealed
        planHash = stored.planHash
        devices = stored.devices
        simulated = stored.simulated
        software = stored.software
        try refresh()
    }

    /// How long to wait for the checkpointer or another reader.
    private static let busyMilliseconds: Int32 = 30_000
    /// A net for the case that nobody runs a ``JournalCheckpointer``: 256 MB.
    private static let autoCheckpointPages: Int32 = 65_536

    /// Reads where the campaign stands; a reader calls it to see what was written since.
    ///
    /// - Throws: `journal.damaged`, `sqlite.…`.
    public func refresh() throws(BellError) { try snapshot { () throws(BellError) in try readPosition() } }

    /// Lets a reader see one moment of the journal in all of `body`; a writer sees its own anyway.
    ///
    /// - Throws: `sqlite.…`, and what `body` throws.
    public func snapshot<T>(_ body: () throws(BellError) -> T) throws(BellError) -> T {
        guard isReadOnly, !isInSnapshot else { return try body() }
        try database.execute("BEGIN")
        isInSnapshot = true
        defer {
            isInSnapshot = false
            // Nothing was written: there is nothing that could fail to be kept.
            try? database.execute("COMMIT")
        }
        return try body()
    }

    private func readPosition() throws(BellError) {
        try database.prepare("SELECT arm, first_index, count FROM arm ORDER BY arm DESC LIMIT 1").rows {
            row throws(BellError) in
            nextArm = try row.uint64(0) &+ 1
            nextIndex = try row.uint64(1) &+ (try row.uint64(2))
        }
        try database.prepare(
            "SELECT arm, first_index, count FROM arm WHERE arm = (SELECT max(arm) FROM result)"
        ).rows { row throws(BellError) in
            nextUnrecordedArm = try row.uint64(0) &+ 1
            recordedIndex = try row.uint64(1) &+ (try row.uint64(2))
        }
        for node in Node.allCases {
            try database.prepare("SELECT head FROM chunk WHERE node = ?1 ORDER BY id DESC LIMIT 1").rows([
                .int(Int64(node.rawValue))
            ]) { row throws(BellError) in chainHeads[node] = try digest(row, 0, "chain head of \(node.name)") }
        }
        try database.prepare(
            """
            SELECT number, EXISTS (SELECT 1 FROM block_end WHERE block_end.number = block.number)
            FROM block ORDER BY number DESC LIMIT 1
            """
        ).rows { row throws(BellError) in lastBlock = (try row.uint64(0), try row.int64(1) == 0) }
    }

    private static func checkExists(_ path: String) throws(BellError) {
        guard access(path, F_OK) == 0 else {
            throw BellError(
                .journalMissing, "There is no journal.", at: path, cause: String(cString: strerror(errno)),
                fix: "give the path of a campaign's journal.sqlite; `bellctl campaign list` names them")
        }
    }

    /// Makes the file itself, because SQLite would let others read it; `open(2)` with `O_EXCL`.
    ///
    /// The log's files get the same mode from SQLite.
    private static func createPrivateFile(_ path: String) throws(BellError) {
        let file = Glibc.open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            let reason = errno
            if reason == EEXIST {
                throw BellError(
                    .journalExists, "There is a journal already.", at: path, state: "it was not touched",
                    fix: "resume its campaign, or begin the new one under another id")
            }
            throw BellError(
                reason == ENOSPC || reason == EDQUOT ? .sqliteFull : .sqliteCannotOpen,
                "The journal cannot be created.", at: path, cause: "open: \(String(cString: strerror(reason)))",
                fix: "check that the folder exists, is writable and has room")
        }
        close(file)
        // The new name must survive a power cut, too.
        let folder = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) + "/" : "."
        let directory = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }
}
