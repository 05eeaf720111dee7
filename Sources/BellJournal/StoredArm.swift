public import BellCrypto
public import BellModel

/// What the journal says of one chunk, besides its records.
public struct StoredChunk: Equatable, Sendable {
    public var node: Node
    public var firstIndex: UInt64
    public var firstPulse: UInt64
    public var bootID: UInt64
    public var count: UInt32
    /// BLAKE2b-256 of the raw records in index order.
    public var hash: Digest
    /// The node's chain after this chunk: BLAKE2b-256 of the head before and `hash`.
    public var head: Digest
    /// The signature of the node's key (``SignedChunk``), as it came; nil without one.
    public var signature: [UInt8]?

    public init(
        node: Node, firstIndex: UInt64, firstPulse: UInt64, bootID: UInt64, count: UInt32, hash: Digest, head: Digest,
        signature: [UInt8]?
    ) {
        self.node = node
        self.firstIndex = firstIndex
        self.firstPulse = firstPulse
        self.bootID = bootID
        self.count = count
        self.hash = hash
        self.head = head
        self.signature = signature
    }
}

/// An arm as stored.
public struct StoredArm: Equatable, Sendable {
    public var header: ArmHeader
    /// Nil until the arm is recorded.
    public var result: Result?

    /// The stored part of an ``ArmResult``, without the evidence.
    public struct Result: Equatable, Sendable {
        /// In chain order.
        public var chunks: PerNode<[StoredChunk]>
        /// By pulse.
        public var clocks: PerNode<[ClockRecord]>
        /// One byte a trial.
        public var statuses: [UInt8]
        public var margins: JSON

        public init(
            chunks: PerNode<[StoredChunk]>, clocks: PerNode<[ClockRecord]>, statuses: [UInt8], margins: JSON
        ) {
            self.chunks = chunks
            self.clocks = clocks
            self.statuses = statuses
            self.margins = margins
        }
    }

    public init(header: ArmHeader, result: Result?) {
        self.header = header
        self.result = result
    }

    /// Each node's leaf of the tree of evidence; nil until the arm is recorded.
    public var leaves: PerNode<Digest>? {
        guard let result else { return nil }
        return PerNode { EvidenceLeaf(header, $0, chunks: result.chunks[$0], clocks: result.clocks[$0]).hash }
    }
}

extension EvidenceLeaf {
    /// One node's part of an arm, as the journal keeps it.
    public init(_ header: ArmHeader, _ node: Node, chunks: [StoredChunk], clocks: [ClockRecord]) {
        self.init(
            node: node, arm: header.arm, firstIndex: header.firstIndex, count: UInt64(header.count),
            hostBitsCommitment: header.hostBitsCommitment,
            chunks: chunks.map {
                Chunk(
                    firstIndex: $0.firstIndex, firstPulse: $0.firstPulse, bootID: $0.bootID, count: UInt64($0.count),
                    hash: $0.hash)
            },
            clocks: clocks)
    }
}

/// The outcomes of one recorded arm, or of its end when the reader wants to begin inside.
public struct OutcomeFrame: Equatable, Sendable {
    public var arm: UInt64
    public var block: UInt64
    /// Index of the first status.
    public var firstIndex: UInt64
    /// One byte a trial.
    public var statuses: [UInt8]

    public init(arm: UInt64, block: UInt64, firstIndex: UInt64, statuses: [UInt8]) {
        self.arm = arm
        self.block = block
        self.firstIndex = firstIndex
        self.statuses = statuses
    }
}

/// Something worth remembering that is not evidence.
public struct JournalEvent: Equatable, Sendable {
    /// From 1, in the order of writing.
    public var number: UInt64
    /// Wall clock, ISO 8601.
    public var time: String
    /// For programs, for example `suspended`.
    public var kind: String
    public var detail: JSON

    public init(number: UInt64, time: String, kind: String, detail: JSON) {
        self.number = number
        self.time = time
        self.kind = kind
        self.detail = detail
    }
}
