import BellCrypto
public import BellModel
import BellSQLite

/// A row of `result`, before its evidence is read.
struct ResultRow {
    var result: StoredArm.Result
    /// Chunk ids, in chain order.
    var chunkIDs: PerNode<[Int64]>
    var digest: Digest
    var marginsText: String
}

extension Journal {
    /// Reads what is stored of an arm's result; nil when it is not recorded.
    func resultRow(_ header: ArmHeader) throws(BellError) -> ResultRow? {
        let place = "arm \(header.arm)"
        var found: ResultRow?
        var range = (first: Int64(0), count: Int64(0))
        try database.prepare(
            """
            SELECT first_chunk, chunks, clock_alice, clock_bob, statuses, margins, digest FROM result WHERE arm = ?1
            """
        ).rows([.count(header.arm)]) { row throws(BellError) in
            range = (try row.int64(0), try row.int64(1))
            let text = try row.text(5)
            let statuses = try located(place) { () throws(BellError) in
                try decoder.statuses(try row.blob(4), count: Int(header.count))
            }
            let clocks = try PerNode { (node: Node) throws(BellError) in
                try located("\(place), clock records of \(node.name)") { () throws(BellError) in
                    try decoder.clocks(try row.blob(node == .alice ? 2 : 3))
                }
            }
            found = ResultRow(
                result: StoredArm.Result(
                    chunks: PerNode(alice: [], bob: []), clocks: clocks, statuses: statuses,
                    margins: try JSON(parsing: text, source: "\(path), \(place), margins")),
                chunkIDs: PerNode(alice: [], bob: []), digest: try digest(row, 6, place), marginsText: text)
        }
        guard var found else { return nil }
        guard range.first >= 0, range.count >= 0, range.count <= Int64(ColumnDecoder.largestCount),
            range.first <= Int64.max - range.count
        else { throw structure("The arm's chunks are \(range.count) from \(range.first).", place) }
        var expected = range.first
        try database.prepare(
            """
            SELECT id, node, first_index, first_pulse, boot, count, hash, head, signature FROM chunk
            WHERE id >= ?1 AND id < ?2 ORDER BY id
            """
        ).rows([.int(range.first), .int(range.first + range.count)]) { row throws(BellError) in
            guard try row.int64(0) == expected else { throw structure("Chunk \(expected) is missing.", place) }
            expected += 1
            guard let node = Node(rawValue: UInt8(clamping: try row.int64(1))) else {
                throw structure("Chunk \(expected - 1) belongs to no node.", place)
            }
            let chunk = StoredChunk(
                node: node, firstIndex: try row.uint64(2), firstPulse: try row.bits(3), bootID: try row.bits(4),
                count: UInt32(clamping: try row.int64(5)), hash: try digest(row, 6, place),
                head: try digest(row, 7, place), signature: row.isNull(8) ? nil : try row.blob(8))
            guard chunk.count > 0, chunk.firstIndex >= header.firstIndex, chunk.firstIndex < header.endIndex,
                UInt64(chunk.count) <= header.endIndex - chunk.firstIndex
            else { throw structure("Chunk \(expected - 1) is not a piece of the arm.", place) }
            found.result.chunks[node].append(chunk)
            found.chunkIDs[node].append(expected - 1)
        }
        guard expected == range.first + range.count else { throw structure("Chunk \(expected) is missing.", place) }
        return found
    }

    /// Begins to read an arm; ``ArmReading/take()`` waits for it, every hash computed anew and compared.
    ///
    /// - Parameters:
    ///   - recorded: False to leave a result aside that may be there.
    ///   - records: False to leave the halves empty.
    /// - Throws: `journal.hash-mismatch` for the host's bits, `journal.damaged`, `journal.structure`, `sqlite.…`.
    public func begin(
        _ header: ArmHeader, recorded: Bool = true, records: Bool = true
    ) throws(BellError) -> ArmReading {
        let place = "arm \(header.arm)"
        var evidence = ArmEvidence(
            firstIndex: header.firstIndex, count: header.count, halves: PerNode(alice: [], bob: []),
            clocks: PerNode(alice: [], bob: []), hostBits: try hostBits(of: header)?.bits)
        guard recorded, let row = try resultRow(header) else { return ArmReading(evidence, nil) }
        evidence.clocks = row.result.clocks
        let digest = Journal.digest(
            of: header, chunks: row.result.chunks, clocks: evidence.clocks, statuses: row.result.statuses,
            margins: row.marginsText)
        let fault =
            digest == row.digest ? nil : mismatch("The arm does not have the hash that it was written with.", place)
        let reading = ArmReading(evidence, row.result, fault: fault)
        guard records else { return reading }
        for node in Node.allCases {
            var chunks: [HalfLane.Chunk] = []
            for (chunk, id) in zip(row.result.chunks[node], row.chunkIDs[node]) {
                chunks.append(
                    HalfLane.Chunk(
                        stored: chunk, columns: try columns(id),
                        place: "\(path), \(place), chunk \(id) of \(node.name)"))
            }
            reading.begin(chunks, of: node, on: lanes[node])
        }
        return reading
    }

    private func columns(_ id: Int64) throws(BellError) -> [UInt8] {
        var columns: [UInt8] = []
        try database.prepare("SELECT columns FROM chunk WHERE id = ?1").rows([.int(id)]) { row throws(BellError) in
            columns = try row.blob(0)
        }
        return columns
    }

    /// Adds the place to an error of the decoder.
    private func located<T>(_ place: String, _ body: () throws(BellError) -> T) throws(BellError) -> T {
        do throws(BellError) { return try body() } catch { throw error.inEvidence(at: "\(path), \(place)") }
    }
}
