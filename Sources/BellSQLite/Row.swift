public import BellModel
import CSQLite

/// The current row of a running statement; columns are counted from 0.
///
/// Nothing is converted: a value of another kind than asked for is an error (`sqlite.corrupt`), because the file may
/// have been damaged.
public struct Row {
    private let statement: Statement
    private var pointer: OpaquePointer { statement.pointer }

    init(_ statement: Statement) { self.statement = statement }

    /// How many columns there are.
    public var count: Int { Int(sqlite3_column_count(pointer)) }

    /// Whether the column is NULL, or does not exist.
    public func isNull(_ column: Int) -> Bool { kind(column) == SQLITE_NULL }

    /// The column's value, of whatever kind.
    public func value(_ column: Int) -> SQLValue {
        let at = Int32(clamping: column)
        switch kind(column) {
        case SQLITE_INTEGER: return .int(sqlite3_column_int64(pointer, at))
        case SQLITE_FLOAT: return .double(sqlite3_column_double(pointer, at))
        case SQLITE_TEXT: return .text(string(column))
        case SQLITE_BLOB: return .blob(bytes(column) { Array($0) })
        default: return .null
        }
    }

    /// An integer.
    public func int64(_ column: Int) throws(BellError) -> Int64 {
        try check(column, SQLITE_INTEGER, "INTEGER")
        return sqlite3_column_int64(pointer, Int32(clamping: column))
    }

    /// An integer from 0.
    public func uint64(_ column: Int) throws(BellError) -> UInt64 {
        let value = try int64(column)
        guard let value = UInt64(exactly: value) else {
            throw statement.wrongKind(column, "a number from 0", .int(value))
        }
        return value
    }

    /// The 64 bits that were stored with ``SQLValue/bits(_:)``.
    public func bits(_ column: Int) throws(BellError) -> UInt64 { UInt64(bitPattern: try int64(column)) }

    /// A floating-point number; an integer counts as one.
    public func double(_ column: Int) throws(BellError) -> Double {
        if kind(column) != SQLITE_INTEGER { try check(column, SQLITE_FLOAT, "REAL") }
        return sqlite3_column_double(pointer, Int32(clamping: column))
    }

    /// A text; ill-formed UTF-8 is repaired.
    public func text(_ column: Int) throws(BellError) -> String {
        try check(column, SQLITE_TEXT, "TEXT")
        return string(column)
    }

    /// Bytes.
    public func blob(_ column: Int) throws(BellError) -> [UInt8] {
        try check(column, SQLITE_BLOB, "BLOB")
        return bytes(column) { Array($0) }
    }

    /// Lets `body` look at the bytes without copying them; they are gone when it returns.
    public func withBlob<T>(
        _ column: Int, _ body: (UnsafeRawBufferPointer) throws(BellError) -> T
    ) throws(BellError) -> T {
        try check(column, SQLITE_BLOB, "BLOB")
        return try bytes(column, body)
    }

    private func kind(_ column: Int) -> Int32 { sqlite3_column_type(pointer, Int32(clamping: column)) }

    private func check(_ column: Int, _ kind: Int32, _ name: String) throws(BellError) {
        if self.kind(column) != kind { throw statement.wrongKind(column, name, value(column)) }
    }

    private func string(_ column: Int) -> String {
        let at = Int32(clamping: column)
        guard let text = sqlite3_column_text(pointer, at) else { return "" }
        return String(
            decoding: UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(pointer, at))), as: UTF8.self)
    }

    private func bytes<T, E: Error>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws(E) -> T) throws(E) -> T {
        let at = Int32(clamping: column)
        // The pointer first, then the size: the other order may convert the value in between (sqlite3_column_blob).
        let start = sqlite3_column_blob(pointer, at)
        let count = Int(sqlite3_column_bytes(pointer, at))
        return try body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }
}
