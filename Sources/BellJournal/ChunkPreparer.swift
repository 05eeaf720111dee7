import BellCrypto
public import BellModel
import Dispatch
import Synchronization

/// A chunk with its hash and its compressed columns: all that the journal needs and that takes time to make.
public struct PreparedChunk: Sendable {
    /// What it was made from.
    let half: HalfChunk
    let hash: Digest
    let columns: [UInt8]

    init(_ half: HalfChunk, _ encoder: ColumnEncoder) {
        self.half = half
        hash = Blake2b.hash(half.records)
        columns = encoder.encode(records: half.records)
    }
}

/// Hashes and compresses chunks while the rest of their arm still arrives, so that the time between two arms has
/// neither; each node's chunks on a queue of its own.
///
/// Holds what was begun until the next ``take(_:)``: at most an arm's chunks, if every arm is taken.
public final class ChunkPreparer: Sendable {
    /// One node's queue and the working memory that belongs to it.
    private final class Lane: Sendable {
        let queue: DispatchQueue
        private let encoder = Mutex(ColumnEncoder())

        init(_ node: Node) { queue = DispatchQueue(label: "bell.chunks.\(node.name)") }

        func prepare(_ half: HalfChunk) -> PreparedChunk { encoder.withLock { PreparedChunk(half, $0) } }
    }

    private let lanes = PerNode { (node: Node) in Lane(node) }
    private let ready = Mutex<[PreparedChunk]>([])

    public init() {}

    /// Begins to prepare a chunk; returns at once.
    public func begin(_ half: HalfChunk) {
        let lane = lanes[half.node]
        lane.queue.async { [self] in
            let chunk = lane.prepare(half)
            ready.withLock { $0.append(chunk) }
        }
    }

    /// Waits for everything that was begun, and returns these chunks; what was not begun is prepared now, and what is
    /// not among them is forgotten.
    ///
    /// - Returns: As many as there are halves, in their order.
    public func take(_ halves: PerNode<[HalfChunk]>) -> PerNode<[PreparedChunk]> {
        for node in Node.allCases { lanes[node].queue.sync {} }
        let begun = ready.withLock { ready in
            defer { ready = [] }
            return ready
        }
        return PerNode { node in
            let lane = lanes[node]
            return halves[node].map { half in
                // Equal arrays are mostly one array, which is seen without a look at the bytes.
                begun.first { $0.half == half } ?? lane.queue.sync { lane.prepare(half) }
            }
        }
    }
}
