import BellCampaign
import BellCrypto
import BellHost
import BellModel
import Board
import DriverKit
import Glibc

extension BellError.Code {
    /// A key of belld's own cannot be used.
    static let nodeKey = BellError.Code("node-key.unusable", exit: .dataIntegrity)
}

/// belld's own keys, one a node: they sign the chunks of boards that have no key.
///
/// `keys/<node>.ed25519` in the state directory: the seed in 64 hexadecimal digits, readable by its owner only. A key is
/// made once, at the first need of it, and never replaced: campaigns name it.
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
    /// - Throws: `node-key.unusable` for a file that others can read, or that holds no key; `file.…`.
    func key(of node: Node) throws(BellError) -> SigningKey {
        if !fileExists(path(of: node)) { try make(node) }
        return try read(path(of: node))
    }

    /// Whole or not at all, and never over one that somebody else has just made: `link(2)`.
    private func make(_ node: Node) throws(BellError) {
        try makeFolder(folder)
        let draft = "\(path(of: node)).\(randomBytes(8).hex)"
        try writeFileAtomically(draft, text: SigningKey.generate().seed.hex + "\n", mode: 0o600)
        let result = link(draft, path(of: node))
        let reason = errno
        try removeFile(draft)
        guard result == 0 || reason == EEXIST else {
            throw BellError(
                .nodeKey, "A key for \(node.name) cannot be made.", at: path(of: node),
                cause: "link: \(String(cString: strerror(reason)))", state: "no campaign was started",
                fix: "check that the state directory is writable")
        }
    }

    private func read(_ path: String) throws(BellError) -> SigningKey {
        let mode = try filePermissions(path)
        guard mode & 0o077 == 0 else {
            throw BellError(
                .nodeKey, "The key can be read by others: its mode is \(String(mode, radix: 8)).", at: path,
                state: "it was not used",
                fix: "if nobody has read it, `chmod 600`; else remove it, which makes a new one")
        }
        let text = try readText(path, limit: 256)
        guard let seed = [UInt8](hex: text.split(separator: "\n").first ?? ""), let key = SigningKey(seed: seed) else {
            throw BellError(
                .nodeKey, "The file holds no key.", at: path, cause: "expected 64 hexadecimal digits",
                state: "it was not touched",
                fix:
                    "put the file back from a copy; or remove it, which makes a new key: campaigns that were begun with "
                    + "the old one cannot go on then")
        }
        return key
    }
}

extension CampaignStore {
    /// belld's own keys of this state directory.
    var keys: NodeKeys { NodeKeys(folder: "\(parent(of: folder))/keys") }

    /// Opens an unfinished campaign's journal, to go on with it.
    ///
    /// - Throws: As `JournalKeeper.open`, and `node-key.unusable`.
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
