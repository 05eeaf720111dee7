/// The public half of the Ed25519 key with which a node's chunks are signed, and who holds the secret half.
public struct ChunkKey: Equatable, Sendable {
    /// Where the secret half is.
    public enum Holder: String, CaseIterable, Sendable {
        /// In the board: nothing on the way to the journal can change a record.
        case board
        /// In belld's state directory: a record is bound from its arrival at the host on.
        case belld
    }

    /// 32 bytes.
    public let bytes: [UInt8]
    public let holder: Holder

    /// Wraps 32 bytes; nil for any other count.
    public init?(bytes: [UInt8], holder: Holder) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
        self.holder = holder
    }

    /// `{"public": 64 hexadecimal digits, "holder": "board" or "belld"}`.
    public var json: JSON { ["public": .string(bytes.hex), "holder": .string(holder.rawValue)] }

    /// Reads what ``json`` wrote; `path` names it in errors.
    ///
    /// - Throws: `json.shape`.
    public init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        let digest = try reader.digest("public")
        let name = try reader.string("holder")
        guard let holder = Holder(rawValue: name) else {
            throw BellError(
                .jsonShape, "Expected board or belld, found \"\(name.prefix(80))\".", at: "\(path).holder")
        }
        try reader.finish()
        bytes = digest.bytes
        self.holder = holder
    }
}
