import BellCrypto
public import BellModel

/// The input bits that the host chose for an arm, committed to before the arm by a salted hash.
public struct HostBits: Equatable, Sendable {
    /// Random bytes that keep the bits secret until they are opened; 16 or more.
    public var salt: [UInt8]
    /// Packed MSB first, from the arm's first trial; spare bits are 0.
    public var bits: PerNode<[UInt8]>

    public init(salt: [UInt8], bits: PerNode<[UInt8]>) {
        self.salt = salt
        self.bits = bits
    }

    /// BLAKE2b-256 of `bell host bits 1`, then salt, alice's and bob's bits, each after its length as u64.
    public var commitment: Digest {
        var hash = Blake2b()
        hash.update(Array("bell host bits 1".utf8))
        for part in [salt, bits.alice, bits.bob] {
            hash.update(UInt64(part.count))
            hash.update(part)
        }
        return hash.finish()
    }
}

extension Blake2b {
    /// Appends an integer, least significant byte first.
    mutating func update(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { update($0) }
    }

    /// Appends a text after its length.
    mutating func update(text: String) {
        let bytes = Array(text.utf8)
        update(UInt64(bytes.count))
        update(bytes)
    }

    /// The head of a chain after one more link: BLAKE2b-256 of the head before and the link.
    static func chain(_ head: Digest, _ link: Digest) -> Digest { hash(head.bytes + link.bytes) }
}
