import BellModel
import CSodium

/// An Ed25519 key pair; the secret half never appears in a description.
///
/// - SeeAlso: RFC 8032; `crypto_sign` (libsodium).
public struct SigningKey: Sendable, CustomStringConvertible {
    /// 32 bytes: what the key is made from. Secret.
    public let seed: [UInt8]
    /// 32 bytes, for ``verify(signature:message:publicKey:)``.
    public let publicKey: [UInt8]
    private let secret: [UInt8]

    /// Makes a key from the operating system's random numbers.
    public static func generate() -> SigningKey {
        guard let key = SigningKey(seed: randomBytes(Int(crypto_sign_SEEDBYTES))) else {
            preconditionFailure("a seed of the right size was refused")
        }
        return key
    }

    /// Makes the key that belongs to a seed; nil unless it has 32 bytes.
    public init?(seed: [UInt8]) {
        prepareSodium()
        guard seed.count == Int(crypto_sign_SEEDBYTES) else { return nil }
        var publicKey = [UInt8](repeating: 0, count: Int(crypto_sign_PUBLICKEYBYTES))
        var secret = [UInt8](repeating: 0, count: Int(crypto_sign_SECRETKEYBYTES))
        guard crypto_sign_seed_keypair(&publicKey, &secret, seed) == 0 else { return nil }
        self.seed = seed
        self.publicKey = publicKey
        self.secret = secret
    }

    /// Signs a message of any size: 64 bytes, the same ones each time.
    public func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Int(crypto_sign_BYTES))
        // Documented to return 0 always.
        _ = crypto_sign_detached(&signature, nil, message, UInt64(message.count), secret)
        return signature
    }

    /// Names the public half only.
    public var description: String { "Ed25519 \(publicKey.hex)" }
}

/// Tells whether `signature` (64 bytes) was made over `message` by the owner of `publicKey` (32 bytes).
///
/// False for any other sizes. `crypto_sign_verify_detached` (libsodium).
public func verify(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool {
    prepareSodium()
    guard signature.count == Int(crypto_sign_BYTES), publicKey.count == Int(crypto_sign_PUBLICKEYBYTES) else {
        return false
    }
    return crypto_sign_verify_detached(signature, message, UInt64(message.count), publicKey) == 0
}
