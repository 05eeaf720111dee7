public import BellModel
import CSQLite

extension Database {
    /// How thoroughly a checkpoint copies the write-ahead log into the database file.
    public enum CheckpointMode: Sendable {
        /// As much as readers and writers allow, without waiting.
        case passive
        /// Waits for writers, then everything.
        case full
        /// As ``full``, and the log begins anew.
        case restart
        /// As ``restart``, and the log's file is emptied.
        case truncate

        var raw: Int32 {
            switch self {
            case .passive: SQLITE_CHECKPOINT_PASSIVE
            case .full: SQLITE_CHECKPOINT_FULL
            case .restart: SQLITE_CHECKPOINT_RESTART
            case .truncate: SQLITE_CHECKPOINT_TRUNCATE
            }
        }
    }

    /// Reads a pragma, or nil when it has no value.
    public func pragma(_ name: String) throws(BellError) -> SQLValue? { try value("PRAGMA \(name)") }

    /// Sets a pragma, and returns the value that SQLite then reports, if any.
    @discardableResult
    public func pragma(_ name: String, _ value: String) throws(BellError) -> SQLValue? {
        // Not cached: a pragma may act while it is compiled.
        let statement = try Statement(connection, "PRAGMA \(name) = \(value)")
        var result: SQLValue?
        try statement.rows([]) { row throws(BellError) in result = result ?? row.value(0) }
        return result
    }

    /// Makes every commit durable when it returns: write-ahead log with `synchronous=FULL`.
    ///
    /// - Parameter autoCheckpointPages: A commit that makes the log longer than this copies it into the database file
    ///   itself; 0 leaves that to ``checkpoint(_:)``, on another connection.
    public func useDurableLog(autoCheckpointPages: Int32 = 1000) throws(BellError) {
        guard try pragma("journal_mode", "WAL") == "wal" else {
            throw BellError(
                .sqliteFailed, "The file system does not allow a write-ahead log.", at: path,
                fix: "keep the state directory on a local disk")
        }
        try pragma("synchronous", "FULL")
        sqlite3_wal_autocheckpoint(connection.pointer, autoCheckpointPages)
    }

    /// Copies the write-ahead log into the database file; `sqlite3_wal_checkpoint_v2`.
    ///
    /// - Returns: Pages in the log, and how many of them are in the database file now.
    /// - Throws: `sqlite.busy` when readers or writers stay in the way, except for `passive`.
    @discardableResult
    public func checkpoint(_ mode: CheckpointMode) throws(BellError) -> (log: Int, copied: Int) {
        var log: Int32 = 0
        var copied: Int32 = 0
        let pointer = connection.pointer
        let result = sqlite3_wal_checkpoint_v2(pointer, nil, mode.raw, &log, &copied)
        if result != SQLITE_OK && !(result == SQLITE_BUSY && mode == .passive) {
            throw sqliteError(result, pointer, "sqlite3_wal_checkpoint_v2", path: path)
        }
        return (Int(max(0, log)), Int(max(0, copied)))
    }
}
