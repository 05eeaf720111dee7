import BellCampaign
import BellCrypto
import BellHost
import BellModel
import Board
import DriverKit

/// belld's own keys, one a node: they sign the chunks of boards that have no key.
///
/// `keys/<node>.ed25519` in the state directory, see `KeyFile`. A key is made once, at the first need of it, and never
/// replaced: campaigns name it.
struct NodeKeys: Sendable {
    /// `<state>/keys`.
    let folder: String

    func path(of node: Node) -> String { "\(folder)/\(node.name).ed25519" }

    /// Both keys.
    func all() throws(BellError) -> PerNode<SigningKey?> {
        try PerNode<SigningKey?> { (node) throws(BellError) in try key(of: node) }
    }

    /// A node's key; made when it is not there.
    ///
    /// - Throws: `key.file` for a file that others can read, or that holds no key; `file.…`.
    func key(of node: Node) throws(BellError) -> SigningKey {
        let file = KeyFile(path(of: node))
        guard let key = SigningKey(seed: try file.open { SigningKey.generate().seed }) else {
            throw BellError(.keyFile, "The file holds no key.", at: file.path)
        }
        return key
    }
}

extension CampaignStore {
    /// belld's own keys of this state directory.
    var keys: NodeKeys { NodeKeys(folder: "\(parent(of: folder))/keys") }

    /// Opens an unfinished campaign's journal, to go on with it.
    ///
    /// - Throws: As `JournalKeeper.open`, and `key.file`.
    func keeper(of id: CampaignID, unpause: Bool) throws(BellError) -> JournalKeeper {
        try JournalKeeper.open(at: journal(of: id), unpause: unpause, signers: try keys.all())
    }
}

extension DeviceKeeper {
    /// What a campaign's journal says of the boards, and with whose keys their chunks are signed: a board's own where it
    /// has one.
    nonisolated func description(
        of found: PerNode<Capabilities>, signers: PerNode<SigningKey?>
    ) async throws(BellError) -> JSON {
        var nodes: [String: JSON] = [:]
        for node in Node.allCases {
            let key =
                found[node].hasSigningKey
                ? ChunkKey(bytes: try await boards[node].nodeKey(), holder: .board)
                : signers[node].flatMap { ChunkKey(bytes: $0.publicKey, holder: .belld) }
            var object = found[node].json.objectValue ?? [:]
            if let key { object["key"] = key.json }
            nodes[node.name] = .object(object)
        }
        return .object(nodes)
    }
}
