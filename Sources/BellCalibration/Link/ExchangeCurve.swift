import BellFit
import Glibc

/// y = level + change · sin²(π · turns · x): what an exchange pulse of amplitude x moves between qubit and photon.
///
/// `turns` of the exchange angle at full amplitude, > 0: half is moved at x = 1/(4 turns), all at 1/(2 turns). A negative x
/// stands for a point at which all is moved, measured otherwise: y = level + change.
///
/// Start: the best of turns up to what the sweep's steps can show.
struct ExchangeCurve: FitModel {
    var parameterNames: [String] { ["level", "change", "turns"] }

    func value(_ x: Double, _ p: [Double]) -> Double { p[0] + p[1] * shape(x, p[2]) }

    func gradient(_ x: Double, _ p: [Double], into gradient: inout [Double]) -> Bool {
        gradient[0] = 1
        gradient[1] = shape(x, p[2])
        gradient[2] = x < 0 ? 0 : p[1] * .pi * x * sin(2 * .pi * p[2] * x)
        return true
    }

    func normal(_ p: [Double]) -> [Double] { [p[0], p[1], p[2].magnitude] }

    private func shape(_ x: Double, _ turns: Double) -> Double {
        guard x >= 0 else { return 1 }
        let s = sin(.pi * turns * x)
        return s * s
    }

    func start(x: [Double], y: [Double]) -> [Double]? {
        let places = x.filter { $0 >= 0 }.sorted()
        guard x.count == y.count, let highest = places.last, highest > 0 else { return nil }
        let step = zip(places, places.dropFirst()).map { $1 - $0 }.filter { $0 > 0 }.min() ?? highest
        // A twelfth of a turn over the sweep at least; up to two points a period.
        let most = min(0.5 / step, 100 / highest)
        var best: (rest: Double, p: [Double])?
        var turns = 0.08 / highest
        while turns <= most {
            if let candidate = line(x, y, turns), candidate.rest < best?.rest ?? .infinity { best = candidate }
            turns += 0.02 / highest
        }
        return best?.p
    }

    /// The least-squares level and change for given turns.
    private func line(_ x: [Double], _ y: [Double], _ turns: Double) -> (rest: Double, p: [Double])? {
        let s = x.map { shape($0, turns) }
        let count = Double(x.count)
        let (meanS, meanY) = (s.reduce(0, +) / count, y.reduce(0, +) / count)
        var (ss, sy) = (0.0, 0.0)
        for (a, b) in zip(s, y) {
            ss += (a - meanS) * (a - meanS)
            sy += (a - meanS) * (b - meanY)
        }
        guard ss > 1e-9 else { return nil }
        let change = sy / ss
        let level = meanY - change * meanS
        let rest = zip(s, y).reduce(0) { $0 + ($1.1 - level - change * $1.0) * ($1.1 - level - change * $1.0) }
        return (rest, [level, change, turns])
    }
}
