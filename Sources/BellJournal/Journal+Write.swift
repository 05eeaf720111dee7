import BellCrypto
public import BellModel
import BellSQLite

extension Journal {
    /// Writes in one transaction, and says in an error what is stored and what is not.
    func write<T>(_ what: String, _ body: () throws(BellError) -> T) throws(BellError) -> T {
        do throws(BellError) {
            return try database.transaction(body)
        } catch {
            var error = error
            error.place = "\(path), \(what)"
            error.state =
                "nothing of \(what) is stored; \(recordedIndex) trials are recorded and \(nextIndex) committed"
            throw error
        }
    }

    private func order(_ what: String, _ place: String) -> BellError {
        BellError(.journalOrder, what, at: "\(path), \(place)", state: "nothing was written")
    }

    /// Begins a block: freezes its calibration, programs and audit parameters. Durable when it returns.
    ///
    /// - Throws: `journal.order` when a block is open, the number is not the next or the index not ``nextIndex``;
    ///   `journal.input` when the calibration does not have its hash; `sqlite.full`, `sqlite.…`.
    public func beginBlock(_ block: BlockHeader) throws(BellError) {
        let place = "block \(block.number)"
        if let lastBlock {
            if lastBlock.isOpen { throw order("Block \(lastBlock.number) is still open.", place) }
            if block.number != lastBlock.number &+ 1 {
                throw order("The next block is \(lastBlock.number + 1).", place)
            }
        }
        if block.firstIndex != nextIndex {
            throw order("The next trial is \(nextIndex), not \(block.firstIndex).", place)
        }
        guard Blake2b.hash(text: block.calibration.text) == block.calibrationHash else {
            throw BellError(.journalInput, "The calibration's hash is not that of the calibration.", at: place)
        }
        try write(place) { () throws(BellError) in
            try database.run(
                "INSERT INTO block VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                [
                    .count(block.number), .count(block.firstIndex), .text(block.calibration.text),
                    .blob(block.calibrationHash.bytes), .text(block.audit.text), .blob(block.programs.alice),
                    .blob(block.programs.bob), .bits(block.bootIDs.alice), .bits(block.bootIDs.bob),
                    .blob(Journal.digest(of: block).bytes),
                ])
        }
        lastBlock = (block.number, true)
    }

    /// Ends a block.
    ///
    /// - Throws: `journal.order` when another block is open or an arm of it is not recorded; `sqlite.…`.
    public func closeBlock(_ number: UInt64, summary: JSON) throws(BellError) {
        let place = "end of block \(number)"
        guard let lastBlock, lastBlock == (number, true) else { throw order("Block \(number) is not open.", place) }
        guard nextUnrecordedArm == nextArm else { throw order("Arm \(nextUnrecordedArm) is not recorded.", place) }
        try write(place) { () throws(BellError) in
            try database.run(
                "INSERT INTO block_end VALUES (?1, ?2, ?3)",
                [
                    .count(number), .text(summary.text),
                    .blob(Journal.digest(ofEnd: summary.text, block: number).bytes),
                ])
        }
        self.lastBlock = (number, false)
    }

    /// Commits an arm: when this returns, its trials count whatever happens, and START may be sent.
    ///
    /// - Parameter hostBits: Needed exactly when the header has a commitment; kept beside the arm.
    /// - Throws: `journal.order` unless it is the next arm, at ``nextIndex``, in the open block, of 1 … 2^24 trials;
    ///   `journal.input` when host bits and commitment do not belong together; `sqlite.full`, `sqlite.…`.
    public func commitArm(_ header: ArmHeader, hostBits: HostBits? = nil) throws(BellError) {
        try check(header, hostBits)
        try write("arm \(header.arm)") { () throws(BellError) in try insert(header, hostBits) }
        committed(header)
    }

    private func check(_ header: ArmHeader, _ hostBits: HostBits?) throws(BellError) {
        let place = "arm \(header.arm)"
        guard let lastBlock, lastBlock == (header.block, true) else {
            throw order("Block \(header.block) is not open.", place)
        }
        if header.arm != nextArm { throw order("The next arm is \(nextArm).", place) }
        if header.firstIndex != nextIndex {
            throw order("The next trial is \(nextIndex), not \(header.firstIndex).", place)
        }
        if header.count == 0 || Int(header.count) > ColumnDecoder.largestCount {
            throw order("An arm cannot have \(header.count) trials.", place)
        }
        if header.firstIndex >= 1 << 62 { throw order("There are too many trials.", place) }
        guard hostBits?.commitment == header.hostBitsCommitment else {
            throw BellError(.journalInput, "The host's bits are not those that the commitment names.", at: place)
        }
    }

    private func insert(_ header: ArmHeader, _ hostBits: HostBits?) throws(BellError) {
        try database.run(
            "INSERT INTO arm VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            [
                .count(header.arm), .count(header.block), .count(header.firstIndex), .count(UInt64(header.count)),
                header.hostBitsCommitment.map { .blob($0.bytes) } ?? .null,
                .blob(Journal.digest(of: header).bytes),
            ])
        if let hostBits {
            try database.run(
                "INSERT INTO host_bits VALUES (?1, ?2, ?3, ?4)",
                [.count(header.arm), .blob(hostBits.salt), .blob(hostBits.bits.alice), .blob(hostBits.bits.bob)])
        }
    }

    private func committed(_ header: ArmHeader) {
        nextArm = header.arm + 1
        nextIndex = header.endIndex
    }

    /// Records what came back of the oldest unrecorded arm, in one transaction; durable when it returns.
    ///
    /// - Parameters:
    ///   - arm: ``nextUnrecordedArm``: arms are recorded in order, so that the chain is.
    ///   - prepared: The chunks of `result.halves` if somebody has hashed and compressed them already; what is not
    ///     made from exactly those halves is made anew.
    ///   - next: An arm to commit in the same transaction, which saves a sync.
    /// - Returns: The chunks as stored, with their hashes.
    /// - Throws: `journal.order`; `journal.input` for chunks outside the arm, of the wrong node or with a broken record,
    ///   or a wrong number of statuses or signatures; `sqlite.full`, `sqlite.…`. Nothing of it is then stored.
    @discardableResult
    public func record(
        arm: UInt64, _ result: ArmResult, prepared: PerNode<[PreparedChunk]>? = nil,
        committing next: (header: ArmHeader, hostBits: HostBits?)? = nil
    ) throws(BellError) -> PerNode<[StoredChunk]> {
        let place = "arm \(arm)"
        guard arm == nextUnrecordedArm, let header = try header(of: arm) else {
            throw order("The oldest unrecorded arm is \(nextUnrecordedArm), and \(nextArm) arms are committed.", place)
        }
        try check(result, header)
        if let next { try check(next.header, next.hostBits) }
        var chunks = PerNode<[StoredChunk]>(alice: [], bob: [])
        var heads = chainHeads
        try write(place) { () throws(BellError) in
            let firstChunk = (try database.value("SELECT max(id) FROM chunk")).flatMap(Journal.integer) ?? 0
            var id = firstChunk
            for node in Node.allCases {
                for (i, half) in result.halves[node].enumerated() {
                    let ready = prepared.flatMap { $0[node].indices.contains(i) ? $0[node][i] : nil }
                    let made = ready.flatMap { $0.half == half ? $0 : nil } ?? PreparedChunk(half, encoder)
                    heads[node] = Blake2b.chain(heads[node], made.hash)
                    let chunk = StoredChunk(
                        node: node, firstIndex: half.firstIndex, firstPulse: half.firstPulse, bootID: half.bootID,
                        count: UInt32(half.count), hash: made.hash, head: heads[node],
                        signature: result.signatures.flatMap { $0[node][i] })
                    id += 1
                    try insert(chunk, id, made.columns)
                    chunks[node].append(chunk)
                }
            }
            let margins = result.margins.text
            let digest = Journal.digest(
                of: header, chunks: chunks, clocks: result.clocks, statuses: result.statuses, margins: margins)
            try database.run(
                "INSERT INTO result VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                [
                    .count(arm), .int(firstChunk + 1), .int(id - firstChunk),
                    .blob(encoder.encode(clocks: result.clocks.alice)),
                    .blob(encoder.encode(clocks: result.clocks.bob)),
                    .blob(encoder.encode(statuses: result.statuses)), .text(margins), .blob(digest.bytes),
                ])
            if let next { try insert(next.header, next.hostBits) }
        }
        chainHeads = heads
        nextUnrecordedArm = arm + 1
        recordedIndex = header.endIndex
        if let next { committed(next.header) }
        return chunks
    }

    private static func integer(_ value: SQLValue) -> Int64? { if case .int(let value) = value { value } else { nil } }

    private func check(_ result: ArmResult, _ header: ArmHeader) throws(BellError) {
        func wrong(_ what: String) -> BellError {
            BellError(.journalInput, what, at: "\(path), arm \(header.arm)", state: "nothing was written")
        }
        if result.statuses.count != Int(header.count) {
            throw wrong("\(result.statuses.count) statuses came for \(header.count) trials.")
        }
        for node in Node.allCases {
            for half in result.halves[node] {
                guard half.node == node, half.count > 0, half.records.count % TrialRecord.byteCount == 0,
                    half.firstIndex >= header.firstIndex, half.firstIndex < header.endIndex,
                    UInt64(half.count) <= header.endIndex - half.firstIndex
                else {
                    throw wrong(
                        "A chunk of \(half.records.count) bytes from trial \(half.firstIndex) of \(node.name) "
                            + "is not a piece of trials \(header.firstIndex)..<\(header.endIndex).")
                }
            }
            if let signatures = result.signatures, signatures[node].count != result.halves[node].count {
                throw wrong("\(signatures[node].count) signatures came for \(result.halves[node].count) chunks.")
            }
            if result.clocks[node].count > ColumnDecoder.largestCount {
                throw wrong("There are too many clock records.")
            }
        }
    }

    private func insert(_ chunk: StoredChunk, _ id: Int64, _ columns: [UInt8]) throws(BellError) {
        try database.run(
            "INSERT INTO chunk VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            [
                .int(id), .int(Int64(chunk.node.rawValue)), .count(chunk.firstIndex), .bits(chunk.firstPulse),
                .bits(chunk.bootID), .int(Int64(chunk.count)), .blob(chunk.hash.bytes), .blob(chunk.head.bytes),
                chunk.signature.map { .blob($0) } ?? .null, .blob(columns),
            ])
    }
}
