import BellCrypto
public import BellModel
import BellSQLite

extension Journal {
    /// Reads everything and compares all hashes, chains, orders and counts; the audit itself is not repeated.
    ///
    /// - Parameter records: False to leave out the records themselves, where the caller reads every arm anyhow.
    /// - Throws: The first failure, `sqlite.corrupt` when SQLite finds its own structure damaged.
    public func verifyStructure(records: Bool = true) throws(BellError) {
        try snapshot { () throws(BellError) in try verifyAll(records) }
    }

    private func verifyAll(_ records: Bool) throws(BellError) {
        try refresh()
        try checkPages()
        let reader = try JournalReader(self, records: records)
        var chunks: Int64 = 0
        while let arm = try reader.next() {
            guard let result = arm.result else { continue }
            chunks += Int64(result.chunks.alice.count + result.chunks.bob.count)
            if let i = result.statuses.firstIndex(where: { TrialStatus(rawValue: $0) == nil }) {
                throw structure(
                    "The status \(result.statuses[i]) is unknown.", "trial \(arm.header.firstIndex + UInt64(i))")
            }
        }
        for (table, expected) in [
            ("chunk", chunks), ("result", Int64(clamping: nextUnrecordedArm)), ("arm", Int64(clamping: nextArm)),
        ] {
            let count = try database.value("SELECT count(*) FROM \(table)")
            guard count == .int(expected) else {
                throw structure("The table holds other rows than the \(expected) expected.", "table \(table)")
            }
        }
        for arm in try strayHostBits() { throw structure("Host bits belong to no arm.", "arm \(arm)") }
        _ = try events()
        _ = try planRecord()
        _ = try state()
        guard try outboxAcknowledged() <= recordedIndex else {
            throw structure("The outbox is ahead of what is recorded.", "state")
        }
    }

    private func strayHostBits() throws(BellError) -> [UInt64] {
        var arms: [UInt64] = []
        try database.prepare(
            "SELECT arm FROM host_bits WHERE arm NOT IN (SELECT arm FROM arm WHERE commitment IS NOT NULL) LIMIT 1"
        ).rows { row throws(BellError) in arms.append(try row.uint64(0)) }
        return arms
    }

    /// SQLite's own check of pages, trees and indexes.
    private func checkPages() throws(BellError) {
        var found: [String] = []
        try database.prepare("PRAGMA integrity_check(10)").rows { row throws(BellError) in
            found.append(try row.text(0))
        }
        guard found == ["ok"] else {
            throw BellError(
                .sqliteCorrupt, "The journal's file is damaged.", at: path, cause: found.joined(separator: "; "),
                fix: "restore the journal from a copy")
        }
    }

    /// Limits the file's size for this connection, as a full disk would.
    ///
    /// - Throws: `sqlite.…`.
    public func limitPages(_ count: Int) throws(BellError) { try database.pragma("max_page_count", "\(count)") }
    /// Pages of the file.
    ///
    /// - Throws: `sqlite.…`.
    public func pageCount() throws(BellError) -> Int {
        if case .int(let count) = try database.pragma("page_count") { Int(count) } else { 0 }
    }
}
