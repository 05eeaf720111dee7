public import BellModel
import CSQLite
import CShims

/// A compiled SQL statement; belongs to the isolation of its ``Database``.
public final class Statement {
    let pointer: OpaquePointer
    private let connection: Connection
    /// The text it was compiled from.
    public let sql: String
    /// Whether rows are just being read.
    private(set) var isRunning = false

    init(_ connection: Connection, _ sql: String) throws(BellError) {
        self.connection = connection
        self.sql = sql
        var pointer: OpaquePointer?
        let result = sqlite3_prepare_v3(
            connection.pointer, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
        guard result == SQLITE_OK, let pointer else {
            throw sqliteError(
                result == SQLITE_OK ? SQLITE_ERROR : result, connection.pointer, "sqlite3_prepare_v3",
                path: connection.path, sql: sql)
        }
        self.pointer = pointer
    }

    deinit { sqlite3_finalize(pointer) }

    /// Runs the statement and ignores its rows.
    ///
    /// - Parameter values: For the parameters `?1`, `?2`, …; as many as there are.
    public func run(_ values: [SQLValue] = []) throws(BellError) {
        try rows(values) { _ throws(BellError) in }
    }

    /// Runs the statement and calls `body` with each row, which is good until `body` returns.
    ///
    /// - Parameter values: For the parameters `?1`, `?2`, …; as many as there are.
    public func rows(_ values: [SQLValue] = [], _ body: (Row) throws(BellError) -> Void) throws(BellError) {
        precondition(!isRunning, "a statement was used inside its own rows: \(sql)")
        isRunning = true
        defer {
            sqlite3_reset(pointer)
            sqlite3_clear_bindings(pointer)
            isRunning = false
        }
        try bind(values)
        while true {
            let result = sqlite3_step(pointer)
            if result == SQLITE_DONE { return }
            guard result == SQLITE_ROW else { throw error(result, "sqlite3_step") }
            try body(Row(self))
        }
    }

    private func bind(_ values: [SQLValue]) throws(BellError) {
        guard values.count == Int(sqlite3_bind_parameter_count(pointer)) else {
            throw BellError(
                .sqliteFailed,
                "\(values.count) values were given for \(sqlite3_bind_parameter_count(pointer)) parameters.",
                at: connection.path, cause: "SQL: \(sql.prefix(200))")
        }
        for (i, value) in values.enumerated() {
            let at = Int32(i + 1)
            let result =
                switch value {
                case .null: sqlite3_bind_null(pointer, at)
                case .int(let value): sqlite3_bind_int64(pointer, at, value)
                case .double(let value): sqlite3_bind_double(pointer, at, value)
                case .text(let text):
                    sqlite3_bind_text(pointer, at, text, Int32(clamping: text.utf8.count), bell_sqlite_transient())
                case .blob(let bytes):
                    bytes.isEmpty
                        ? sqlite3_bind_zeroblob(pointer, at, 0)
                        : sqlite3_bind_blob64(pointer, at, bytes, UInt64(bytes.count), bell_sqlite_transient())
                }
            if result != SQLITE_OK { throw error(result, "sqlite3_bind") }
        }
    }

    private func error(_ result: Int32, _ function: StaticString) -> BellError {
        sqliteError(result, connection.pointer, function, path: connection.path, sql: sql)
    }

    /// A stored value of another kind than the schema says: somebody else has written there.
    func wrongKind(_ column: Int, _ expected: String, _ found: SQLValue) -> BellError {
        let name = sqlite3_column_name(pointer, Int32(clamping: column)).map { String(cString: $0) } ?? "\(column)"
        return BellError(
            .sqliteCorrupt, "The column \(name) holds \(found.kind) where \(expected) belongs.", at: connection.path,
            cause: "SQL: \(sql.prefix(200))", fix: "restore the file from a copy")
    }
}
