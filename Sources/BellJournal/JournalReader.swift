import BellCrypto
public import BellModel
import BellSQLite

/// Goes through a journal arm by arm, checking every hash and the chains on the way; memory does not grow.
public final class JournalReader {
    /// One arm with everything that a recomputation needs.
    public struct Arm: Equatable, Sendable {
        public var header: ArmHeader
        public var evidence: ArmEvidence
        /// What was stored of the audit at the time; nil for an arm that is committed but not recorded.
        public var result: StoredArm.Result?

        public init(header: ArmHeader, evidence: ArmEvidence, result: StoredArm.Result?) {
            self.header = header
            self.evidence = evidence
            self.result = result
        }
    }

    /// Opened read-only.
    public let journal: Journal
    public let blocks: [StoredBlock]
    /// Each node's chain over the arms read so far.
    public private(set) var chainHeads = PerNode<Digest>(alice: .zero, bob: .zero)
    /// One past the last trial read.
    public private(set) var nextIndex: UInt64 = 0
    private let records: Bool
    private var nextArm: UInt64 = 0
    private var block = 0
    private let committedArms: UInt64
    private let recordedArms: UInt64
    private let expectedEnd: UInt64
    private let expectedHeads: PerNode<Digest>

    /// Opens a journal for reading.
    ///
    /// - Throws: As ``Journal/openReadOnly(at:)``; `journal.…` for damaged blocks.
    public convenience init(path: String) throws(BellError) { try self.init(try Journal.openReadOnly(at: path)) }

    /// Reads from an open journal, as far as it was written when the reader was made.
    ///
    /// - Parameter records: False to leave the halves empty and their records unhashed.
    public init(_ journal: Journal, records: Bool = true) throws(BellError) {
        self.journal = journal
        self.records = records
        blocks = try journal.snapshot { () throws(BellError) in
            try journal.refresh()
            return try journal.blocks()
        }
        committedArms = journal.nextArm
        recordedArms = journal.nextUnrecordedArm
        expectedEnd = journal.nextIndex
        expectedHeads = journal.chainHeads
        for (i, block) in blocks.enumerated() where i > 0 {
            let before = blocks[i - 1]
            guard block.header.number == before.header.number &+ 1, block.header.firstIndex >= before.header.firstIndex
            else { throw journal.structure("The blocks are not in order.", "block \(block.header.number)") }
        }
    }

    /// The next arm, or nil after the last.
    ///
    /// - Throws: `journal.hash-mismatch`, `journal.chain-broken`, `journal.structure`, `journal.damaged`, `sqlite.…`.
    public func next() throws(BellError) -> Arm? {
        guard nextArm < committedArms else {
            try checkEnd()
            return nil
        }
        let place = "arm \(nextArm)"
        guard let header = try journal.header(of: nextArm) else {
            throw journal.structure("The arm is missing.", place)
        }
        guard header.firstIndex == nextIndex else {
            throw journal.structure("The arm begins at trial \(header.firstIndex), not \(nextIndex).", place)
        }
        try enterBlock(of: header, place)
        // What a living daemon has recorded since the reader was made is left for the next reader.
        let isRecorded = nextArm < recordedArms
        let (evidence, result) = try journal.begin(header, recorded: isRecorded, records: records).take()
        if isRecorded && result == nil { throw journal.structure("The arm's result is missing.", place) }
        if let result {
            for node in Node.allCases {
                for chunk in result.chunks[node] {
                    chainHeads[node] = Blake2b.chain(chainHeads[node], chunk.hash)
                    guard chainHeads[node] == chunk.head else {
                        throw BellError(
                            .journalChain, "The chain of \(node.name) is broken.", at: "\(journal.path), \(place)",
                            cause: "expected head \(chainHeads[node].short), stored \(chunk.head.short)",
                            fix: "restore the journal from a copy; records were removed, added or changed")
                    }
                }
            }
        }
        nextArm += 1
        nextIndex = header.endIndex
        return Arm(header: header, evidence: evidence, result: result)
    }

    /// The block of the arm read last.
    public var currentBlock: StoredBlock? { blocks.indices.contains(block) ? blocks[block] : nil }

    private func enterBlock(of header: ArmHeader, _ place: String) throws(BellError) {
        while block < blocks.count, blocks[block].header.number < header.block { block += 1 }
        guard block < blocks.count, blocks[block].header.number == header.block else {
            throw journal.structure("The arm belongs to block \(header.block), which is not there.", place)
        }
        let next = block + 1 < blocks.count ? blocks[block + 1].header.firstIndex : .max
        guard header.firstIndex >= blocks[block].header.firstIndex, header.endIndex <= next else {
            throw journal.structure("The arm lies outside block \(header.block).", place)
        }
    }

    private func checkEnd() throws(BellError) {
        if let last = blocks.last, last.header.firstIndex > nextIndex {
            throw journal.structure(
                "The block begins at trial \(last.header.firstIndex), but \(nextIndex) trials are there.",
                "block \(last.header.number)")
        }
        guard nextIndex == expectedEnd, chainHeads == expectedHeads else {
            throw journal.structure("Arms or chunks are missing at the end.", "arm \(nextArm)")
        }
    }
}
