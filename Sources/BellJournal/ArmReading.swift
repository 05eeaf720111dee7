import BellCrypto
public import BellModel
import Dispatch
import Synchronization

/// An arm that is being read: its columns are in memory, and each node's lane restores and hashes that node's records.
///
/// So that a reader can look at one arm while the next is restored; it holds both meanwhile.
public final class ArmReading: Sendable {
    /// What is known before the halves are.
    private let evidence: ArmEvidence
    private let result: StoredArm.Result?
    /// What is wrong with the arm itself; a chunk's damage says more, and is told first.
    private let fault: BellError?
    private let halves = Mutex(PerNode<Result<[HalfChunk], BellError>>(alice: .success([]), bob: .success([])))
    private let group = DispatchGroup()

    init(_ evidence: ArmEvidence, _ result: StoredArm.Result?, fault: BellError? = nil) {
        self.evidence = evidence
        self.result = result
        self.fault = fault
    }

    /// Restores the chunks of a node, in their order, on its lane.
    func begin(_ chunks: [HalfLane.Chunk], of node: Node, on lane: HalfLane) {
        lane.queue.async(group: group) { [self] in
            let restored = lane.restore(chunks)
            halves.withLock { $0[node] = restored }
        }
    }

    /// Waits for both nodes' records.
    ///
    /// - Returns: Empty halves and no result for an arm that is committed but not recorded. Every record has the hash of
    ///   its chunk in `result`.
    /// - Throws: `journal.hash-mismatch` or `journal.damaged` for the first chunk, or else the arm, that is not what
    ///   it was.
    public func take() throws(BellError) -> (evidence: ArmEvidence, result: StoredArm.Result?) {
        group.wait()
        let restored = halves.withLock { halves in
            defer { halves = PerNode(alice: .success([]), bob: .success([])) }
            return halves
        }
        var evidence = evidence
        evidence.halves = try PerNode { (node) throws(BellError) in try restored[node].get() }
        if let fault { throw fault }
        return (evidence, result)
    }
}

/// One node's queue for restoring records, and the working memory that belongs to it.
final class HalfLane: Sendable {
    /// A stored chunk with its columns, and where it is, for errors.
    struct Chunk: Sendable {
        let stored: StoredChunk
        let columns: [UInt8]
        let place: String
    }

    let queue: DispatchQueue
    private let decoder = Mutex(ColumnDecoder())

    init(_ node: Node) { queue = DispatchQueue(label: "bell.halves.\(node.name)") }

    /// On ``queue``.
    func restore(_ chunks: [Chunk]) -> Result<[HalfChunk], BellError> {
        var records: [[UInt8]] = []
        var fault: BellError?
        for chunk in chunks where fault == nil {
            do throws(BellError) { records.append(try restore(chunk)) } catch { fault = error }
        }
        var halves: [HalfChunk] = []
        for (chunk, (records, hash)) in zip(chunks, zip(records, Blake2b.hash(each: records))) {
            let stored = chunk.stored
            guard hash == stored.hash else {
                return .failure(
                    BellError(.journalHash, "The records do not have the hash that they were written with.")
                        .inEvidence(at: chunk.place))
            }
            halves.append(
                HalfChunk(
                    node: stored.node, firstIndex: stored.firstIndex, firstPulse: stored.firstPulse,
                    bootID: stored.bootID, records: records))
        }
        if let fault { return .failure(fault) }
        return .success(halves)
    }

    private func restore(_ chunk: Chunk) throws(BellError) -> [UInt8] {
        let restored = decoder.withLock { decoder -> Result<[UInt8], BellError> in
            do throws(BellError) {
                return .success(try decoder.records(chunk.columns, count: Int(chunk.stored.count)))
            } catch {
                return .failure(error.inEvidence(at: chunk.place))
            }
        }
        return try restored.get()
    }
}

extension BellError {
    /// The same of stored evidence: with its place, and what to do.
    func inEvidence(at place: String) -> BellError {
        var error = self
        error.place = place
        error.fix = "restore the journal from a copy; the evidence proves nothing as it is"
        return error
    }
}
