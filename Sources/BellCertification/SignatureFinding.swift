import BellModel

/// Whether both nodes' chunks are signed by the nodes' keys.
struct SignatureFinding: Equatable, Sendable {
    let keys: PerNode<ChunkKey?>
    /// Over all blocks.
    let counts: PerNode<SignatureCount>
    /// Chunks with a signature that is not their node's: they contradict the keys that the certificate names.
    let contradictions: [String]
    /// What else stands against every claim: chunks without a signature, a node without a key.
    let objections: [String]

    init(_ evidence: CampaignEvidence) {
        keys = evidence.keys
        counts = evidence.blocks.reduce(into: PerNode(alice: SignatureCount(), bob: SignatureCount())) { sum, block in
            for node in Node.allCases { sum[node] += block.signatures[node] }
        }
        let found = Node.allCases.map { (SignatureFinding.objection(evidence, $0), $0) }
        let totals = counts
        contradictions = found.filter { totals[$0.1].bad > 0 }.compactMap(\.0)
        objections = found.filter { totals[$0.1].bad == 0 }.compactMap(\.0)
    }

    private static func objection(_ evidence: CampaignEvidence, _ node: Node) -> String? {
        guard evidence.keys[node] != nil else { return "no key signs the chunks of \(node.name)" }
        let blocks = evidence.blocks.filter { !$0.signatures[node].isWhole }
        guard let first = blocks.first else { return nil }
        let count = blocks.reduce(into: SignatureCount()) { $0 += $1.signatures[node] }
        let places =
            blocks.count == 1 ? "block \(first.number)" : "\(blocks.count) blocks, first in block \(first.number)"
        return
            "\(NumberText.count(count.unsigned &+ count.bad)) of \(NumberText.count(count.chunks)) chunks in \(places) were "
            + "not signed by \(node.name)'s key: \(NumberText.count(count.bad)) have another signature, "
            + "\(NumberText.count(count.unsigned)) none"
    }

    /// The sentence of the certificate for one node.
    func words(_ node: Node) -> String {
        guard let key = keys[node] else { return "none" }
        let chunks = "\(NumberText.count(counts[node].signed)) of \(NumberText.count(counts[node].chunks)) chunks"
        return switch key.holder {
        case .board: "the board's own, signed \(chunks)"
        case .belld: "belld's, signed \(chunks) at their arrival: the board has none"
        }
    }

    /// The member `node_keys`.
    var keysJSON: JSON { ["alice": keys.alice?.json ?? .null, "bob": keys.bob?.json ?? .null] }
}
