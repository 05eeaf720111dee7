/// The time by which values age.
///
/// Of a real laboratory it is the wall clock. A simulated one plays a night in minutes: its time passes with the trials
/// that are played, `time_factor` seconds for each second of them, as its physics drift, and with the wall clock while a
/// campaign waits.
public struct LaboratoryClock: Equatable, Sendable {
    private struct Point: Equatable, Sendable {
        var wall: Double
        var laboratory: Double
    }

    /// Laboratory seconds in a second of trials; nil for the wall clock.
    public let factor: Double?
    /// Where both clocks were together, in order; never empty.
    private var points: [Point]

    /// So many are kept; of more every second one is forgotten.
    private static let mostPoints = 20_000

    /// - Parameters:
    ///   - factor: > 0; nil for the wall clock.
    ///   - wall: Seconds since 1970.
    public init(factor: Double?, wall: Double) {
        self.factor = factor
        points = [Point(wall: wall, laboratory: wall)]
    }

    /// Trials were played; they ended at `wall`, in seconds since 1970.
    ///
    /// - Parameter seconds: How long they lasted by the boards' own clock; ≥ 0.
    public mutating func played(_ seconds: Double, until wall: Double) {
        guard let factor, let last = points.last, seconds >= 0, wall >= last.wall else { return }
        append(Point(wall: wall, laboratory: last.laboratory + seconds * factor))
    }

    /// The campaign waited until `wall`, in seconds since 1970, and nothing was played: a simulated laboratory's time goes on
    /// with the wall clock meanwhile, times its factor, as its gauges do.
    public mutating func waited(until wall: Double) {
        guard let last = points.last else { return }
        played(max(0, wall - last.wall), until: wall)
    }

    private mutating func append(_ point: Point) {
        points.append(point)
        guard points.count > Self.mostPoints else { return }
        points = points.enumerated().filter { $0.offset % 2 == 0 || $0.offset == points.count - 1 }.map(\.element)
    }

    /// The laboratory's time at a time of the wall clock, both in seconds since 1970.
    ///
    /// O(log n). Before the clock began both went alike; after the last trials a simulated laboratory stands still.
    public func time(at wall: Double) -> Double {
        guard factor != nil, let first = points.first, let last = points.last else { return wall }
        if wall <= first.wall { return first.laboratory - (first.wall - wall) }
        if wall >= last.wall { return last.laboratory }
        var low = 0
        var high = points.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if points[middle].wall <= wall { low = middle } else { high = middle }
        }
        let (from, to) = (points[low], points[high])
        let share = to.wall > from.wall ? (wall - from.wall) / (to.wall - from.wall) : 1
        return from.laboratory + share * (to.laboratory - from.laboratory)
    }
}
