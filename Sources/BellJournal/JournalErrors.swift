public import BellModel

extension BellError.Code {
    /// A journal is already there; a campaign never writes into another one's.
    public static let journalExists = BellError.Code("journal.exists", exit: .usage)
    /// There is no journal at that path.
    public static let journalMissing = BellError.Code("journal.missing", exit: .usage)
    /// The file is an SQLite database, but not a journal.
    public static let journalForeign = BellError.Code("journal.foreign", exit: .usage)
    /// The journal was written by a newer belld.
    public static let journalNewer = BellError.Code("journal.newer-version", exit: .usage)
    /// The journal was written by an older belld and cannot be brought up to date without writing to it.
    public static let journalOlder = BellError.Code("journal.older-version", exit: .usage)
    /// A stored hash does not belong to what is stored.
    public static let journalHash = BellError.Code("journal.hash-mismatch", exit: .dataIntegrity)
    /// The chain of hashes of a node is broken.
    public static let journalChain = BellError.Code("journal.chain-broken", exit: .dataIntegrity)
    /// Compressed columns or another stored value cannot be read.
    public static let journalDamaged = BellError.Code("journal.damaged", exit: .dataIntegrity)
    /// A process was killed while it created the journal: there is no campaign in it, and no trial was run.
    public static let journalUnborn = BellError.Code("journal.unborn", exit: .dataIntegrity)
    /// Blocks, arms or trial indices have a gap, an overlap or another order.
    public static let journalStructure = BellError.Code("journal.structure", exit: .dataIntegrity)
    /// The caller wanted to write something out of order.
    public static let journalOrder = BellError.Code("journal.order", exit: .internal)
    /// The caller handed in something that does not belong to the arm.
    public static let journalInput = BellError.Code("journal.input", exit: .internal)
}
