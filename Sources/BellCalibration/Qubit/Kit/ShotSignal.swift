import BellFit
import Glibc

/// One number a point of a sweep, with its standard uncertainty: what fits are made of.
struct ShotSignal: Equatable, Sendable {
    var y: [Double]
    /// As many as `y`, positive.
    var sigma: [Double]
    /// Standard deviation of one shot, in the unit of `y`.
    var shotNoise: Double
    /// With its unit, for a figure.
    var label: String

    /// Mean points of a round.
    struct Means: Sendable {
        var i: [Double] = []
        var q: [Double] = []
        /// Of one quadrature of each mean.
        var sigma: [Double] = []
        /// Standard deviation of a quadrature of one shot: the least of all points, whose qubit is the least mixed.
        var shotNoise = Double.infinity

        /// Nil when a point has no shots, or as many i as q are not there.
        init?(_ round: some Collection<Measurement>) {
            guard !round.isEmpty else { return nil }
            for measurement in round {
                guard case .shots(let shots) = measurement, shots.count > 1, shots.i.count == shots.q.count else {
                    return nil
                }
                let n = Double(shots.count)
                let (a, b) = (Means.moments(shots.i), Means.moments(shots.q))
                i.append(a.mean)
                q.append(b.mean)
                // A converter's step is the least noise.
                let variance = max(0.5 * (a.variance + b.variance), 1.0 / 12)
                sigma.append((variance / n).squareRoot())
                shotNoise = min(shotNoise, variance.squareRoot())
            }
        }

        private static func moments(_ codes: [Int16]) -> (mean: Double, variance: Double) {
            var (sum, square) = (0, 0)
            for code in codes {
                sum += Int(code)
                square += Int(code) * Int(code)
            }
            let n = Double(codes.count)
            let mean = Double(sum) / n
            return (mean, max(0, (Double(square) / n - mean * mean) * n / (n - 1)))
        }
    }

    init(y: [Double], sigma: [Double], shotNoise: Double, label: String) {
        (self.y, self.sigma, self.shotNoise, self.label) = (y, sigma, shotNoise, label)
    }

    /// The mean IQ points along the direction in which they differ most; needs no calibrated readout.
    ///
    /// The direction's sign is arbitrary. Nil when a point has no shots.
    static func alongAxis(_ round: some Collection<Measurement>) -> ShotSignal? {
        guard let means = Means(round) else { return nil }
        let weights = means.sigma.map { 1 / ($0 * $0) }
        let total = weights.reduce(0, +)
        let ci = zip(means.i, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
        let cq = zip(means.q, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
        var (ii, qq, iq) = (0.0, 0.0, 0.0)
        for k in weights.indices {
            let (a, b) = (means.i[k] - ci, means.q[k] - cq)
            ii += weights[k] * a * a
            qq += weights[k] * b * b
            iq += weights[k] * a * b
        }
        let angle = 0.5 * atan2(2 * iq, ii - qq)
        let (c, s) = (cos(angle), sin(angle))
        let y = weights.indices.map { c * (means.i[$0] - ci) + s * (means.q[$0] - cq) }
        return ShotSignal(y: y, sigma: means.sigma, shotNoise: means.shotNoise, label: "signal (codes)")
    }

    /// P(e): what the board's discriminator calls 1, corrected by the assignment matrix in force.
    ///
    /// Uncertainties are binomial (Agresti and Coull) with the assignment errors' own left out: they are common to all
    /// points and shift or stretch the whole curve. Nil when a point has no shots, or the readout has no contrast.
    static func population(_ round: some Collection<Measurement>, _ bench: NodeBench) -> ShotSignal? {
        let ground = bench.value("readout_error_ground") ?? 0
        let excited = bench.value("readout_error_excited") ?? 0
        let contrast = 1 - ground - excited
        guard contrast > 0.1, !round.isEmpty else { return nil }
        var signal = ShotSignal(y: [], sigma: [], shotNoise: 0.5 / contrast, label: "P(e)")
        for measurement in round {
            guard case .shots(let shots) = measurement, shots.count > 0, (0...shots.count).contains(shots.ones) else {
                return nil
            }
            let n = Double(shots.count)
            let p = (Double(shots.ones) + 2) / (n + 4)
            signal.y.append((Double(shots.ones) / n - ground) / contrast)
            signal.sigma.append((p * (1 - p) / (n + 4)).squareRoot() / contrast)
        }
        return signal
    }

    /// Part of the points.
    subscript(range: Range<Int>) -> ShotSignal {
        ShotSignal(y: Array(y[range]), sigma: Array(sigma[range]), shotNoise: shotNoise, label: label)
    }

    /// Half of the difference of point k and point k + other.count: an offset that both share is gone.
    func halfDifference(_ other: ShotSignal, label: String) -> ShotSignal {
        ShotSignal(
            y: zip(y, other.y).map { 0.5 * ($0 - $1) }, sigma: zip(sigma, other.sigma).map { 0.5 * hypot($0, $1) },
            shotNoise: shotNoise, label: label)
    }

    /// Distance of the extremes.
    var swing: Double { (y.max() ?? 0) - (y.min() ?? 0) }

    /// Whether nothing but noise moves the points: χ² about the weighted mean, against its own spread.
    var isFlat: Bool {
        guard y.count > 1 else { return true }
        let weights = sigma.map { 1 / ($0 * $0) }
        let mean = zip(y, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
        let chiSquare = zip(y, weights).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 }
        let freedom = Double(y.count - 1)
        return !(chiSquare > freedom + 6 * (2 * freedom).squareRoot())
    }
}
