public import BellModel
import CSQLite

/// A connection to an SQLite file; used from one isolation at a time.
///
/// Two of them on one file, for example a writer and a checkpointer, see each other's commits.
public final class Database {
    /// How a file is opened.
    public enum Mode: Sendable {
        /// Creates the file when it is missing.
        case create
        case readWrite
        case readOnly
    }

    /// The file's path.
    public let path: String
    let connection: Connection
    private var statements: [String: Statement] = [:]
    private var depth = 0

    /// Opens a file; `sqlite3_open_v2`.
    ///
    /// - Parameter busyMilliseconds: How long to wait for another connection's lock.
    /// - Throws: `sqlite.cannot-open`, `sqlite.corrupt`.
    public init(path: String, mode: Mode, busyMilliseconds: Int32 = 5000) throws(BellError) {
        self.path = path
        let flags =
            switch mode {
            case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .readWrite: SQLITE_OPEN_READWRITE
            case .readOnly: SQLITE_OPEN_READONLY
            }
        var pointer: OpaquePointer?
        let result = sqlite3_open_v2(path, &pointer, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard result == SQLITE_OK, let pointer else {
            let error = sqliteError(result, pointer, "sqlite3_open_v2", path: path)
            sqlite3_close_v2(pointer)
            throw error
        }
        connection = Connection(pointer, path: path)
        sqlite3_busy_timeout(pointer, busyMilliseconds)
        // Reads the header, so that a file that is no database is refused here; a damaged schema is not trusted.
        try execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA user_version")
    }

    /// Runs one or more statements without parameters or results; `sqlite3_exec`.
    public func execute(_ sql: String) throws(BellError) {
        let result = sqlite3_exec(connection.pointer, sql, nil, nil, nil)
        if result != SQLITE_OK {
            throw sqliteError(result, connection.pointer, "sqlite3_exec", path: path, sql: sql)
        }
    }

    /// Compiles a statement, or returns the one compiled before from the same text.
    ///
    /// A statement whose rows are just being read is not shared: a new one is made.
    public func prepare(_ sql: String) throws(BellError) -> Statement {
        if let statement = statements[sql], !statement.isRunning { return statement }
        let statement = try Statement(connection, sql)
        statements[sql] = statement
        return statement
    }

    /// Runs a statement with parameters and without results.
    public func run(_ sql: String, _ values: [SQLValue] = []) throws(BellError) {
        try prepare(sql).run(values)
    }

    /// The first column of the first row, or nil without a row.
    public func value(_ sql: String, _ values: [SQLValue] = []) throws(BellError) -> SQLValue? {
        var value: SQLValue?
        try prepare(sql).rows(values) { row throws(BellError) in value = value ?? row.value(0) }
        return value
    }

    /// Runs `body` in a transaction that is rolled back when it throws; inside another one, in a savepoint.
    ///
    /// - Throws: What `body` throws, or `sqlite.full`, `sqlite.busy`, `sqlite.io` when it cannot be committed.
    public func transaction<T>(_ body: () throws(BellError) -> T) throws(BellError) -> T {
        let isOuter = depth == 0
        try run(isOuter ? "BEGIN IMMEDIATE" : "SAVEPOINT level\(depth)")
        depth += 1
        defer { depth -= 1 }
        do throws(BellError) {
            let result = try body()
            try run(isOuter ? "COMMIT" : "RELEASE level\(depth - 1)")
            return result
        } catch {
            // SQLite has rolled back by itself after some errors; a second failure would only hide the first.
            if sqlite3_get_autocommit(connection.pointer) == 0 {
                try? execute(isOuter ? "ROLLBACK" : "ROLLBACK TO level\(depth - 1); RELEASE level\(depth - 1)")
            }
            throw error
        }
    }

    /// How many rows the last INSERT, UPDATE or DELETE changed.
    public var changes: Int { Int(sqlite3_changes64(connection.pointer)) }
}
