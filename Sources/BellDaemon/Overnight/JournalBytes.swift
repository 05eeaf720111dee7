import Glibc

/// Bytes of a campaign's journal with its write-ahead log; 0 where there is none.
///
/// - Parameter folder: The campaign's folder.
/// - SeeAlso: stat(2).
func journalBytes(_ folder: String) -> UInt64 {
    ["journal.sqlite", "journal.sqlite-wal"].reduce(0) { sum, name in
        var status = stat()
        guard stat("\(folder)/\(name)", &status) == 0 else { return sum }
        return sum + UInt64(max(0, status.st_size))
    }
}
