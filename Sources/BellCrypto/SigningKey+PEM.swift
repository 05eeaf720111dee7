extension SigningKey {
    /// SEQUENCE { INTEGER 0, SEQUENCE { OID 1.3.101.112 }, OCTET STRING { OCTET STRING of 32 bytes } }, up to the seed.
    private static let derPrefix: [UInt8] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ]

    /// A seed as the file of an Ed25519 private key that openssl reads: PKCS #8 in PEM, three lines.
    ///
    /// - Parameter seed: 32 bytes.
    /// - SeeAlso: RFC 8410, section 7; RFC 7468, section 10.
    public static func pem(ofSeed seed: [UInt8]) -> String {
        precondition(seed.count == 32, "a seed has 32 bytes")
        return "-----BEGIN PRIVATE KEY-----\n\(PublicKey.base64(derPrefix + seed))\n-----END PRIVATE KEY-----\n"
    }
}
