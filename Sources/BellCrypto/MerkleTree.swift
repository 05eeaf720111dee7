public import BellModel

/// The hash tree of RFC 6962 over BLAKE2b-256, built leaf by leaf; keeps one hash a level.
///
/// A leaf's hash is H(0x00 ‖ leaf), an inner node's H(0x01 ‖ left ‖ right). The left subtree of a tree of n leaves is the
/// largest full one with fewer than n leaves, so a tree that grows keeps all of its full subtrees.
/// - SeeAlso: RFC 6962, section 2.1.
public struct MerkleTree: Equatable, Sendable {
    /// How many leaves were appended.
    public private(set) var count: UInt64 = 0
    /// Roots of the full subtrees, the largest first: one for each bit of ``count``.
    private var peaks: [Digest] = []

    /// Begins without a leaf.
    public init() {}

    /// Appends a leaf; O(log count) hashes, two on average.
    public mutating func append(_ leaf: Digest) {
        var node = MerkleTree.hash(0, leaf.bytes)
        var size = count
        while size & 1 == 1, let left = peaks.popLast() {
            node = MerkleTree.hash(1, left.bytes + node.bytes)
            size >>= 1
        }
        peaks.append(node)
        count += 1
    }

    /// The root over all leaves so far; without any, the hash of nothing. O(log count).
    public var root: Digest {
        guard var node = peaks.last else { return Blake2b.hash([]) }
        for left in peaks.dropLast().reversed() { node = MerkleTree.hash(1, left.bytes + node.bytes) }
        return node
    }

    private static func hash(_ prefix: UInt8, _ bytes: [UInt8]) -> Digest { Blake2b.hash([prefix] + bytes) }
}
