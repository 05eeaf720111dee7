import BellModel
import BellSQLite

/// One step of the schema; steps are named, ordered and never edited once released.
struct Migration {
    let name: String
    let sql: String
}

/// The tables of a journal and how they came about. Everything but `state` is only ever appended to.
enum JournalSchema {
    /// "BELL", SQLite's `application_id`.
    static let application: Int64 = 0x4245_4c4c

    static let migrations = [
        Migration(
            name: "0001-first",
            sql: """
                CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL);
                CREATE TABLE campaign (
                    id INTEGER PRIMARY KEY CHECK (id = 1), campaign BLOB NOT NULL, plan TEXT NOT NULL,
                    plan_hash BLOB NOT NULL, devices TEXT NOT NULL, simulated INTEGER NOT NULL,
                    software TEXT NOT NULL, digest BLOB NOT NULL);
                CREATE TABLE state (
                    id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL, reason TEXT NOT NULL,
                    outbox_acknowledged INTEGER NOT NULL);
                CREATE TABLE block (
                    number INTEGER PRIMARY KEY, first_index INTEGER NOT NULL, calibration TEXT NOT NULL,
                    calibration_hash BLOB NOT NULL, audit TEXT NOT NULL, program_alice BLOB NOT NULL,
                    program_bob BLOB NOT NULL, boot_alice INTEGER NOT NULL, boot_bob INTEGER NOT NULL,
                    digest BLOB NOT NULL);
                CREATE TABLE block_end (
                    number INTEGER PRIMARY KEY, summary TEXT NOT NULL, digest BLOB NOT NULL);
                CREATE TABLE arm (
                    arm INTEGER PRIMARY KEY, block INTEGER NOT NULL, first_index INTEGER NOT NULL,
                    count INTEGER NOT NULL, commitment BLOB, digest BLOB NOT NULL);
                CREATE UNIQUE INDEX arm_first_index ON arm (first_index);
                CREATE TABLE host_bits (
                    arm INTEGER PRIMARY KEY, salt BLOB NOT NULL, alice BLOB NOT NULL, bob BLOB NOT NULL);
                CREATE TABLE result (
                    arm INTEGER PRIMARY KEY, first_chunk INTEGER NOT NULL, chunks INTEGER NOT NULL,
                    clock_alice BLOB NOT NULL, clock_bob BLOB NOT NULL, statuses BLOB NOT NULL,
                    margins TEXT NOT NULL, digest BLOB NOT NULL);
                CREATE TABLE chunk (
                    id INTEGER PRIMARY KEY, node INTEGER NOT NULL, first_index INTEGER NOT NULL,
                    first_pulse INTEGER NOT NULL, boot INTEGER NOT NULL, count INTEGER NOT NULL,
                    hash BLOB NOT NULL, head BLOB NOT NULL, signature BLOB, columns BLOB NOT NULL);
                CREATE TABLE event (
                    id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL,
                    digest BLOB NOT NULL);
                """),
        Migration(
            name: "0002-plan-record",
            sql: """
                CREATE TABLE anchor (id INTEGER PRIMARY KEY, anchor TEXT NOT NULL, digest BLOB NOT NULL);
                CREATE TABLE plan_chain (
                    id INTEGER PRIMARY KEY CHECK (id = 1), chain TEXT NOT NULL, anchors INTEGER NOT NULL,
                    digest BLOB NOT NULL);
                """),
    ]

    static var version: Int64 { Int64(migrations.count) }

    /// Brings a new or older journal to this version, one transaction a step.
    static func migrate(_ database: Database) throws(BellError) {
        let done = try version(of: database)
        for (i, migration) in migrations.enumerated() where Int64(i) >= done {
            try database.transaction { () throws(BellError) in
                // Two that open an old journal at one moment: the second finds the step made.
                guard try version(of: database) == Int64(i) else { return }
                try database.execute(migration.sql)
                try database.run("INSERT INTO migration VALUES (?1, ?2)", [.int(Int64(i + 1)), .text(migration.name)])
                // Inside the transaction: both are part of the file's header.
                try database.pragma("user_version", "\(i + 1)")
                try database.pragma("application_id", "\(application)")
            }
        }
    }

    static func version(of database: Database) throws(BellError) -> Int64 {
        guard case .int(let version) = try database.pragma("user_version") else { return 0 }
        return version
    }

    /// Refuses what is not a journal, or one from the future.
    static func check(_ database: Database) throws(BellError) {
        let version = try version(of: database)
        if version == 0, try database.value("SELECT count(*) FROM sqlite_schema") == .int(0) {
            throw BellError(
                .journalUnborn, "The journal is empty: it was killed while being created.", at: database.path,
                state: "no trial was run", fix: "remove the campaign's folder and start the campaign again")
        }
        guard try database.pragma("application_id") == .int(application), version > 0 else {
            throw BellError(
                .journalForeign, "The file is a database, but not a journal of belld.", at: database.path,
                fix: "give the path of a campaign's journal.sqlite")
        }
        guard version <= JournalSchema.version else {
            throw BellError(
                .journalNewer,
                "The journal has version \(version); this belld reads versions up to \(JournalSchema.version).",
                at: database.path, cause: "the journal was written by a newer belld", state: "nothing was changed",
                fix: "use the belld that wrote it, or a newer one")
        }
    }

    /// Refuses a journal whose tables are not the ones that the migrations make.
    ///
    /// - Throws: `journal.damaged`, `sqlite.…`.
    static func checkTables(_ database: Database) throws(BellError) {
        let fresh = try Database(path: ":memory:", mode: .create)
        try migrate(fresh)
        var cause: String?
        var found: [String] = []
        do throws(BellError) {
            found = try tables(of: database)
        } catch {
            // SQLite calls a damaged format number an error in the statement.
            guard error.code == .sqliteFailed else { throw error }
            cause = error.cause
        }
        guard try found == tables(of: fresh) else {
            throw BellError(
                .journalDamaged, "The journal's tables are not those of version \(version).", at: database.path,
                cause: cause, fix: "restore the journal from a copy")
        }
    }

    private static func tables(of database: Database) throws(BellError) -> [String] {
        var tables: [String] = []
        try database.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name").rows {
            row throws(BellError) in
            tables.append((0..<4).map { "\(row.value($0))" }.joined(separator: " "))
        }
        return tables
    }
}
