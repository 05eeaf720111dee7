import BellCrypto
import BellModel
import BellSQLite
import Glibc
import Testing
import TestSupport

@testable import BellJournal

@Suite("Damaged journals")
struct DamageTests {
    /// All evidence of a journal; the campaign's state and cursor are no evidence.
    private struct Everything: Equatable {
        var campaign: [String] = []
        var sealed: SealedPlan
        var blocks: [StoredBlock]
        var events: [JournalEvent]
        var heads: PerNode<Digest>
        var arms: [StoredArm?] = []
        var evidence: [ArmEvidence] = []
    }

    private func dump(_ path: String) throws -> Everything {
        let journal = try Journal.openReadOnly(at: path)
        try journal.verifyStructure()
        var all = Everything(
            sealed: journal.sealed, blocks: try journal.blocks(), events: try journal.events(),
            heads: journal.chainHeads)
        all.campaign = [
            "\(journal.campaign)", journal.devices.text, "\(journal.simulated)", journal.software,
            "\(journal.planHash)",
        ]
        for header in try journal.committedArms() {
            all.arms.append(try journal.storedArm(header.arm))
            all.evidence.append(try journal.evidence(arm: header.arm))
        }
        return all
    }

    private func bytes(_ path: String) throws -> [UInt8] {
        let file = open(path, O_RDONLY)
        defer { close(file) }
        var status = stat()
        #expect(fstat(file, &status) == 0)
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = read(file, &bytes, bytes.count)
        try #require(count == bytes.count)
        return bytes
    }

    private func write(_ bytes: [UInt8], _ path: String) throws {
        unlink(path + "-wal")
        unlink(path + "-shm")
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(file) }
        let count = Glibc.write(file, bytes, bytes.count)
        try #require(count == bytes.count)
    }

    @Test("A flipped bit anywhere is either found, with place and remedy, or in nothing that matters", arguments: 0..<6)
    func flippedBits(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.filled(folder.journal, arms: 2)
        let original = try bytes(folder.journal)
        let truth = try dump(folder.journal)
        var dice = SplitMix(seed: seed)
        var found = 0
        for _ in 0..<60 {
            var changed = original
            // Every other flip hits bytes in use, not a page's free space.
            var at = Int.random(in: 0..<changed.count, using: &dice)
            if Bool.random(using: &dice) {
                for _ in 0..<1000 where original[at] == 0 { at = Int.random(in: 0..<changed.count, using: &dice) }
            }
            changed[at] ^= 1 << UInt8.random(in: 0...7, using: &dice)
            try write(changed, folder.journal)
            do {
                let isSame = try dump(folder.journal) == truth
                #expect(isSame, "byte \(at) changed the evidence silently")
            } catch let error as BellError {
                found += 1
                #expect(
                    error.code.exit == .dataIntegrity || error.code.exit == .usage, "byte \(at): \(error)")
                #expect(error.place?.isEmpty == false, "byte \(at): \(error)")
            }
        }
        #expect(found > 10)
    }

    @Test("A file cut short is found", arguments: [0, 50, 100, 5_000, 8_192, 40_000, -8_192, -1])
    func cutFile(length: Int) throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.filled(folder.journal)
        let original = try bytes(folder.journal)
        try write(Array(original[..<(length >= 0 ? length : original.count + length)]), folder.journal)
        let error = #expect(throws: BellError.self) { try dump(folder.journal) }
        #expect(error?.place?.contains(folder.journal) == true && error?.fix != nil)
    }

    /// Changes a closed journal with SQL, and gives the error that verification then throws.
    private func errorAfter(_ change: (Database) throws -> Void) throws -> BellError? {
        let folder = try TemporaryFolder()
        _ = try Fixture.filled(folder.journal)
        try change(try Database(path: folder.journal, mode: .readWrite))
        let error = #expect(throws: BellError.self) { try dump(folder.journal) }
        #expect(error?.fix != nil)
        return error
    }

    @Test(
        "Rows that were changed, removed or added are found, with their place",
        arguments: [
            ("UPDATE chunk SET hash = zeroblob(32) WHERE id = 3", "journal.hash-mismatch", "arm 1, chunk 3 of alice"),
            ("UPDATE chunk SET head = zeroblob(32) WHERE id = 3", "journal.hash-mismatch", "arm 1"),
            ("UPDATE chunk SET head = zeroblob(31) WHERE id = 3", "journal.damaged", "arm 1"),
            ("UPDATE chunk SET first_pulse = first_pulse + 1 WHERE id = 4", "journal.hash-mismatch", "arm 1"),
            ("UPDATE chunk SET boot = 5 WHERE id = 4", "journal.hash-mismatch", "arm 1"),
            ("UPDATE chunk SET node = 2 WHERE id = 4", "journal.structure", "arm 1"),
            ("UPDATE chunk SET count = 99 WHERE id = 4", "journal.damaged", "arm 1, chunk 4 of bob"),
            ("UPDATE chunk SET first_index = 7 WHERE id = 4", "journal.structure", "arm 1"),
            ("UPDATE chunk SET columns = zeroblob(0) WHERE id = 2", "journal.damaged", "arm 0, chunk 2 of bob"),
            ("UPDATE chunk SET columns = substr(columns, 1, 300) WHERE id = 2", "journal.damaged", "arm 0, chunk 2"),
            ("UPDATE chunk SET columns = 'text' WHERE id = 2", "sqlite.corrupt", ""),
            ("DELETE FROM chunk WHERE id = 5", "journal.structure", "arm 2"),
            ("DELETE FROM chunk WHERE id = 8", "journal.structure", "arm 3"),
            ("DELETE FROM result WHERE arm = 1", "journal.structure", "arm 1"),
            ("DELETE FROM result WHERE arm = 3", "journal.structure", ""),
            ("DELETE FROM arm WHERE arm = 2", "journal.structure", "arm 2"),
            ("UPDATE result SET statuses = zeroblob(9) WHERE arm = 1", "journal.damaged", "arm 1"),
            ("UPDATE result SET margins = '{}' WHERE arm = 1", "journal.hash-mismatch", "arm 1"),
            ("UPDATE result SET clock_bob = clock_alice WHERE arm = 1", "journal.hash-mismatch", "arm 1"),
            ("UPDATE result SET first_chunk = 1 WHERE arm = 1", "journal.structure", "arm 1"),
            ("UPDATE result SET chunks = 9223372036854775807 WHERE arm = 1", "journal.structure", "arm 1"),
            ("UPDATE arm SET count = 50 WHERE arm = 4", "journal.hash-mismatch", "arm 4"),
            ("UPDATE arm SET count = -1 WHERE arm = 4", "sqlite.corrupt", ""),
            ("UPDATE block SET calibration = '{}' WHERE number = 1", "journal.hash-mismatch", "block 1"),
            ("UPDATE block SET calibration = 'x' WHERE number = 1", "json.syntax", "block 1, calibration"),
            ("DELETE FROM block WHERE number = 2", "journal.structure", "arm 3"),
            ("UPDATE block_end SET number = 2", "journal.hash-mismatch", "end of block 2"),
            ("UPDATE campaign SET simulated = 0", "journal.hash-mismatch", "campaign"),
            ("UPDATE campaign SET plan = replace(plan, '11', '10')", "journal.hash-mismatch", "campaign"),
            ("DELETE FROM campaign", "journal.damaged", "campaign"),
            ("UPDATE event SET detail = '{}'", "journal.hash-mismatch", "event 1"),
            ("UPDATE state SET outbox_acknowledged = 401", "journal.structure", "state"),
            ("INSERT INTO host_bits VALUES (1, x'00', x'00', x'00')", "journal.hash-mismatch", "arm 1"),
            ("INSERT INTO host_bits VALUES (9, x'00', x'00', x'00')", "journal.structure", "arm 9"),
            ("DROP TABLE event", "journal.damaged", ""),
            ("PRAGMA user_version = 99", "journal.newer-version", ""),
            ("PRAGMA user_version = 0", "journal.foreign", ""),
            ("PRAGMA application_id = 1", "journal.foreign", ""),
        ])
    func changedRows(sql: String, code: String, place: String) throws {
        let error = try errorAfter { try $0.execute(sql) }
        #expect(error?.code.name == code, "\(error.map { "\($0)" } ?? "")")
        #expect(error?.place?.contains(place) == true, "\(error.map { "\($0)" } ?? "")")
    }

    @Test("Records that were changed and packed again do not have their hash; hashed again they break the arm's")
    func forged() throws {
        var records = Fixture.result(Fixture.header(1)).halves.alice[0].records
        records[25] ^= 1  // the first outcome
        let columns = ColumnEncoder().encode(records: records)
        let first = try errorAfter { database in
            try database.run("UPDATE chunk SET columns = ?1 WHERE id = 3", [.blob(columns)])
        }
        #expect(first?.code == .journalHash && first?.place?.hasSuffix("arm 1, chunk 3 of alice") == true)
        let second = try errorAfter { database in
            try database.run(
                "UPDATE chunk SET columns = ?1, hash = ?2 WHERE id = 3",
                [.blob(columns), .blob(Blake2b.hash(records).bytes)])
        }
        #expect(second?.code == .journalHash && second?.place?.hasSuffix("arm 1") == true)
    }

    @Test("A newer journal says which belld to use; nothing is changed by the attempt")
    func newer() throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.filled(folder.journal)
        try Database(path: folder.journal, mode: .readWrite).execute("PRAGMA user_version = 7")
        let before = try bytes(folder.journal)
        for attempt in [Journal.open(at:), Journal.openReadOnly(at:)] as [(String) throws -> Journal] {
            let error = #expect(throws: BellError.self) { try attempt(folder.journal) }
            #expect(error?.code == .journalNewer)
            #expect(error?.what == "The journal has version 7; this belld reads versions up to 2.")
            #expect(error?.place == folder.journal)
            #expect(error?.fix == "use the belld that wrote it, or a newer one")
        }
        #expect(throws: BellError.self) { try JournalCheckpointer(path: folder.journal) }
        #expect(try bytes(folder.journal) == before)
    }

    @Test("A journal whose making was killed holds no campaign, and is told from a damaged one", arguments: 0..<3)
    func unborn(step: Int) throws {
        let folder = try TemporaryFolder()
        switch step {
        case 0: try write([], folder.journal)
        case 1: try Database(path: folder.journal, mode: .create).useDurableLog()
        default:
            // The tables are a transaction of their own, before the campaign's row.
            try JournalSchema.migrate(try Database(path: folder.journal, mode: .create))
        }
        var error = #expect(throws: BellError.self) { try Journal.open(at: folder.journal) }
        #expect(error?.code == .journalUnborn && error?.state == "no trial was run")
        error = #expect(throws: BellError.self) { try Journal.openReadOnly(at: folder.journal) }
        #expect(error?.code == .journalUnborn)
    }

    @Test("A missing file, another database and no database are told apart; an existing journal is not overwritten")
    func foreign() throws {
        let folder = try TemporaryFolder()
        var error = #expect(throws: BellError.self) { try Journal.open(at: folder.journal) }
        #expect(error?.code == .journalMissing && error?.place == folder.journal)
        try Database(path: "\(folder.path)/other.sqlite", mode: .create).execute("CREATE TABLE t (a)")
        error = #expect(throws: BellError.self) { try Journal.open(at: "\(folder.path)/other.sqlite") }
        #expect(error?.code == .journalForeign)
        try write(Array("This is a letter, not a database.".utf8), folder.journal)
        error = #expect(throws: BellError.self) { try Journal.openReadOnly(at: folder.journal) }
        #expect(error?.code == .sqliteCorrupt)
        error = #expect(throws: BellError.self) { try Fixture.create(folder.journal) }
        #expect(error?.code == .journalExists)
        error = #expect(throws: BellError.self) { try Fixture.create("/nowhere/at/all/journal.sqlite") }
        #expect(error?.code == .sqliteCannotOpen)
    }
}
