public import BellCrypto
public import BellModel

/// A beacon's public key as the beacon gives it out: a PEM file, named by its hash.
///
/// The standard has an X.509 certificate here. Ours says nothing about who owns the key: whoever wants to be sure gets the
/// key from the laboratory and not from the beacon.
public struct BeaconCertificate: Equatable, Sendable {
    public let key: PublicKey

    public init(_ key: PublicKey) { self.key = key }

    /// Reads a PEM file.
    ///
    /// - Throws: `key.public`.
    public init(pem: String, source: String) throws(BellError) { key = try PublicKey(pem: pem, source: source) }

    /// `-----BEGIN PUBLIC KEY-----` and two more lines.
    public var pem: String { key.pem }
    /// SHA-512 of ``pem``.
    public var id: Value512 { Value512.hash(Array(pem.utf8)) }
}
