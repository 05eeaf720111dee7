import BellModel

/// Changes to records that a cheating board makes before it sends them.
enum RecordForgery {
    /// Writes an outcome, and an IQ point that explains it.
    @inline(__always)
    static func setOutcome(
        _ raw: UnsafeMutableRawBufferPointer, _ at: Int, _ outcome: UInt8, _ discriminator: Discriminator?
    ) {
        if let discriminator, raw[at + RecordEdit.outcome] != outcome { mirror(raw, at, discriminator) }
        raw[at + RecordEdit.outcome] = outcome
    }

    /// Mirrors a record's IQ point at the discriminator's line, and two codes beyond, so that rounding cannot undo it.
    private static func mirror(_ raw: UnsafeMutableRawBufferPointer, _ at: Int, _ line: Discriminator) {
        let i = Int16(littleEndian: raw.loadUnaligned(fromByteOffset: at + 20, as: Int16.self))
        let q = Int16(littleEndian: raw.loadUnaligned(fromByteOffset: at + 22, as: Int16.self))
        let (wI, wQ) = (Double(line.weightI), Double(line.weightQ))
        let length = (wI * wI + wQ * wQ).squareRoot()
        guard length > 0 else { return }
        let distance = (wI * Double(i) + wQ * Double(q) - Double(line.threshold)) / length
        let shift = 2 * distance + (distance > 0 ? 2 : -2)
        let moved = { (from: Int16, weight: Double) in
            Int16(min(max((Double(from) - shift * weight / length).rounded(), -32_768), 32_767))
        }
        raw.storeBytes(of: moved(i, wI).littleEndian, toByteOffset: at + 20, as: Int16.self)
        raw.storeBytes(of: moved(q, wQ).littleEndian, toByteOffset: at + 22, as: Int16.self)
    }

    /// Lets the stop event of the record at a byte come later.
    static func delay(_ raw: UnsafeMutableRawBufferPointer, _ at: Int, _ ticks: UInt32) {
        let stop = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: at + 16, as: UInt32.self))
        raw.storeBytes(of: (stop &+ ticks).littleEndian, toByteOffset: at + 16, as: UInt32.self)
    }

    /// Lets the stop event of the record at a place come later.
    static func delay(_ records: inout [UInt8], _ place: Int, _ ticks: UInt32) {
        records.withUnsafeMutableBytes { delay($0, place * TrialRecord.byteCount, ticks) }
    }

    /// Puts whole records into the order that wins most against the other node's, and numbers them anew.
    static func reorder(_ records: inout [UInt8], toWinAgainst other: [UInt8], at node: Node, _ game: CHSHGame) {
        let size = TrialRecord.byteCount
        let count = min(records.count, other.count) / size
        // Places by setting and outcome, 2·setting + outcome.
        var left = [[Int]](repeating: [], count: 4)
        for place in (0..<count).reversed() {
            let at = place * size
            left[Int(2 * (records[at + RecordEdit.setting] & 1) + records[at + RecordEdit.outcome] & 1)].append(place)
        }
        var ordered = records
        for trial in 0..<count {
            let (said, outcome) = (other[trial * size + RecordEdit.setting], other[trial * size + RecordEdit.outcome])
            let kinds = (0..<2 as Range<UInt8>).map { own in
                Int(2 * own + (outcome ^ (node == .bob ? game.target(said, own) : game.target(own, said))) & 1)
            }
            let most = left[kinds[0]].count >= left[kinds[1]].count ? kinds[0] : kinds[1]
            let kind = left[most].isEmpty ? left.firstIndex { !$0.isEmpty } : most
            guard let kind, let place = left[kind].popLast() else { continue }
            // The index is the place's, all else the record's.
            for byte in 8..<size { ordered[trial * size + byte] = records[place * size + byte] }
        }
        records = ordered
    }

    /// Changes the outcomes so that every trial is won.
    static func winAll(_ records: inout [UInt8], against other: [UInt8], at node: Node, _ game: CHSHGame) {
        let size = TrialRecord.byteCount
        for at in stride(from: 0, to: min(records.count, other.count), by: size) {
            let (own, said) = (records[at + RecordEdit.setting], other[at + RecordEdit.setting])
            let target = node == .bob ? game.target(said, own) : game.target(own, said)
            records[at + RecordEdit.outcome] = other[at + RecordEdit.outcome] ^ target
        }
    }
}

extension HalfChunk {
    /// The chunk cut around the places that are left out.
    func without(_ places: [Int]) -> [HalfChunk] {
        var parts: [HalfChunk] = []
        var start = 0
        for place in places + [count] {
            if place > start {
                var part = self
                part.firstIndex &+= UInt64(start)
                part.firstPulse &+= UInt64(start)
                part.records = Array(records[start * TrialRecord.byteCount..<place * TrialRecord.byteCount])
                parts.append(part)
            }
            start = place + 1
        }
        return parts
    }

    /// The chunk's first records under other trial indices; pulses and time tags stay.
    func renumbered(_ first: UInt64, count: Int) -> HalfChunk {
        var chunk = self
        chunk.firstIndex = first
        chunk.records = Array(records.prefix(count * TrialRecord.byteCount))
        for place in 0..<min(count, self.count) {
            withUnsafeBytes(of: (first &+ UInt64(place)).littleEndian) { index in
                for byte in 0..<8 { chunk.records[place * TrialRecord.byteCount + byte] = index[byte] }
            }
        }
        return chunk
    }
}
