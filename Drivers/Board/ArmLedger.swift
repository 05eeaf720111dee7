import BellModel
import DriverKit

/// What has been received of one arm and is not acknowledged: tells new data from repeated and contradicting ones.
struct ArmLedger: Sendable {
    /// What a message is, compared with what came before.
    enum Verdict: Equatable {
        case new
        case repeated
        case contradiction
        case outOfRange
    }

    /// The arm's range, when it was armed here or its end has come.
    private(set) var order: ArmOrder?
    private(set) var end: ArmEnd?
    /// Since when an end waits for records that it announces.
    private(set) var heldSince: Duration?
    /// By rising first index, without overlap.
    private var chunks: [HalfChunk] = []
    /// Records delivered, those already acknowledged too.
    private var received: UInt64 = 0
    private var clocks: [UInt64: ClockRecord] = [:]
    private var signatures: [UInt64: ChunkSignature] = [:]

    init(order: ArmOrder? = nil) { self.order = order }

    /// Records, clock records and signatures kept, plus one for the arm itself: for the limit on memory.
    private(set) var size = 1

    /// Whether all records that the end announces were delivered.
    var isComplete: Bool { end.map { received >= UInt64($0.made) } ?? false }

    /// Sets the range of an arm whose order is not known yet; false when it contradicts.
    mutating func know(_ order: ArmOrder) -> Bool {
        if let known = self.order { return known == order }
        self.order = order
        return true
    }

    /// Takes records; `chunk.range` must not overflow.
    mutating func take(_ chunk: HalfChunk) -> Verdict {
        let range = chunk.range
        guard chunk.hasConsecutiveIndices else { return .outOfRange }
        if let order {
            let limit = order.firstIndex + UInt64(end?.made ?? order.count)
            guard range.lowerBound >= order.firstIndex, range.upperBound <= limit else { return .outOfRange }
        }
        let place = firstChunk(endingAfter: range.lowerBound)
        if place < chunks.count, chunks[place].firstIndex < range.upperBound {
            return chunks[place] == chunk ? .repeated : .contradiction
        }
        chunks.insert(chunk, at: place)
        received += UInt64(chunk.count)
        size += chunk.count
        return .new
    }

    /// Takes clock records; returns the new ones, or nil when one contradicts.
    mutating func take(_ records: [ClockRecord]) -> [ClockRecord]? {
        var new: [ClockRecord] = []
        for record in records {
            guard let known = clocks[record.pulse] else {
                new.append(record)
                continue
            }
            guard known == record else { return nil }
        }
        for record in new { clocks[record.pulse] = record }
        size += new.count
        return new
    }

    mutating func take(_ signature: ChunkSignature) -> Verdict {
        if let known = signatures[signature.firstIndex] { return known == signature ? .repeated : .contradiction }
        if let order {
            let (end, overflow) = signature.firstIndex.addingReportingOverflow(UInt64(signature.count))
            guard !overflow, signature.firstIndex >= order.firstIndex, end <= order.firstIndex + UInt64(order.count)
            else { return .outOfRange }
        }
        signatures[signature.firstIndex] = signature
        size += 1
        return .new
    }

    /// Takes the arm's end; it is held back until ``isComplete`` or a replay's end.
    mutating func take(_ end: ArmEnd, at now: Duration) -> Verdict {
        if let known = self.end { return known == end ? .repeated : .contradiction }
        let limit = end.order.firstIndex + UInt64(end.made)
        if let first = chunks.first, let last = chunks.last {
            guard first.firstIndex >= end.order.firstIndex, last.range.upperBound <= limit else {
                return .contradiction
            }
        }
        guard know(end.order) else { return .contradiction }
        self.end = end
        heldSince = now
        return .new
    }

    /// The end, if it was held back; once.
    mutating func release() -> ArmEnd? {
        guard heldSince != nil else { return nil }
        heldSince = nil
        return end
    }

    /// Forgets records below an index; true when nothing of the arm can be wanted any more.
    mutating func acknowledge(below index: UInt64) -> Bool {
        let kept = chunks.firstIndex { $0.range.upperBound > index } ?? chunks.count
        for chunk in chunks.prefix(kept) {
            size -= chunk.count
            if signatures.removeValue(forKey: chunk.firstIndex) != nil { size -= 1 }
        }
        chunks.removeFirst(kept)
        guard let end = order?.endIndex else { return false }
        return end <= index
    }

    /// The place of the first chunk whose last record lies at or after an index.
    private func firstChunk(endingAfter index: UInt64) -> Int {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            if chunks[middle].range.upperBound > index { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension HalfChunk {
    /// Whether the n-th record's own index is the first index + n.
    var hasConsecutiveIndices: Bool {
        records.withUnsafeBytes { raw in
            var expected = firstIndex
            var offset = 0
            while offset + TrialRecord.byteCount <= raw.count {
                let index = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                if index != expected { return false }
                expected &+= 1
                offset += TrialRecord.byteCount
            }
            return true
        }
    }
}
