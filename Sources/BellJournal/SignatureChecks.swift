import BellCrypto
public import BellModel
import Dispatch
import Synchronization

/// Checks the signatures of chunks beside other work and counts them; each node's on a queue of its own.
///
/// An Ed25519 signature takes longer to check than its chunk to audit, so nobody waits for it before a block's end.
public final class SignatureChecks: Sendable {
    /// A chunk, and what is said to be its signature.
    public struct Claim: Sendable {
        public var chunk: SignedChunk
        public var signature: [UInt8]?

        public init(_ chunk: SignedChunk, signature: [UInt8]?) {
            self.chunk = chunk
            self.signature = signature
        }
    }

    /// A chunk that does not carry a signature of its node's key.
    public struct Problem: Equatable, Sendable {
        public var node: Node
        public var chunk: SignedChunk
        /// Whether there is a signature, which is not of this key over this chunk.
        public var isBad: Bool

        /// For people.
        public var words: String {
            let trials = "trials \(chunk.firstIndex)..<\(chunk.firstIndex &+ UInt64(chunk.count))"
            return "the chunk of \(trials) (arm \(chunk.arm)) was not signed by \(node.name)'s key: "
                + (isBad ? "its signature belongs to another key or to other records" : "it has no signature")
        }
    }

    /// What came of the checks since they were last asked for.
    public struct Outcome: Equatable, Sendable {
        public var counts = PerNode(alice: SignatureCount(), bob: SignatureCount())
        /// The first ones; all are counted.
        public var problems: [Problem] = []

        public init() {}
    }

    /// The most problems that are kept until they are asked for.
    public static let mostProblems = 64
    /// Arms that may wait on a node's queue; then ``begin(_:of:)`` waits.
    private static let mostWaiting = 8192

    private struct Lane {
        let queue: DispatchQueue
        let room: DispatchSemaphore
    }

    private let keys: PerNode<ChunkKey?>
    private let lanes = PerNode { (node: Node) in
        Lane(
            queue: DispatchQueue(label: "bell.signatures.\(node.name)"),
            room: DispatchSemaphore(value: SignatureChecks.mostWaiting))
    }
    private let outcome = Mutex(Outcome())

    /// - Parameter keys: Without a key no chunk of the node counts as signed, whatever it carries.
    public init(keys: PerNode<ChunkKey?>) { self.keys = keys }

    /// Begins to check chunks of a node; returns at once, unless thousands of arms wait.
    public func begin(_ claims: [Claim], of node: Node) {
        guard !claims.isEmpty else { return }
        let lane = lanes[node]
        lane.room.wait()
        lane.queue.async { [self] in
            defer { lane.room.signal() }
            for claim in claims { check(claim, of: node) }
        }
    }

    private func check(_ claim: Claim, of node: Node) {
        let key = keys[node]
        let isSigned = key.map { key in
            claim.signature.map { verify(signature: $0, message: claim.chunk.bytes, publicKey: key.bytes) } ?? false
        }
        outcome.withLock { outcome in
            if isSigned == true { return outcome.counts[node].signed += 1 }
            let isBad = key != nil && claim.signature != nil
            if isBad { outcome.counts[node].bad += 1 } else { outcome.counts[node].unsigned += 1 }
            guard outcome.problems.count < SignatureChecks.mostProblems else { return }
            outcome.problems.append(Problem(node: node, chunk: claim.chunk, isBad: isBad))
        }
    }

    /// What has come of the checks since the last call.
    ///
    /// - Parameter waiting: Whether to wait for all that were begun.
    public func take(waiting: Bool = true) -> Outcome {
        if waiting { for node in Node.allCases { lanes[node].queue.sync {} } }
        return outcome.withLock { outcome in
            defer { outcome = Outcome() }
            return outcome
        }
    }
}

extension SignatureChecks {
    /// Begins to check an arm's chunks as they are stored.
    public func begin(_ chunks: PerNode<[StoredChunk]>, of arm: UInt64, in campaign: CampaignID) {
        for node in Node.allCases {
            begin(
                chunks[node].map { chunk in
                    Claim(
                        SignedChunk(
                            campaign: campaign, arm: arm, bootID: chunk.bootID, firstIndex: chunk.firstIndex,
                            count: chunk.count, digest: chunk.hash),
                        signature: chunk.signature)
                }, of: node)
        }
    }
}

extension PerNode where Value == ChunkKey? {
    /// The keys that a campaign's devices name (`devices.<node>.key`); nil for a node without one.
    ///
    /// - Throws: `json.shape` for a key that is none.
    public init(devices: JSON, path: String) throws(BellError) {
        try self.init { (node) throws(BellError) in
            guard let json = devices[node.name]?["key"] else { return nil }
            return try ChunkKey(json: json, path: "\(path).\(node.name).key")
        }
    }
}
