import BellCrypto
public import BellModel
import BellSQLite

extension Journal {
    /// All blocks from `first` on, in order, each checked against its hash; all of one moment.
    ///
    /// - Throws: `journal.hash-mismatch`, `journal.damaged`, `json.…`, `sqlite.…`.
    public func blocks(from first: UInt64 = 0) throws(BellError) -> [StoredBlock] {
        // A writer may begin and end a block between the two tables: its end would be seen without its beginning.
        try snapshot { () throws(BellError) in try readBlocks(from: first) }
    }

    private func readBlocks(from first: UInt64) throws(BellError) -> [StoredBlock] {
        var blocks: [StoredBlock] = []
        try database.prepare(
            """
            SELECT number, first_index, calibration, calibration_hash, audit, program_alice, program_bob, boot_alice,
                   boot_bob, digest FROM block WHERE number >= ?1 ORDER BY number
            """
        ).rows([.count(first)]) { row throws(BellError) in
            let place = "block \(try row.uint64(0))"
            let header = BlockHeader(
                number: try row.uint64(0), firstIndex: try row.uint64(1),
                calibration: try JSON(parsing: try row.text(2), source: "\(path), \(place), calibration"),
                calibrationHash: try digest(row, 3, place),
                audit: try JSON(parsing: try row.text(4), source: "\(path), \(place), audit"),
                programs: PerNode(alice: try row.blob(5), bob: try row.blob(6)),
                bootIDs: PerNode(alice: try row.bits(7), bob: try row.bits(8)))
            guard try digest(row, 9, place) == Journal.digest(of: header) else {
                throw mismatch("The block does not have the hash that it was written with.", place)
            }
            guard Blake2b.hash(text: header.calibration.text) == header.calibrationHash else {
                throw mismatch("The calibration does not have its hash.", place)
            }
            blocks.append(StoredBlock(header: header, summary: nil))
        }
        var summaries: [UInt64: JSON] = [:]
        try database.prepare("SELECT number, summary, digest FROM block_end WHERE number >= ?1 ORDER BY number").rows([
            .count(first)
        ]) { row throws(BellError) in
            let number = try row.uint64(0)
            let place = "end of block \(number)"
            let text = try row.text(1)
            guard try digest(row, 2, place) == Journal.digest(ofEnd: text, block: number) else {
                throw mismatch("The block's end does not have the hash that it was written with.", place)
            }
            summaries[number] = try JSON(parsing: text, source: "\(path), \(place)")
        }
        for i in blocks.indices { blocks[i].summary = summaries.removeValue(forKey: blocks[i].header.number) }
        if let stray = summaries.keys.min() { throw structure("A block ends that never began.", "block \(stray)") }
        return blocks
    }

    func structure(_ what: String, _ place: String) -> BellError {
        BellError(
            .journalStructure, what, at: "\(path), \(place)",
            fix: "restore the journal from a copy; it proves nothing as it is")
    }

    /// The committed arms, in order; with `unresolved` only those that are not recorded.
    ///
    /// - Throws: `journal.damaged`, `sqlite.…`.
    public func committedArms(unresolved: Bool = false) throws(BellError) -> [ArmHeader] {
        var headers: [ArmHeader] = []
        try database.prepare(
            "SELECT arm, block, first_index, count, commitment, digest FROM arm WHERE arm >= ?1 ORDER BY arm"
        ).rows([.count(unresolved ? nextUnrecordedArm : 0)]) { row throws(BellError) in
            headers.append(try header(row))
        }
        return headers
    }

    /// The committed arm of that number, or nil.
    ///
    /// - Throws: `journal.damaged`, `sqlite.…`.
    public func header(of arm: UInt64) throws(BellError) -> ArmHeader? {
        guard arm <= UInt64(Int64.max) else { return nil }
        var found: ArmHeader?
        try database.prepare("SELECT arm, block, first_index, count, commitment, digest FROM arm WHERE arm = ?1").rows([
            .count(arm)
        ]) { row throws(BellError) in found = try header(row) }
        return found
    }

    private func header(_ row: Row) throws(BellError) -> ArmHeader {
        let place = "arm \(try row.uint64(0))"
        let (first, count) = (try row.uint64(2), try row.uint64(3))
        guard count > 0, count <= UInt64(ColumnDecoder.largestCount), first <= 1 << 62 else {
            throw structure("The arm has \(count) trials from trial \(first).", place)
        }
        let header = ArmHeader(
            arm: try row.uint64(0), block: try row.uint64(1), firstIndex: first, count: UInt32(count),
            hostBitsCommitment: row.isNull(4) ? nil : try digest(row, 4, place))
        guard try digest(row, 5, place) == Journal.digest(of: header) else {
            throw mismatch("The committed arm does not have the hash that it was written with.", place)
        }
        return header
    }

    /// The host's bits of an arm, checked against the commitment; nil when the boards made them.
    ///
    /// - Throws: `journal.hash-mismatch`, `journal.structure` for bits without commitment or the reverse, `sqlite.…`.
    public func hostBits(of header: ArmHeader) throws(BellError) -> HostBits? {
        var found: HostBits?
        try database.prepare("SELECT salt, alice, bob FROM host_bits WHERE arm = ?1").rows([.count(header.arm)]) {
            row throws(BellError) in
            found = HostBits(salt: try row.blob(0), bits: PerNode(alice: try row.blob(1), bob: try row.blob(2)))
        }
        guard found?.commitment == header.hostBitsCommitment else {
            throw mismatch("The host's bits are not those that were committed to.", "arm \(header.arm)")
        }
        return found
    }

    /// The arm that holds a trial, or the first after it; nil past the last committed trial.
    func firstArm(from index: UInt64) throws(BellError) -> UInt64? {
        guard index < nextIndex else { return nil }
        var arm: UInt64?
        try database.prepare(
            "SELECT arm FROM arm WHERE first_index <= ?1 ORDER BY first_index DESC LIMIT 1"
        ).rows([.count(index)]) { row throws(BellError) in arm = try row.uint64(0) }
        return arm
    }

    /// Arms from the one that holds trial `index` on, recorded or not, without their evidence.
    ///
    /// - Throws: `journal.…`, `sqlite.…`.
    public func arms(from index: UInt64 = 0, limit: Int = .max) throws(BellError) -> [StoredArm] {
        guard var arm = try firstArm(from: index) else { return [] }
        var arms: [StoredArm] = []
        while arms.count < limit, arm < nextArm, let stored = try storedArm(arm) {
            arms.append(stored)
            arm += 1
        }
        return arms
    }

    /// One arm without its evidence, or nil.
    ///
    /// - Throws: `journal.…`, `sqlite.…`.
    public func storedArm(_ arm: UInt64) throws(BellError) -> StoredArm? {
        guard let header = try header(of: arm) else { return nil }
        return StoredArm(header: header, result: try resultRow(header)?.result)
    }

    /// The outcomes from trial `index` on: recorded arms without a gap.
    ///
    /// - Parameter limit: At most so many frames.
    /// - Throws: `journal.…`, `sqlite.…`.
    public func frames(from index: UInt64, limit: Int = 64) throws(BellError) -> [OutcomeFrame] {
        var frames: [OutcomeFrame] = []
        for stored in try arms(from: index, limit: limit) {
            guard let result = stored.result else { break }
            let skipped = Int(index > stored.header.firstIndex ? index - stored.header.firstIndex : 0)
            guard skipped < result.statuses.count else {
                throw structure("Trials are missing before the next arm.", "arm \(stored.header.arm)")
            }
            frames.append(
                OutcomeFrame(
                    arm: stored.header.arm, block: stored.header.block,
                    firstIndex: stored.header.firstIndex + UInt64(skipped),
                    statuses: skipped == 0 ? result.statuses : Array(result.statuses[skipped...])))
        }
        return frames
    }

    /// The evidence of an arm: records, clocks and host bits, every hash computed anew and compared.
    ///
    /// - Returns: Empty halves for an arm that is committed but not recorded.
    /// - Throws: `journal.order` for an arm that was never committed; `journal.hash-mismatch`, `journal.damaged`,
    ///   `journal.structure`, `sqlite.…`.
    public func evidence(arm: UInt64) throws(BellError) -> ArmEvidence {
        guard let header = try header(of: arm) else {
            throw BellError(.journalOrder, "There is no arm \(arm); \(nextArm) are committed.", at: path)
        }
        return try begin(header).take().evidence
    }
}
