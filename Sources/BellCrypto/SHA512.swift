import CSodium

/// SHA-512, where somebody else's format asks for it; our own hashes are ``Blake2b``.
///
/// - SeeAlso: FIPS 180-4; `crypto_hash_sha512` (libsodium).
public enum SHA512 {
    /// 64 bytes.
    public static func hash(_ bytes: [UInt8]) -> [UInt8] {
        prepareSodium()
        var out = [UInt8](repeating: 0, count: Int(crypto_hash_sha512_BYTES))
        // Documented to return 0 always.
        _ = crypto_hash_sha512(&out, bytes, UInt64(bytes.count))
        return out
    }
}
