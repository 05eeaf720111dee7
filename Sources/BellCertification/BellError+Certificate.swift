public import BellModel

extension BellError.Code {
    /// The evidence for a certificate contradicts itself.
    public static let certificateEvidence = BellError.Code("certificate.evidence", exit: .dataIntegrity)
    /// A file is no certificate of belld, or one that a newer belld made.
    public static let certificateFormat = BellError.Code("certificate.format", exit: .usage)
    /// A certificate's contents are not those that its hash was made of, or contradict each other.
    public static let certificateAltered = BellError.Code("certificate.altered", exit: .dataIntegrity)
}
