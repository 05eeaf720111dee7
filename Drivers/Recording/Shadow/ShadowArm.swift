import BellModel
import DriverKit

/// One arm as both boards run it.
struct ShadowArm: Sendable {
    /// What one board made of it.
    struct Half: Sendable {
        /// Trial indices that came, joined where they touch; by rising index.
        private(set) var ranges: [Range<UInt64>] = []
        private(set) var leastStop = UInt32.max
        private(set) var largestStop: UInt32 = 0
        var end: ArmEnd?

        /// More holes than this are not told apart.
        private static let maximumRanges = 4096

        var count: UInt64 { ranges.reduce(0) { $0 + UInt64($1.count) } }
        var isEmpty: Bool { ranges.isEmpty }
        /// Whether the board itself says that it has made no trial.
        var neverBegan: Bool { ranges.isEmpty && end?.made == 0 }

        /// Whether nothing more is to come, if the board keeps its word.
        var isComplete: Bool { end.map { count >= UInt64($0.made) } ?? false }

        /// Holes before, between and behind what came.
        var holes: Int {
            guard let end, end.made > 0 else { return 0 }
            let first = end.order.firstIndex
            guard let start = ranges.first?.lowerBound, let last = ranges.last?.upperBound else { return 1 }
            return (start > first ? 1 : 0) + ranges.count - 1 + (last < first + UInt64(end.made) ? 1 : 0)
        }

        mutating func take(_ trials: TrialsMessage) {
            insert(trials.firstIndex..<trials.firstIndex + UInt64(trials.count))
            trials.records.withUnsafeBytes { raw in
                for offset in stride(from: 0, to: raw.count, by: TrialRecord.byteCount) {
                    let record = TrialRecord(raw, at: offset)
                    if record.flags.contains(.missedTrigger) { continue }
                    leastStop = min(leastStop, record.stopDelta)
                    largestStop = max(largestStop, record.stopDelta)
                }
            }
        }

        private mutating func insert(_ new: Range<UInt64>) {
            guard ranges.count < Half.maximumRanges else { return }
            var joined = new
            ranges.removeAll { range in
                guard range.lowerBound <= joined.upperBound, joined.lowerBound <= range.upperBound else { return false }
                joined = min(range.lowerBound, joined.lowerBound)..<max(range.upperBound, joined.upperBound)
                return true
            }
            let place = ranges.firstIndex { $0.lowerBound > joined.lowerBound } ?? ranges.count
            ranges.insert(joined, at: place)
        }
    }

    var order: ArmOrder
    var primary = Half()
    var shadow = Half()
    /// When the shadow got the order.
    var forwarded: Duration?
    /// When the primary's end came.
    var primaryEnded: Duration?

    /// Where the two halves differ.
    func differences(stopTolerance: UInt32) -> [ShadowDifference] {
        guard let mine = primary.end, let other = shadow.end else { return [] }
        let subject = "arm \(order.arm)"
        let fields: [(String, String, String)] = [
            ("reason", mine.reason.name, other.reason.name), ("order", mine.order.shadowText, other.order.shadowText),
            ("records made", "\(mine.made)", "\(other.made)"),
            ("records that came", "\(primary.count)", "\(shadow.count)"),
            ("holes", "\(primary.holes)", "\(shadow.holes)"),
        ]
        var found = fields.compactMap { name, mine, other in
            mine == other ? nil : ShadowDifference(.arm, "\(subject): \(name)", primary: mine, shadow: other)
        }
        guard primary.leastStop <= primary.largestStop, shadow.leastStop <= shadow.largestStop else { return found }
        let stops = [
            ("least", primary.leastStop, shadow.leastStop), ("largest", primary.largestStop, shadow.largestStop),
        ]
        for (name, mine, other) in stops where max(mine, other) - min(mine, other) > stopTolerance {
            found.append(
                ShadowDifference(
                    .stopDelta, "\(subject): \(name)", primary: "\(mine) ticks", shadow: "\(other) ticks"))
        }
        return found
    }
}
