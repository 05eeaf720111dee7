import CSQLite

/// The C connection, shared by a database and its statements so that the last of them closes it.
final class Connection {
    let pointer: OpaquePointer
    let path: String

    init(_ pointer: OpaquePointer, path: String) {
        self.pointer = pointer
        self.path = path
    }

    /// `sqlite3_close_v2` waits for statements that are still alive.
    deinit { sqlite3_close_v2(pointer) }
}
