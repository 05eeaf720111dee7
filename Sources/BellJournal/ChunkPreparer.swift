public import BellCrypto
public import BellModel
import Dispatch
import Synchronization

/// A chunk with its hash, its compressed columns and, where belld signs, its signature: all that the journal needs and
/// that takes time to make.
public struct PreparedChunk: Sendable {
    /// What it was made from.
    let half: HalfChunk
    let hash: Digest
    let columns: [UInt8]
    /// Made by belld's key for the node; nil where belld has none.
    public fileprivate(set) var signature: [UInt8]?

    init(_ half: HalfChunk, _ encoder: ColumnEncoder) {
        self.half = half
        hash = Blake2b.hash(half.records)
        columns = encoder.encode(records: half.records)
    }
}

/// Hashes, compresses and, for boards without a key, signs chunks while the rest of their arm still arrives, so that the
/// time between two arms has nothing of it; each node's chunks on a queue of its own.
///
/// A node's queue sees that node's chunks only: what is signed there was signed before anybody compared it with the
/// other half. Holds what was begun until the next ``take(_:of:)``: at most an arm's chunks, if every arm is taken.
public final class ChunkPreparer: Sendable {
    /// One node's queue and the working memory that belongs to it.
    private final class Lane: Sendable {
        let queue: DispatchQueue
        private let encoder = Mutex(ColumnEncoder())
        private let campaign: CampaignID
        private let key: SigningKey?

        init(_ node: Node, _ campaign: CampaignID, _ key: SigningKey?) {
            queue = DispatchQueue(label: "bell.chunks.\(node.name)")
            self.campaign = campaign
            self.key = key
        }

        /// On ``queue``.
        func prepare(_ half: HalfChunk, of arm: UInt64) -> PreparedChunk {
            var chunk = encoder.withLock { PreparedChunk(half, $0) }
            let statement = SignedChunk(
                campaign: campaign, arm: arm, bootID: half.bootID, firstIndex: half.firstIndex,
                count: UInt32(clamping: half.count), digest: chunk.hash)
            chunk.signature = key?.sign(statement.bytes)
            return chunk
        }
    }

    private let lanes: PerNode<Lane>
    private let ready = Mutex<[(arm: UInt64, chunk: PreparedChunk)]>([])

    /// - Parameter keys: With which belld signs; nil for a node whose board does, or nobody.
    public init(campaign: CampaignID, keys: PerNode<SigningKey?> = PerNode(alice: nil, bob: nil)) {
        lanes = PerNode { Lane($0, campaign, keys[$0]) }
    }

    /// Begins to prepare a chunk of an arm; returns at once.
    public func begin(_ half: HalfChunk, of arm: UInt64) {
        let lane = lanes[half.node]
        lane.queue.async { [self] in
            let chunk = lane.prepare(half, of: arm)
            ready.withLock { $0.append((arm, chunk)) }
        }
    }

    /// Waits for everything that was begun, and returns an arm's chunks; what was not begun is prepared now, and what is
    /// not among them is forgotten.
    ///
    /// - Returns: As many as there are halves, in their order.
    public func take(_ halves: PerNode<[HalfChunk]>, of arm: UInt64) -> PerNode<[PreparedChunk]> {
        for node in Node.allCases { lanes[node].queue.sync {} }
        let begun = ready.withLock { ready in
            defer { ready = [] }
            return ready
        }
        return PerNode { node in
            let lane = lanes[node]
            return halves[node].map { half in
                // Equal arrays are mostly one array, which is seen without a look at the bytes.
                begun.first { $0.arm == arm && $0.chunk.half == half }?.chunk
                    ?? lane.queue.sync { lane.prepare(half, of: arm) }
            }
        }
    }
}
