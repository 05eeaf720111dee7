import BellModel
import BellSQLite

/// The tables of the history and how they came about; steps are named, ordered and never edited once released.
enum HistorySchema {
    /// "BELC", SQLite's `application_id`.
    static let application: Int64 = 0x4245_4c43

    /// Times are milliseconds since 1970; `subject` is alice, bob or link.
    static let migrations: [(name: String, sql: String)] = [
        (
            "0001-first",
            """
            CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL);
            CREATE TABLE run (
                number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, series TEXT NOT NULL, serial INTEGER NOT NULL,
                routine TEXT NOT NULL, subject TEXT NOT NULL, is_check INTEGER NOT NULL, started INTEGER NOT NULL,
                ended INTEGER, verdict TEXT, reason TEXT NOT NULL, software TEXT NOT NULL, simulated INTEGER NOT NULL,
                inputs TEXT NOT NULL, summary TEXT NOT NULL, UNIQUE (series, serial));
            CREATE INDEX run_latest ON run (routine, subject, is_check, ended);
            CREATE TABLE value (
                id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run (number), path TEXT NOT NULL,
                value REAL NOT NULL, uncertainty REAL NOT NULL, unit TEXT NOT NULL, time INTEGER NOT NULL,
                state TEXT NOT NULL CHECK (state IN ('proposed', 'accepted', 'refused', 'superseded')),
                decided INTEGER, accepted_by TEXT, reason TEXT, UNIQUE (run, path));
            CREATE INDEX value_history ON value (path, time);
            CREATE TABLE metric (
                id INTEGER PRIMARY KEY, run INTEGER REFERENCES run (number), path TEXT NOT NULL, value REAL NOT NULL,
                uncertainty REAL, unit TEXT NOT NULL, time INTEGER NOT NULL);
            CREATE INDEX metric_history ON metric (path, time);
            """
        )
    ]

    static var version: Int64 { Int64(migrations.count) }

    /// Brings a new or older file to this version, one transaction a step; refuses what is no history.
    ///
    /// - Throws: `calibration.history`, `sqlite.…`.
    static func migrate(
        _ database: Database, _ steps: [(name: String, sql: String)] = migrations
    ) throws(BellError) {
        // Inside a transaction, so that two who open a new file at once do not both make its tables.
        try database.transaction { () throws(BellError) in
            let done = try version(of: database)
            try check(database, done, newest: Int64(steps.count))
            for (i, step) in steps.enumerated() where Int64(i) >= done {
                try database.transaction { () throws(BellError) in
                    try database.execute(step.sql)
                    try database.run("INSERT INTO migration VALUES (?1, ?2)", [.int(Int64(i + 1)), .text(step.name)])
                    try database.pragma("user_version", "\(i + 1)")
                    try database.pragma("application_id", "\(application)")
                }
            }
        }
    }

    static func version(of database: Database) throws(BellError) -> Int64 {
        guard case .int(let version) = try database.pragma("user_version") else { return 0 }
        return version
    }

    private static func check(_ database: Database, _ version: Int64, newest: Int64) throws(BellError) {
        if version == 0, try database.value("SELECT count(*) FROM sqlite_schema") == .int(0) { return }
        guard try database.pragma("application_id") == .int(application), version > 0 else {
            throw BellError(
                .calibrationHistory, "The file is a database, but no history of calibrations.", at: database.path,
                state: "it was not touched", fix: "move it away, or use another state directory (--state)")
        }
        guard version <= newest else {
            throw BellError(
                .calibrationHistory, "The history has version \(version); this belld knows versions up to \(newest).",
                at: database.path, cause: "it was written by a newer belld", state: "it was not touched",
                fix: "use the belld that wrote it, or a newer one")
        }
    }
}
