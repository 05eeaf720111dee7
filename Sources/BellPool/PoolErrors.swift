public import BellModel

extension BellError.Code {
    /// No campaign of the state directory has been extracted, or not this one.
    public static let poolMissing = BellError.Code("pool.missing", exit: .usage)
    /// The pool's kind forbids this use: keys come from private pools only, pulses and pictures from public ones only.
    public static let poolKind = BellError.Code("pool.wrong-kind", exit: .usage)
    /// The pool has fewer bits left than asked for; nothing was taken.
    public static let poolEmpty = BellError.Code("pool.not-enough-bits", exit: .experiment)
    /// A count of bits that nobody can be given.
    public static let poolRequest = BellError.Code("pool.request", exit: .usage)
    /// The bits, the recipe and the ledger do not belong to each other.
    public static let poolDamaged = BellError.Code("pool.damaged", exit: .dataIntegrity)
    /// The ledger contradicts itself, or is gone while its pools are there.
    public static let poolLedger = BellError.Code("pool.ledger-damaged", exit: .dataIntegrity)
    /// The ledger was written by a newer belld.
    public static let poolNewer = BellError.Code("pool.newer-version", exit: .usage)
}
