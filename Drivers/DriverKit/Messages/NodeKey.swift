/// NODE_KEY: the public half of a board's signing key.
public struct NodeKey: Hashable, Sendable {
    /// Ed25519, 32 bytes.
    public var publicKey: [UInt8]

    public init(publicKey: [UInt8]) { self.publicKey = publicKey }
}

extension NodeKey: BoardPayload {
    func append(to bytes: inout [UInt8]) { bytes.append(contentsOf: publicKey) }

    init(reading reader: inout ByteReader) throws(FrameError) {
        publicKey = try reader.array("public key", count: 32)
    }
}
