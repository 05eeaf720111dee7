public import BellModel

/// The space-like margins of many trials: least and greatest values and histograms, all in whole picoseconds.
///
/// Summaries of parts add up to the summary of the whole, in any order.
public struct MarginSummary: Equatable, Sendable {
    /// Bins of each histogram.
    public static let binCount = 128
    /// Width of a bin: 100 ps.
    public static let binWidth: Int64 = 100
    /// Lower edge of the first bin: −2 ns. The first and the last bin also hold everything beyond.
    public static let firstEdge: Int64 = -2_000

    /// The smallest and the largest of some values.
    public struct Extent: Equatable, Sendable {
        public var least: Picoseconds
        public var greatest: Picoseconds
        public init(least: Picoseconds, greatest: Picoseconds) {
            self.least = least
            self.greatest = greatest
        }

        static func union(_ a: Extent?, _ b: Extent?) -> Extent? {
            guard let a, let b else { return a ?? b }
            return Extent(least: min(a.least, b.least), greatest: max(a.greatest, b.greatest))
        }
    }

    /// Valid trials whose margins are known.
    public internal(set) var known: UInt64 = 0
    /// Valid trials whose margins are unknown: no surveyed clock offset, or bits that came from the host.
    public internal(set) var unknown: UInt64 = 0
    /// m_AB of the `known` trials; nil when there is none.
    public internal(set) var ab: Extent?
    /// m_BA of the `known` trials; nil when there is none.
    public internal(set) var ba: Extent?
    /// Least m_AB + m_BA of all valid trials; needs no clock offset; nil when there is no valid trial.
    public internal(set) var leastSum: Picoseconds?
    /// Least margin, of either direction, among the trials lost for locality; nil when there is none with a known one.
    public internal(set) var leastFailed: Picoseconds?
    /// m_AB of the `known` trials by bin; ``binCount`` values.
    public internal(set) var histogramAB = [UInt64](repeating: 0, count: binCount)
    /// m_BA of the `known` trials by bin; ``binCount`` values.
    public internal(set) var histogramBA = [UInt64](repeating: 0, count: binCount)

    /// The summary of no trial.
    public init() {}

    /// The least known margin of either direction, or nil.
    public var least: Picoseconds? {
        guard let ab, let ba else { return nil }
        return min(ab.least, ba.least)
    }

    /// Adds another part. Counts wrap rather than trap, as they may come from a hostile file.
    public static func += (a: inout MarginSummary, b: MarginSummary) {
        a.known &+= b.known
        a.unknown &+= b.unknown
        a.ab = Extent.union(a.ab, b.ab)
        a.ba = Extent.union(a.ba, b.ba)
        a.leastSum = [a.leastSum, b.leastSum].compactMap { $0 }.min()
        a.leastFailed = [a.leastFailed, b.leastFailed].compactMap { $0 }.min()
        for bin in 0..<binCount {
            a.histogramAB[bin] &+= b.histogramAB[bin]
            a.histogramBA[bin] &+= b.histogramBA[bin]
        }
    }
}
