public import BellModel
import BellSQLite

/// Copies a journal's write-ahead log into its file, on its own connection, so that no commit has to wait for it.
///
/// Not `Sendable`: made and used on one thread, which calls ``run()`` every second or so.
public final class JournalCheckpointer {
    private let database: Database
    private let longestLog: Int

    /// Opens a journal's file.
    ///
    /// - Parameter longestLog: Pages of 4 KiB above which the log is emptied, which may hold up the writer shortly;
    ///   64 MiB.
    /// - Throws: `journal.foreign`, `journal.newer-version`, `sqlite.…`.
    public init(path: String, longestLog: Int = 16_384) throws(BellError) {
        database = try Database(path: path, mode: .readWrite, busyMilliseconds: 1000)
        try JournalSchema.check(database)
        // This connection writes nothing but the checkpoint, which must be as durable as the commits.
        try database.pragma("synchronous", "FULL")
        self.longestLog = longestLog
    }

    /// Copies what can be copied without waiting; empties the log when it has grown too long.
    ///
    /// The writer begins the log anew only when all of it is copied, and under a steady stream of commits that moment
    /// never comes by itself.
    /// - Returns: Pages in the log, and how many of them are in the file.
    /// - Throws: `sqlite.full`, `sqlite.io`, `sqlite.corrupt`. A log that others keep busy is no error.
    @discardableResult
    public func run() throws(BellError) -> (log: Int, copied: Int) {
        let result = try database.checkpoint(.passive)
        guard result.log > longestLog else { return result }
        do throws(BellError) {
            return try database.checkpoint(.restart)
        } catch {
            if error.code == .sqliteBusy { return result }
            throw error
        }
    }
}
