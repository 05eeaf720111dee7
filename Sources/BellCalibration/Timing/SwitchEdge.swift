import BellFit
import Glibc

/// P(1) after a rectangle that goes through a switch which opens: y = low + contrast · sin²(angle · f(x)/2).
///
/// x is the time from the latch to the pulse; f the part of the pulse that passes: from `edge` on the switch lets
/// 1 − e^{−t/rise} through. `low` and `contrast` are the readout's, measured beside it. Start: the best edge and angle of a
/// grid.
struct SwitchEdge: FitModel {
    /// Nanoseconds of the pulse; > 0.
    let duration: Double
    let low: Double
    let contrast: Double

    var parameterNames: [String] { ["angle", "edge", "rise"] }

    func value(_ x: Double, _ p: [Double]) -> Double {
        let s = sin(p[0] * passed(x, edge: p[1], rise: p[2].magnitude) / 2)
        return low + contrast * s * s
    }

    func normal(_ p: [Double]) -> [Double] { [p[0].magnitude, p[1], p[2].magnitude] }

    /// Part of the pulse that passes.
    func passed(_ x: Double, edge: Double, rise: Double) -> Double {
        let end = x + duration - edge
        guard end > 0 else { return 0 }
        let begin = max(x - edge, 0)
        guard rise > 1e-9 else { return (end - begin) / duration }
        return (end - begin - rise * (exp(-begin / rise) - exp(-end / rise))) / duration
    }

    func start(x: [Double], y: [Double]) -> [Double]? {
        guard x.count == y.count, let first = x.min(), let last = x.max(), last > first, contrast != 0 else {
            return nil
        }
        var best: (rest: Double, p: [Double])?
        let step = max((last - first) / 300, 0.1)
        // Not more than a turn: the pulse is chosen for a third of one.
        for angle in stride(from: 0.2, through: 6.2, by: 0.2) {
            for edge in stride(from: first, through: last + duration, by: step) {
                let p = [angle, edge, 0]
                let rest = zip(x, y).reduce(0) { $0 + pow($1.1 - value($1.0, p), 2) }
                if rest < best?.rest ?? .infinity { best = (rest, [angle, edge, 0.3]) }
            }
        }
        return best?.p
    }
}

extension SwitchEdge {
    /// χ² by which a transient must describe a sweep better than none before it is believed: six standard deviations.
    ///
    /// The data tell of rise², and a pulse's own filtering already looks like two: a simulated switch of 0.15 ns was taken
    /// for one of 0.7 ns, and its end put 0.8 ns too late, once in forty runs at four.
    static let evidence = 36.0

    /// The slowest rise in nanoseconds that a sweep cannot tell from none, at most 5.
    func hiddenRise(in data: SharedSweep, sharp: Fit) -> Double {
        var (low, high) = (0.0, 5.0)
        for _ in 0..<12 {
            let rise = 0.5 * (low + high)
            // The middle of the transient stays where it was.
            let fit = data.fit(Held(self, ["rise": rise]), start: [sharp["angle"], sharp["edge"] - rise])
            if fit.hasConverged, fit.chiSquare < sharp.chiSquare + Self.evidence { low = rise } else { high = rise }
        }
        return high
    }
}

extension SwitchEdge {
    /// χ² of five points that three numbers describe, above which the description is wrong: once in ten thousand.
    static let refuted = 18.0

    /// When the switch has moved (90 %), by a few points across its edge.
    ///
    /// Every rise of 0 to 5 ns is tried: an edge in the same place is later the slower it is.
    /// - Parameters:
    ///   - points: Times from the latch to the pulse, in nanoseconds, and shares of 1; the last of the whole pulse.
    ///   - whole: P(e) after the whole pulse.
    ///   - expected: The time in force.
    ///   - tolerance: How far from it counts as there, in nanoseconds.
    /// - Returns: The shift nearest to 0, in nanoseconds up to ±8, that describes the points about as well as any; and the
    ///   least χ² of a switch that is there.
    func moved(
        _ points: [(gap: Double, share: CountedShare)], whole: Uncertain, expected: Double, within tolerance: Double
    ) -> (shift: Double, rest: Double) {
        let middle = 2 * asin(min(max(whole.value, 0), 1).squareRoot())
        let sigma = whole.sigma / max(0.5 * sin(middle), 0.1)
        var least: [(shift: Double, rest: Double)] = []
        for shift in stride(from: -8.0, through: 8, by: 0.1) {
            var rest = Double.infinity
            for rise in stride(from: 0.0, through: 5, by: 0.1) {
                for angle in stride(from: middle - 3 * sigma, through: middle + 3 * sigma, by: max(sigma, 1e-4)) {
                    let p = [angle, expected + shift - rise * log(10), rise]
                    var sum = 0.0
                    for point in points {
                        let off = (point.share.value - value(point.gap, p)) / point.share.sigma
                        sum += off * off
                    }
                    rest = min(rest, sum)
                }
            }
            least.append((shift, rest))
        }
        let best = least.map(\.rest).min() ?? .infinity
        let near = least.filter { $0.rest <= best + 1 }.min { $0.shift.magnitude < $1.shift.magnitude }
        let there = least.filter { $0.shift.magnitude <= tolerance + 1e-9 }.map(\.rest).min()
        return (near?.shift ?? 0, there ?? .infinity)
    }
}
