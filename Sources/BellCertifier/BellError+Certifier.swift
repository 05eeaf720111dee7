public import BellModel

extension BellError.Code {
    /// The certifier's database contradicts itself.
    public static let certifierCorrupt = BellError.Code("certifier.corrupt", exit: .dataIntegrity)
    /// The certifier's database was written by a newer bellcert.
    public static let certifierNewerVersion = BellError.Code("certifier.newer-version", exit: .dataIntegrity)
    /// The certifier's database was written by an older bellcert.
    public static let certifierOlderVersion = BellError.Code("certifier.older-version", exit: .dataIntegrity)
}
