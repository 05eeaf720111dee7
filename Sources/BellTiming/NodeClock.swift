public import BellModel

/// One node's clock in one arm, built from its clock records.
public struct NodeClock: Sendable {
    public let scale: ClockScale
    /// The stretches that can be trusted, in pulse order, without overlap.
    public private(set) var segments: [ClockSegment] = []
    private var sorted: [ClockRecord] = []

    /// Makes a clock without records: it can tell no time.
    public init(scale: ClockScale) { self.scale = scale }

    /// Makes a clock from records in any order.
    public init(records: [ClockRecord], scale: ClockScale) {
        self.scale = scale
        rebuild(records)
    }

    /// Replaces the records, keeping the memory.
    ///
    /// Repeated records count once. Two records that give one pulse different ticks contradict each other: nothing
    /// between the neighbouring pulses is trusted. The same holds for a stretch whose rate differs from the nominal one
    /// by more than the drift limit, as after a slipped pulse or a reboot. A node with a single record gets the nominal
    /// rate, for that pulse only. O(n), or O(n log n) when the records are out of order.
    public mutating func rebuild(_ records: [ClockRecord]) {
        segments.removeAll(keepingCapacity: true)
        guard let first = records.first else { return }
        if NodeClock.isIncreasing(records) {
            connect(records)
        } else {
            sorted = records.sorted { ($0.pulse, $0.tick) < ($1.pulse, $1.tick) }
            var unique = 1
            for i in 1..<sorted.count where sorted[i] != sorted[unique - 1] {
                sorted[unique] = sorted[i]
                unique += 1
            }
            sorted.removeLast(sorted.count - unique)
            connect(sorted)
        }
        if segments.isEmpty, records.allSatisfy({ $0 == first }) {
            segments.append(ClockSegment(at: first, scale: scale))
        }
    }

    private static func isIncreasing(_ records: [ClockRecord]) -> Bool {
        for i in records.indices.dropFirst() where records[i].pulse <= records[i - 1].pulse { return false }
        return true
    }

    /// Joins neighbours of a list sorted by pulse; a pulse that stands in it twice joins to nothing.
    private mutating func connect(_ records: [ClockRecord]) {
        for i in records.indices.dropFirst() {
            let (a, b) = (records[i - 1], records[i])
            let doubtfulStart = i >= 2 && records[i - 2].pulse == a.pulse
            let doubtfulEnd = i + 1 < records.count && records[i + 1].pulse == b.pulse
            if doubtfulStart || doubtfulEnd { continue }
            guard let segment = ClockSegment(from: a, to: b, scale: scale) else { continue }
            // A pulse with a segment on either side belongs to the later one.
            if let last = segments.indices.last, segments[last].lastPulse == a.pulse {
                segments[last].lastPulse = a.pulse - 1
            }
            segments.append(segment)
        }
    }

    /// Drops segments whose ticks do not come after those before them: a counter never runs back.
    ///
    /// - Parameter tick: Where the counter was before the first one; nil when that is not known.
    /// - Returns: Where the last segment that is kept ends; else `tick`.
    public mutating func keepRising(after tick: UInt64?) -> UInt64? {
        var reached = tick
        segments.removeAll { segment in
            if let reached, segment.firstTick < reached { return true }
            reached = segment.endTick
            return false
        }
        return reached
    }

    /// Where a search for consecutive pulses stands; begin with 0 an arm.
    public typealias Cursor = Int

    /// Finds who speaks for a pulse, or how long nobody does.
    ///
    /// - Parameter cursor: Remembers the place; fast when pulses are asked for in increasing order.
    /// - Returns: The place in ``segments`` or nil, and the last pulse for which the answer is the same.
    public func find(_ pulse: UInt64, cursor: inout Cursor) -> (segment: Int?, lastPulse: UInt64) {
        if cursor > 0, cursor > segments.count || segments[cursor - 1].lastPulse >= pulse { cursor = 0 }
        while cursor < segments.count, segments[cursor].lastPulse < pulse { cursor += 1 }
        guard cursor < segments.count else { return (nil, .max) }
        let segment = segments[cursor]
        return segment.firstPulse <= pulse ? (cursor, segment.lastPulse) : (nil, segment.firstPulse - 1)
    }

    /// Picoseconds from the arrival of `pulse` at the board to `tick`; nil when the clock cannot tell.
    public func time(of tick: UInt64, after pulse: UInt64) -> Picoseconds? {
        var cursor = 0
        guard let place = find(pulse, cursor: &cursor).segment else { return nil }
        return segments[place].time(of: tick, after: pulse, scale: scale)
    }
}
