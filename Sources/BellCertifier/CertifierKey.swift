import BellCrypto
import BellHost
import BellModel

/// The key that signs every certificate of a state directory: `keys/certifier.ed25519`.
enum CertifierKey {
    /// Reads it; makes it at the first start.
    ///
    /// - Throws: `key.file` for a file that others can read or that holds no key, `file.…`.
    static func open(in state: StateDirectory) throws(BellError) -> SigningKey {
        let file = state.key("certifier")
        guard let key = SigningKey(seed: try file.open { SigningKey.generate().seed }) else {
            throw BellError(.keyFile, "The file holds no key.", at: file.path)
        }
        return key
    }
}
