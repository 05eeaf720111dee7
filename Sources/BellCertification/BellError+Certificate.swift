public import BellModel

extension BellError.Code {
    /// The evidence for a certificate contradicts itself.
    public static let certificateEvidence = BellError.Code("certificate.evidence", exit: .dataIntegrity)
    /// A file is no certificate of belld, or one that a newer belld made.
    public static let certificateFormat = BellError.Code("certificate.format", exit: .usage)
    /// A certificate's contents are not those that its hash was made of, or contradict each other.
    public static let certificateAltered = BellError.Code("certificate.altered", exit: .dataIntegrity)
}

extension JSONReader {
    /// A digest of 64 hexadecimal digits; `path` is the reader's own.
    mutating func digest(_ key: String, path: String) throws(BellError) -> Digest {
        let text = try string(key)
        guard let digest = Digest(hex: text) else {
            throw BellError(
                .jsonShape, "Expected 64 hexadecimal digits, found \"\(text.prefix(80))\".", at: "\(path).\(key)")
        }
        return digest
    }
}
