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
