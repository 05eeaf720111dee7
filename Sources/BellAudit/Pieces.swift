import BellModel

/// A stretch of an arm for which one node has one chunk, or copies that contradict each other.
struct Piece: Equatable {
    /// Trials from the arm's first.
    var range: Range<Int>
    /// Place in the node's chunks; nil where copies contradict each other.
    var chunk: Int?
}

/// One node's chunks laid over an arm: sorted, without overlap; gaps are what is missing.
struct Pieces {
    private(set) var list: [Piece] = []

    /// Lays chunks over the arm.
    ///
    /// Chunks of another node, records outside the arm and a record cut short count as missing. Repeated trials count
    /// once when both copies agree in record, pulse and boot; else they contradict each other.
    ///
    /// - Parameter contradicting: Whether nothing in them can be believed.
    mutating func lay(
        _ chunks: [HalfChunk], of node: Node, firstIndex: UInt64, count: Int, contradicting: Bool
    ) {
        list.removeAll(keepingCapacity: true)
        for (place, chunk) in chunks.enumerated() where chunk.node == node {
            guard let range = Pieces.range(of: chunk, firstIndex: firstIndex, count: count) else { continue }
            // A pulse index that runs past 64 bits cannot be.
            let runsOver = chunk.firstPulse.addingReportingOverflow(UInt64(chunk.count)).overflow
            list.append(Piece(range: range, chunk: contradicting || runsOver ? nil : place))
        }
        guard list.count > 1 else { return }
        list.sort { ($0.range.lowerBound, $0.chunk ?? -1) < ($1.range.lowerBound, $1.chunk ?? -1) }
        for i in list.indices.dropFirst() where list[i].range.lowerBound < list[i - 1].range.upperBound {
            merge(chunks, firstIndex: firstIndex, count: count)
            break
        }
        refuseOldPulses(chunks, firstIndex: firstIndex)
    }

    /// Marks pieces whose pulses do not come after those of the trials before them.
    ///
    /// A shared pulse starts one trial, so both nodes together could else count their lucky trials again under other
    /// indices, with time tags that fit the pulses.
    private mutating func refuseOldPulses(_ chunks: [HalfChunk], firstIndex: UInt64) {
        var next: UInt64 = 0
        for i in list.indices {
            guard let place = list[i].chunk else { continue }
            let chunk = chunks[place]
            let pulse = chunk.firstPulse &+ (firstIndex &+ UInt64(list[i].range.lowerBound) &- chunk.firstIndex)
            if pulse < next {
                list[i].chunk = nil
            } else {
                next = pulse &+ UInt64(list[i].range.count)
            }
        }
    }

    /// The trials of the arm that a chunk speaks for; nil when there are none. No number can trap it.
    private static func range(of chunk: HalfChunk, firstIndex: UInt64, count: Int) -> Range<Int>? {
        if chunk.firstIndex >= firstIndex {
            let lower = chunk.firstIndex - firstIndex
            guard lower < UInt64(count), chunk.count > 0 else { return nil }
            return Int(lower)..<min(count, Int(lower) + chunk.count)
        }
        let skipped = firstIndex - chunk.firstIndex
        guard skipped < UInt64(chunk.count) else { return nil }
        return 0..<min(count, chunk.count - Int(skipped))
    }

    /// Resolves overlaps trial by trial.
    private mutating func merge(_ chunks: [HalfChunk], firstIndex: UInt64, count: Int) {
        let missing = -1
        let contradiction = -2
        var owners = [Int](repeating: missing, count: count)
        for piece in list {
            for trial in piece.range {
                guard let place = piece.chunk else {
                    owners[trial] = contradiction
                    continue
                }
                switch owners[trial] {
                case missing: owners[trial] = place
                case contradiction: break
                case let owner:
                    let index = firstIndex &+ UInt64(trial)
                    if !Pieces.agree(chunks[owner], chunks[place], at: index) { owners[trial] = contradiction }
                }
            }
        }
        list.removeAll(keepingCapacity: true)
        var start = 0
        while start < count {
            var end = start + 1
            while end < count, owners[end] == owners[start] { end += 1 }
            if owners[start] != missing {
                list.append(Piece(range: start..<end, chunk: owners[start] == contradiction ? nil : owners[start]))
            }
            start = end
        }
    }

    /// Whether two chunks, both of which hold trial `index`, say the same of it.
    private static func agree(_ a: HalfChunk, _ b: HalfChunk, at index: UInt64) -> Bool {
        let (i, j) = (index &- a.firstIndex, index &- b.firstIndex)
        guard a.bootID == b.bootID, a.firstPulse &+ i == b.firstPulse &+ j else { return false }
        let size = UInt64(TrialRecord.byteCount)
        return a.records[Int(i * size)..<Int((i + 1) * size)] == b.records[Int(j * size)..<Int((j + 1) * size)]
    }
}
