public import BellModel
public import DriverKit

/// Gathers both halves of one arm as they arrive, in any order and with repeats.
///
/// A pure value: the campaign feeds it the boards' events. It keeps pieces as they came; whether they fit together is
/// the audit's question.
public struct ArmCollector: Sendable {
    /// The arm that is collected.
    public let arm: Arm
    public private(set) var halves = PerNode<[HalfChunk]>(alice: [], bob: [])
    public private(set) var clocks = PerNode<[ClockRecord]>(alice: [], bob: [])
    private var knownClocks = PerNode<Set<ClockRecord>>(alice: [], bob: [])
    /// The boards' signatures of their chunks, by node; the first of each chunk.
    private var signed = PerNode<[ChunkName: [UInt8]]>(alice: [:], bob: [:])
    /// Whether a node has said that its part of the arm is over.
    public private(set) var ended = PerNode(alice: false, bob: false)
    /// How many trials a node says it made; nil before its end.
    public private(set) var made = PerNode<UInt32?>(alice: nil, bob: nil)
    /// Records that came so far.
    public private(set) var received = PerNode<UInt64>(alice: 0, bob: 0)

    /// What a board's signature calls the chunk that it is of.
    private struct ChunkName: Hashable {
        var bootID: UInt64
        var firstIndex: UInt64
        var count: Int
    }

    /// The most pieces of one node that an arm may come in: far more than a board's frames.
    public static let mostPieces = 1024

    public init(arm: Arm) { self.arm = arm }

    /// Whether nothing more can come: a driver delivers an arm's end once all its records are here, or are lost.
    public var isComplete: Bool { ended.alice && ended.bob }

    /// Records that a node says it made and that did not come.
    public func missing(_ node: Node) -> UInt64 {
        let made = UInt64(made[node] ?? 0)
        return made - min(made, received[node])
    }

    /// Takes a piece; a repeat of one that is here already is ignored, one outside the arm is refused.
    ///
    /// - Returns: False for a piece that does not belong to this arm.
    public mutating func add(_ chunk: HalfChunk) -> Bool {
        guard chunk.count > 0, chunk.firstIndex >= arm.range.lowerBound,
            chunk.firstIndex.addingReportingOverflow(UInt64(chunk.count)).overflow == false,
            chunk.range.upperBound <= arm.range.upperBound
        else { return false }
        if halves[chunk.node].contains(where: { $0 == chunk }) { return true }
        // What is not taken in is lost, not the campaign.
        guard halves[chunk.node].count < ArmCollector.mostPieces else { return false }
        halves[chunk.node].append(chunk)
        received[chunk.node] += UInt64(chunk.count)
        return true
    }

    /// Takes clock records; repeats are ignored.
    public mutating func add(_ records: [ClockRecord], of node: Node) {
        for record in records where knownClocks[node].insert(record).inserted { clocks[node].append(record) }
    }

    /// Takes a board's signature of one of its chunks, good or not; a later one of the same chunk is ignored.
    public mutating func add(_ signature: ChunkSignature, of node: Node) {
        let name = ChunkName(bootID: signature.bootID, firstIndex: signature.firstIndex, count: Int(signature.count))
        // As many as there can be pieces: a board cannot fill the memory with them.
        guard signature.arm == arm.number, signed[node][name] == nil, signed[node].count < ArmCollector.mostPieces
        else { return }
        signed[node][name] = signature.signature
    }

    /// What came as the signature of a piece; nil when none did.
    public func signature(of chunk: HalfChunk) -> [UInt8]? {
        signed[chunk.node][ChunkName(bootID: chunk.bootID, firstIndex: chunk.firstIndex, count: chunk.count)]
    }

    /// Takes a node's word that it made `made` trials of this arm and no more.
    public mutating func end(_ node: Node, made: UInt32) {
        ended[node] = true
        self.made[node] = made
    }

    /// The pieces of a node in index order, as the journal stores them.
    public func sortedHalves(_ node: Node) -> [HalfChunk] {
        halves[node].sorted { ($0.firstIndex, $0.bootID) < ($1.firstIndex, $1.bootID) }
    }

    /// The same of a board that signs its chunks: where it has not made its whole arm, without the last ones if it did not
    /// sign them.
    ///
    /// A board that dies between a chunk and its signature is honest, and its campaign may go on: those trials are lost.
    /// Whoever keeps a signature back loses trials, which never pays; a whole arm is kept as it came and objected to.
    public func signedHalves(_ node: Node) -> [HalfChunk] {
        var pieces = sortedHalves(node)
        guard !ended[node] || made[node] != arm.count else { return pieces }
        while let last = pieces.last, signature(of: last) == nil { pieces.removeLast() }
        return pieces
    }

    /// A node's clock records in pulse order.
    public func sortedClocks(_ node: Node) -> [ClockRecord] {
        clocks[node].sorted { ($0.pulse, $0.tick) < ($1.pulse, $1.tick) }
    }
}
