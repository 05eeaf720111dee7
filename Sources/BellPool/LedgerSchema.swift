import BellModel
import BellSQLite

/// The tables of the ledger. Each only grows, and the file itself refuses what would give a bit twice.
enum LedgerSchema {
    /// "POOL", SQLite's `application_id`.
    static let application: Int64 = 0x504f_4f4c
    static let version: Int64 = 1

    static let sql = """
        CREATE TABLE pool (
            campaign BLOB PRIMARY KEY NOT NULL CHECK (typeof(campaign) = 'blob' AND length(campaign) = 16),
            kind TEXT NOT NULL CHECK (kind IN ('public', 'private')),
            simulated INTEGER NOT NULL CHECK (simulated IN (0, 1)),
            bits INTEGER NOT NULL CHECK (typeof(bits) = 'integer' AND bits > 0),
            digest BLOB NOT NULL CHECK (typeof(digest) = 'blob' AND length(digest) = 32),
            recipe TEXT NOT NULL);
        CREATE TABLE publication (
            campaign BLOB PRIMARY KEY NOT NULL REFERENCES pool (campaign), time TEXT NOT NULL);
        CREATE TABLE withdrawal (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            campaign BLOB NOT NULL REFERENCES pool (campaign),
            first INTEGER NOT NULL CHECK (typeof(first) = 'integer' AND first >= 0),
            count INTEGER NOT NULL CHECK (typeof(count) = 'integer' AND count > 0),
            purpose TEXT NOT NULL CHECK (purpose IN ('key', 'beacon', 'picture')),
            time TEXT NOT NULL,
            UNIQUE (campaign, first));

        CREATE TRIGGER withdrawal_follows BEFORE INSERT ON withdrawal
        WHEN NEW.first IS NOT coalesce(
            (SELECT first + count FROM withdrawal WHERE campaign = NEW.campaign ORDER BY first DESC LIMIT 1), 0)
        BEGIN SELECT raise(ABORT, 'a withdrawal begins where the last one ended'); END;

        CREATE TRIGGER withdrawal_fits BEFORE INSERT ON withdrawal
        WHEN NEW.count > coalesce((SELECT bits FROM pool WHERE campaign = NEW.campaign), 0) - NEW.first
        BEGIN SELECT raise(ABORT, 'a withdrawal ends inside its pool'); END;

        CREATE TRIGGER withdrawal_kind BEFORE INSERT ON withdrawal
        WHEN (NEW.purpose = 'key') IS NOT (
            SELECT kind = 'private' AND NOT EXISTS (SELECT 1 FROM publication WHERE campaign = NEW.campaign)
            FROM pool WHERE campaign = NEW.campaign)
        BEGIN SELECT raise(ABORT, 'keys come from private pools, all else from public ones'); END;

        CREATE TRIGGER withdrawal_new BEFORE INSERT ON withdrawal
        WHEN EXISTS (SELECT 1 FROM withdrawal WHERE id = NEW.id)
        BEGIN SELECT raise(ABORT, 'a withdrawal is never replaced'); END;
        CREATE TRIGGER pool_new BEFORE INSERT ON pool
        WHEN EXISTS (SELECT 1 FROM pool WHERE campaign = NEW.campaign)
        BEGIN SELECT raise(ABORT, 'a pool is never replaced'); END;
        CREATE TRIGGER publication_new BEFORE INSERT ON publication
        WHEN EXISTS (SELECT 1 FROM publication WHERE campaign = NEW.campaign)
        BEGIN SELECT raise(ABORT, 'a publication is never replaced'); END;
        """ + ["pool", "publication", "withdrawal"].map(appendOnly).joined()

    private static func appendOnly(_ table: String) -> String {
        """

        CREATE TRIGGER \(table)_update BEFORE UPDATE ON \(table)
        BEGIN SELECT raise(ABORT, 'the ledger is never changed'); END;
        CREATE TRIGGER \(table)_delete BEFORE DELETE ON \(table)
        BEGIN SELECT raise(ABORT, 'the ledger is never changed'); END;
        """
    }

    /// Makes the tables of an empty file; two that do it at one moment make them once.
    static func make(_ database: Database) throws(BellError) {
        try database.transaction { () throws(BellError) in
            guard try database.pragma("user_version") == .int(0),
                try database.value("SELECT count(*) FROM sqlite_schema") == .int(0)
            else { return }
            try database.execute(sql)
            // Inside the transaction: both are part of the file's header.
            try database.pragma("user_version", "\(version)")
            try database.pragma("application_id", "\(application)")
        }
    }

    /// Refuses what is no ledger, one from the future, and one that is damaged or contradicts itself.
    static func check(_ database: Database) throws(BellError) {
        guard try database.pragma("application_id") == .int(application),
            case .int(let found) = try database.pragma("user_version"), found > 0
        else {
            throw damaged(database, "The file is a database, but not a ledger of pools.")
        }
        guard found <= version else {
            throw BellError(
                .poolNewer, "The ledger has version \(found); this belld reads version \(version).",
                at: database.path, state: "nothing was changed", fix: "use the belld that wrote it, or a newer one")
        }
        let fresh = try Database(path: ":memory:", mode: .create)
        try make(fresh)
        guard try schema(of: database) == schema(of: fresh) else {
            throw damaged(database, "The ledger's tables or their rules were changed.")
        }
        guard try database.pragma("quick_check") == .text("ok") else {
            throw damaged(database, "The ledger's file is damaged.")
        }
        // The rules make this impossible; a damaged or edited file does not keep them.
        let overlap = """
            SELECT count(*) FROM (
                SELECT first, lag(first + count, 1, 0) OVER (PARTITION BY campaign ORDER BY first) AS expected
                FROM withdrawal)
            WHERE first IS NOT expected
            """
        guard try database.value(overlap) == .int(0) else {
            throw damaged(database, "The ledger's withdrawals overlap or have a gap.")
        }
    }

    private static func schema(of database: Database) throws(BellError) -> [String] {
        var texts: [String] = []
        try database.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").rows {
            row throws(BellError) in texts.append(try row.text(0))
        }
        return texts
    }

    static func damaged(_ database: Database, _ what: String) -> BellError {
        BellError(
            .poolLedger, what, at: database.path, state: "no bit was given",
            fix: "restore the ledger as it was last; an older copy would give bits twice")
    }
}
