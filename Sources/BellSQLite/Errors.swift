public import BellModel
import CSQLite
import Glibc

extension BellError.Code {
    /// The disk, a quota or the database's own limit is full; what was not committed is not stored.
    public static let sqliteFull = BellError.Code("sqlite.full", exit: .hardware)
    /// Reading or writing failed for another reason.
    public static let sqliteIO = BellError.Code("sqlite.io", exit: .hardware)
    /// Another connection holds a lock for longer than the time-out.
    public static let sqliteBusy = BellError.Code("sqlite.busy", exit: .internal)
    /// The file is damaged or is no database.
    public static let sqliteCorrupt = BellError.Code("sqlite.corrupt", exit: .dataIntegrity)
    /// The file cannot be opened.
    public static let sqliteCannotOpen = BellError.Code("sqlite.cannot-open", exit: .usage)
    /// The file or its folder cannot be written.
    public static let sqliteReadOnly = BellError.Code("sqlite.read-only", exit: .usage)
    /// A row contradicts the schema, for example a second one with the same key.
    public static let sqliteConstraint = BellError.Code("sqlite.constraint", exit: .internal)
    /// Wrong SQL, or another failure.
    public static let sqliteFailed = BellError.Code("sqlite.failed", exit: .internal)
}

/// Turns SQLite's result into our error; call it right after the failing function.
///
/// Bound values never appear in it, because outcomes may be secret.
func sqliteError(
    _ result: Int32, _ database: OpaquePointer?, _ function: StaticString, path: String, sql: String? = nil
) -> BellError {
    let extended = database.map { sqlite3_extended_errcode($0) } ?? result
    let words = database.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(result)
    let system = database.map { sqlite3_system_errno($0) } ?? 0
    var cause = "\(function): \(words.map { String(cString: $0) } ?? "no message") (\(extended))"
    if result & 0xff == SQLITE_IOERR || result & 0xff == SQLITE_CANTOPEN, system != 0 {
        cause += ", \(String(cString: strerror(system)))"
    }
    if let sql { cause += "; SQL: \(sql.prefix(200))" }
    let (code, what, fix) = meaning(of: result, extended: extended, system: system)
    return BellError(code, what, at: path, cause: cause, fix: fix)
}

private func meaning(of result: Int32, extended: Int32, system: Int32) -> (BellError.Code, String, String?) {
    let full = (
        BellError.Code.sqliteFull, "The disk is full: nothing of this transaction is stored.", "make room on the disk"
    )
    switch result & 0xff {
    case SQLITE_FULL: return full
    case SQLITE_IOERR:
        let isWrite = [ioErrorWrite, ioErrorFsync, ioErrorTruncate, ioErrorShmSize].contains(extended)
        // No number from the system: a write that was cut short, which is how a full disk often shows.
        if [ENOSPC, EDQUOT, EFBIG].contains(system) || (isWrite && system == 0) { return full }
        return (.sqliteIO, "The database cannot be \(isWrite ? "written" : "read").", "look at the disk and dmesg")
    case SQLITE_BUSY, SQLITE_LOCKED: return (.sqliteBusy, "Another connection holds the database's lock.", nil)
    case SQLITE_CORRUPT, SQLITE_NOTADB:
        return (.sqliteCorrupt, "The file is damaged or is no database.", "restore the file from a copy")
    case SQLITE_CANTOPEN:
        return (.sqliteCannotOpen, "The database cannot be opened.", "check that the file and its folder exist")
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
        return (.sqliteReadOnly, "The database cannot be written.", "check the owner and mode of the file and folder")
    case SQLITE_CONSTRAINT: return (.sqliteConstraint, "The row contradicts the schema.", nil)
    default: return (.sqliteFailed, "The database refused.", nil)
    }
}

// Extended codes are macros of shifts, which Swift does not import: SQLITE_IOERR | n << 8 (sqlite3.h).
private let ioErrorFsync = SQLITE_IOERR | 4 << 8
private let ioErrorTruncate = SQLITE_IOERR | 6 << 8
private let ioErrorShmSize = SQLITE_IOERR | 19 << 8
private let ioErrorWrite = SQLITE_IOERR | 3 << 8
