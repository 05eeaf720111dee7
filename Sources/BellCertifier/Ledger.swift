import BellCertification
import BellCrypto
import BellModel
import BellSQLite
import BellStatistics
import BellStream

/// One campaign in the certifier's own database, `cert.sqlite`: every arm, every block's end, the end.
///
/// Arms and blocks wait in memory until ``commit()`` writes them in one transaction with `synchronous=FULL`. Nothing
/// that is computed is stored: counts, e-process and trees of evidence are computed anew when the ledger is opened.
final class Ledger {
    /// Kept in `user_version`. Version 1 had no leaves of evidence, so that nothing can be made of it.
    static let schemaVersion: Int64 = 2

    let campaign: CampaignID
    let begin: CampaignBegin
    let sealed: SealedPlan
    private(set) var count: Count
    /// How the campaign ended, once that is stored.
    private(set) var end: CampaignEnd?

    private let database: Database
    private var arms: [OutcomesFrame] = []
    private var blocks: [BlockEnd] = []

    private var place: String { "campaign \(campaign)" }

    /// Opens a campaign's ledger and counts what it holds; O(trials).
    ///
    /// - Parameter begin: Creates the ledger when it is missing, and must be what is stored when it is not; nil only
    ///   opens.
    /// - Throws: `stream.contradiction` when `begin` is another or has no sound plan; `certifier.newer-version`,
    ///   `certifier.older-version`;
    ///   `certifier.corrupt`; SQLite's errors.
    init(path: String, campaign: CampaignID, begin: CampaignBegin?) throws(BellError) {
        database = try Database(path: path, mode: begin == nil ? .readWrite : .create)
        try database.useDurableLog()
        try Self.migrate(database, path, campaign, begin)
        var stored: (id: [UInt8], begin: String, end: String?)?
        try database.prepare("SELECT id, begin, end FROM campaign").rows { row throws(BellError) in
            stored = (try row.blob(0), try row.text(1), row.isNull(2) ? nil : try row.text(2))
        }
        guard let stored, stored.id == campaign.bytes else {
            throw BellError(
                .certifierCorrupt, "The database is not that of campaign \(campaign).", at: path,
                fix: "restore the file from a copy, or move it away to receive the campaign anew")
        }
        self.campaign = campaign
        self.begin = try CampaignBegin(json: try JSON(parsing: stored.begin, source: path))
        end = try stored.end.map { (text) throws(BellError) in
            try CampaignEnd(json: try JSON(parsing: text, source: path))
        }
        if let begin, begin != self.begin {
            throw BellError(
                .streamContradiction, "The campaign is begun again, differently.", at: "campaign \(campaign)",
                cause: "stored plan \(self.begin.planHash), told \(begin.planHash)",
                fix: "one of two campaigns has the other's identifier: look into both state directories")
        }
        sealed = try Self.sealedPlan(self.begin, campaign)
        count = Count(sealed.plan, place: "campaign \(campaign)")
        count = try recount(with: nil)
    }

    private static func migrate(
        _ database: Database, _ path: String, _ campaign: CampaignID, _ begin: CampaignBegin?
    ) throws(BellError) {
        guard case .int(let version)? = try database.pragma("user_version"), version <= schemaVersion else {
            throw BellError(
                .certifierNewerVersion, "The database was written by a newer bellcert.", at: path,
                state: "the file is unchanged", fix: "use that version, or a newer one")
        }
        guard version == 0 || version == schemaVersion else {
            throw BellError(
                .certifierOlderVersion,
                "The database was written by an older bellcert, and lacks what a certificate needs.",
                at: path, state: "the file is unchanged",
                fix: "move the file away; bellcert then receives the campaign anew if belld still has it to send")
        }
        // A kill before this commit leaves an empty file, which is begun again.
        guard version == 0, let begin else { return }
        _ = try sealedPlan(begin, campaign)
        _ = try planRecord(begin, campaign)
        try database.transaction { () throws(BellError) in
            try database.execute(
                """
                CREATE TABLE campaign (id BLOB NOT NULL, begin TEXT NOT NULL, end TEXT);
                CREATE TABLE arms (
                    first_index INTEGER PRIMARY KEY, arm INTEGER NOT NULL, statuses BLOB NOT NULL,
                    leaf_alice BLOB NOT NULL, leaf_bob BLOB NOT NULL);
                CREATE TABLE blocks (number INTEGER PRIMARY KEY, json TEXT NOT NULL);
                PRAGMA user_version = \(schemaVersion)
                """)
            try database.run(
                "INSERT INTO campaign (id, begin) VALUES (?1, ?2)", [.blob(campaign.bytes), .text(begin.json.text)])
        }
    }

    private static func sealedPlan(_ begin: CampaignBegin, _ campaign: CampaignID) throws(BellError) -> SealedPlan {
        let hash = Blake2b.hash(text: begin.plan.text)
        guard hash == begin.planHash else {
            throw BellError(
                .streamContradiction, "The plan's hash is \(hash), not \(begin.planHash).",
                at: "campaign \(campaign)", fix: "run `bellctl campaign verify`")
        }
        do throws(BellError) {
            return try SealedPlan(json: begin.plan)
        } catch {
            throw BellError(
                .streamContradiction, "The sealed plan cannot be read.", at: error.place, cause: error.what,
                fix: "use the same version of belld and bellcert")
        }
    }

    private static func planRecord(_ begin: CampaignBegin, _ campaign: CampaignID) throws(BellError) -> PlanRecord {
        do throws(BellError) {
            return try PlanRecord(chain: begin.planChain, anchors: begin.anchors, path: "BEGIN")
        } catch {
            throw BellError(
                .streamContradiction, "What is known of the plan cannot be read: \(error.what)",
                at: "campaign \(campaign), \(error.place ?? "BEGIN")", cause: error.cause,
                fix: "use the same version of belld and bellcert")
        }
    }

    // MARK: taking in

    /// Takes the next arm in; durable after ``commit()``.
    func add(_ arm: OutcomesFrame) throws(BellError) {
        try count.add(arm)
        arms.append(arm)
    }

    /// Compares an arm that came again with what was taken in.
    func check(_ arm: OutcomesFrame) throws(BellError) {
        var known = arms.first { $0.firstIndex == arm.firstIndex }
        if known == nil {
            let columns = "SELECT first_index, arm, statuses, leaf_alice, leaf_bob FROM arms"
            try database.prepare("\(columns) WHERE first_index = ?1").rows([.count(arm.firstIndex)]) {
                row throws(BellError) in known = try self.arm(row)
            }
        }
        guard known == arm else {
            throw count.contradiction(
                "The arm at trial \(arm.firstIndex) is told again, differently.",
                known == nil ? "no arm begins there in the certifier's copy" : nil)
        }
    }

    /// Takes a block's end in, or compares it with the one of that number.
    func add(_ block: BlockEnd) throws(BellError) {
        var known = blocks.first { $0.number == block.number }
        if known == nil { known = try stored(block.number) }
        if let known {
            guard known != block else { return }
            let keys = known.json.objectValue?.filter { $0.value.text != block.json[$0.key]?.text }.keys.sorted() ?? []
            throw count.contradiction(
                "Block \(block.number) is told again, differently.", "other \(keys.joined(separator: ", "))")
        }
        if block.nextIndex < count.nextIndex {
            // Its end was lost on the way and comes after later arms: count anew, with the block in its place.
            try commit()
            count = try recount(with: block)
        } else {
            try count.add(block)
        }
        blocks.append(block)
    }

    private func stored(_ number: UInt64) throws(BellError) -> BlockEnd? {
        guard case .text(let text)? = try database.value("SELECT json FROM blocks WHERE number = ?1", [.count(number)])
        else { return nil }
        return try BlockEnd(json: try JSON(parsing: text, source: database.path))
    }

    /// Writes what waits in one transaction; durable when it returns.
    func commit() throws(BellError) {
        try write(end: nil)
    }

    private func write(end: CampaignEnd?) throws(BellError) {
        guard !arms.isEmpty || !blocks.isEmpty || end != nil else { return }
        try database.transaction { () throws(BellError) in
            let insert = try database.prepare("INSERT INTO arms VALUES (?1, ?2, ?3, ?4, ?5)")
            for arm in arms {
                try insert.run([
                    .count(arm.firstIndex), .bits(arm.arm), .blob(arm.statuses),
                    .blob(arm.leaves.alice.bytes), .blob(arm.leaves.bob.bytes),
                ])
            }
            for block in blocks {
                try database.run("INSERT INTO blocks VALUES (?1, ?2)", [.count(block.number), .text(block.json.text)])
            }
            if let end { try database.run("UPDATE campaign SET end = ?1", [.text(end.json.text)]) }
        }
        arms.removeAll(keepingCapacity: true)
        blocks.removeAll()
        if let end { self.end = end }
    }

    // MARK: the end

    /// Issues the certificate and stores the end; what the certificate would contradict is not stored.
    func finish(_ end: CampaignEnd) throws(BellError) -> Certificate {
        try commit()
        let certificate = try certificate(end)
        try write(end: end)
        return certificate
    }

    /// Issues the certificate of a campaign that ends so; equal bytes each time.
    func certificate(_ end: CampaignEnd) throws(BellError) -> Certificate {
        let plan = sealed.plan
        guard end.nextIndex == count.nextIndex, count.blocksEnd == count.nextIndex else {
            throw count.contradiction(
                "The campaign is said to end at trial \(end.nextIndex); its arms end at \(count.nextIndex), its blocks "
                    + "at \(count.blocksEnd).")
        }
        // An arm never passes n, so this cannot be negative.
        let left = plan.trials - count.nextIndex
        guard end.notRun == left else {
            throw count.contradiction("\(end.notRun) trials are said not to have been run; \(left) are left of n.")
        }
        var evidence: [BlockEvidence] = []
        for block in try storedBlocks() {
            evidence.append(
                try BlockEvidence(
                    number: block.number, firstIndex: block.firstIndex, nextIndex: block.nextIndex,
                    tally: block.tally, margins: block.margins, calibrationHash: block.calibrationHash,
                    evidenceRoots: block.evidenceRoots, signatures: block.signatures, audit: block.audit))
        }
        return try Certificate.issue(
            try CampaignEvidence(
                campaign: campaign, sealed: sealed, planHash: begin.planHash, devices: begin.devices,
                simulated: begin.simulated, software: begin.software,
                record: try Self.planRecord(begin, campaign), blocks: evidence,
                eProcess: EProcessResult(count.process), predictionRatio: EProcessResult(count.ratio),
                training: count.training, settingHealth: count.health.extremes, end: CampaignEvidence.End(end)))
    }

    // MARK: counting anew

    private func storedBlocks() throws(BellError) -> [BlockEnd] {
        var blocks: [BlockEnd] = []
        try database.prepare("SELECT json FROM blocks ORDER BY number").rows { row throws(BellError) in
            blocks.append(try BlockEnd(json: try JSON(parsing: try row.text(0), source: self.database.path)))
        }
        return blocks
    }

    /// Counts everything that is stored, with one more block in its place.
    private func recount(with late: BlockEnd?) throws(BellError) -> Count {
        var count = Count(sealed.plan, place: place)
        var left = try storedBlocks()[...]
        if let late {
            left.append(late)
            left.sort { $0.number < $1.number }
        }
        do throws(BellError) {
            while let block = left.first, block.nextIndex == 0 { try count.add(left.removeFirst()) }
            let columns = "SELECT first_index, arm, statuses, leaf_alice, leaf_bob FROM arms"
            try database.prepare("\(columns) ORDER BY first_index").rows { row throws(BellError) in
                try count.add(try self.arm(row))
                while let block = left.first, block.nextIndex == count.nextIndex { try count.add(left.removeFirst()) }
            }
        } catch {
            if late != nil { throw error }
            throw corrupt(error.what)
        }
        guard let block = left.first else { return count }
        let what = "Block \(block.number) ends at trial \(block.nextIndex), where no arm ends."
        throw late == nil ? corrupt(what) : count.contradiction(what)
    }

    private func arm(_ row: Row) throws(BellError) -> OutcomesFrame {
        let first = try row.uint64(0)
        guard let alice = Digest(bytes: try row.blob(3)), let bob = Digest(bytes: try row.blob(4)) else {
            throw corrupt("The arm at trial \(first) holds a hash that is none.")
        }
        let arm = OutcomesFrame(
            arm: try row.bits(1), firstIndex: first, leaves: PerNode(alice: alice, bob: bob),
            statuses: try row.blob(2))
        guard !arm.statuses.isEmpty, arm.statuses.allSatisfy({ TrialStatus(rawValue: $0) != nil }) else {
            throw corrupt("The arm at trial \(arm.firstIndex) holds a status byte that means nothing.")
        }
        return arm
    }

    private func corrupt(_ what: String) -> BellError {
        BellError(
            .certifierCorrupt, "The certifier's database contradicts itself: \(what)", at: database.path,
            state: "the campaign's journal is not concerned",
            fix: "move the file away; bellcert then receives the campaign anew if belld still has it to send")
    }
}

extension CampaignEvidence.End {
    fileprivate init(_ end: CampaignEnd) {
        self =
            switch end.state {
            case .completed: .completed
            case .stoppedByRule: .stoppedByRule
            case .stopped: .stopped(reason: end.reason ?? "")
            }
    }
}
