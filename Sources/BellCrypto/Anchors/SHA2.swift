import CSodium

/// The hashes that other parties' time stamps use; belld's own is BLAKE2b.
public enum SHA2: String, CaseIterable, Sendable {
    case sha256 = "sha256"
    case sha512 = "sha512"

    /// The content octets of the algorithm's object identifier, 2.16.840.1.101.3.4.2.1 and .3 (RFC 5754).
    var objectIdentifier: [UInt8] {
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02] + [self == .sha256 ? 0x01 : 0x03]
    }

    /// Hashes bytes; `crypto_hash_sha256`, `crypto_hash_sha512` (libsodium).
    public func hash(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .sha256:
            var out = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
            crypto_hash_sha256(&out, bytes, UInt64(bytes.count))
            return out
        case .sha512:
            var out = [UInt8](repeating: 0, count: Int(crypto_hash_sha512_BYTES))
            crypto_hash_sha512(&out, bytes, UInt64(bytes.count))
            return out
        }
    }
}
