public import BellModel

/// All that one node contributed to one arm, as one hash: a leaf of the node's ``MerkleTree``.
///
/// The layout, little-endian; a node of which nothing came has a leaf without chunks:
///
///     0   16  `BELL leaf v1`, 0, 0, 0, 0
///     16   4  node: 0 alice, 1 bob
///     20   4  bit 0: the host has committed to its bits
///     24   8  arm
///     32   8  index of the arm's first trial
///     40   8  trials
///     48  32  commitment to the host's bits, or zeroes
///     80   8  chunks, each: first index 8, first pulse 8, boot 8, records 8, BLAKE2b-256 of the raw records 32
///          8  clock records, each: pulse 8, tick 8
public struct EvidenceLeaf: Equatable, Sendable {
    /// A contiguous piece of records.
    public struct Chunk: Equatable, Sendable {
        public var firstIndex: UInt64
        public var firstPulse: UInt64
        public var bootID: UInt64
        public var count: UInt64
        /// BLAKE2b-256 of the raw 32-byte records.
        public var hash: Digest

        public init(firstIndex: UInt64, firstPulse: UInt64, bootID: UInt64, count: UInt64, hash: Digest) {
            self.firstIndex = firstIndex
            self.firstPulse = firstPulse
            self.bootID = bootID
            self.count = count
            self.hash = hash
        }
    }

    public var node: Node
    public var arm: UInt64
    public var firstIndex: UInt64
    public var count: UInt64
    /// Nil when the boards made the bits.
    public var hostBitsCommitment: Digest?
    /// As the journal keeps them: by index.
    public var chunks: [Chunk]
    /// As the journal keeps them: by pulse.
    public var clocks: [ClockRecord]

    public init(
        node: Node, arm: UInt64, firstIndex: UInt64, count: UInt64, hostBitsCommitment: Digest?, chunks: [Chunk],
        clocks: [ClockRecord]
    ) {
        self.node = node
        self.arm = arm
        self.firstIndex = firstIndex
        self.count = count
        self.hostBitsCommitment = hostBitsCommitment
        self.chunks = chunks
        self.clocks = clocks
    }

    /// The bytes that are hashed.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(96 + 64 * chunks.count + 16 * clocks.count)
        bytes += "BELL leaf v1\0\0\0\0".utf8
        bytes.appendLittleEndian(UInt32(node.rawValue))
        bytes.appendLittleEndian(UInt32(hostBitsCommitment == nil ? 0 : 1))
        for number in [arm, firstIndex, count] { bytes.appendLittleEndian(number) }
        bytes += (hostBitsCommitment ?? .zero).bytes
        bytes.appendLittleEndian(UInt64(chunks.count))
        for chunk in chunks {
            for number in [chunk.firstIndex, chunk.firstPulse, chunk.bootID, chunk.count] {
                bytes.appendLittleEndian(number)
            }
            bytes += chunk.hash.bytes
        }
        bytes.appendLittleEndian(UInt64(clocks.count))
        for record in clocks {
            bytes.appendLittleEndian(record.pulse)
            bytes.appendLittleEndian(record.tick)
        }
        return bytes
    }

    /// BLAKE2b-256 of ``bytes``.
    public var hash: Digest { Blake2b.hash(bytes) }
}
