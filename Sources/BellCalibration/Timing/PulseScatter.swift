import BellModel
import Glibc

/// How a board's ticks at the shared pulse scatter about a clock that runs evenly; one arm of one node, in ticks.
///
/// The line is least squares through the records that a robust first line does not exclude. A record is the pulse's
/// arrival rounded to a tick: where the pulse wanders through several ticks during the arm, as two oscillators make it, the
/// rounding adds 1/12 tick² to the jitter's variance (Sheppard's correction), and is subtracted. Where both run in step it
/// does not average, and only a bound can be told.
struct PulseScatter: Sendable {
    /// Ticks from pulse to pulse, and the standard uncertainty.
    let rate: Uncertain
    /// Records on the line, and away from it.
    let count: Int
    let outliers: Int
    /// Variance about the line, rounding included, and its standard uncertainty.
    let variance: Uncertain
    /// Ticks through which the pulse wanders during the arm.
    let travel: Double
    /// What is left after the line, in the order of the pulses; outliers left out.
    let rest: [Double]

    /// Fewer records say nothing of a standard deviation.
    static let fewest = 500
    private static let stretches = 20

    /// Nil for fewer than ``fewest`` records, and for such as no counter makes.
    init?(_ records: [ClockRecord]) {
        guard records.count >= Self.fewest, let first = records.first, let last = records.last,
            zip(records, records.dropFirst()).allSatisfy({ $0.pulse < $1.pulse && $0.tick < $1.tick }),
            // Whole numbers up to here are exact.
            last.pulse - first.pulse < 1 << 50, last.tick - first.tick < 1 << 50
        else { return nil }
        let n = records.map { Double($0.pulse - first.pulse) }
        let y = records.map { Double($0.tick - first.tick) }
        let half = n.count / 2
        var slope = Self.median((0..<n.count - half).map { (y[$0 + half] - y[$0]) / (n[$0 + half] - n[$0]) })
        var offset = Self.median(zip(n, y).map { $1 - slope * $0 })
        let spread = 1.4826 * Self.median(zip(n, y).map { ($1 - slope * $0 - offset).magnitude })
        let limit = max(3, 6 * spread)
        var kept = n.indices.map { $0 }
        for _ in 0..<3 {
            kept = n.indices.filter { (y[$0] - slope * n[$0] - offset).magnitude <= limit }
            guard kept.count > n.count / 2 else { return nil }
            let size = Double(kept.count)
            let middle = kept.reduce(0) { $0 + n[$1] } / size
            // Against the line before: small numbers, so that nothing is lost.
            let old = (slope, offset)
            let left = kept.map { y[$0] - old.0 * n[$0] - old.1 }
            let mean = left.reduce(0, +) / size
            var (nn, ny) = (0.0, 0.0)
            for (k, value) in zip(kept, left) {
                nn += (n[k] - middle) * (n[k] - middle)
                ny += (n[k] - middle) * (value - mean)
            }
            slope += ny / nn
            offset += mean - ny / nn * middle
        }
        let (a, b) = (slope, offset)
        rest = kept.map { y[$0] - a * n[$0] - b }
        count = kept.count
        outliers = n.count - count
        let size = Double(count)
        let second = rest.reduce(0) { $0 + $1 * $1 } / (size - 2)
        let fourth = rest.reduce(0) { $0 + $1 * $1 * $1 * $1 } / size
        travel = (slope - slope.rounded()).magnitude * (n.last ?? 0)
        // Sampling, and what an unfinished turn through a tick leaves of the rounding.
        let sampling = max(fourth - second * second, 0) / size
        let rounding = 1 / (12 * max(travel, 1))
        variance = Uncertain(second, (sampling + rounding * rounding).squareRoot())
        rate = Uncertain(slope, (12 * max(second, 1 / size) / size).squareRoot() / max(n.last ?? 1, 1))
    }

    /// Whether the rounding averages, so that ``jitter`` means something.
    var isResolved: Bool { travel >= 5 || variance.value > 1 }

    /// Standard deviation of the pulse's arrival, in ticks; 0 where all is rounding.
    var jitter: Uncertain {
        let square = max(variance.value - 1 / 12, 0)
        return Uncertain(square.squareRoot(), (square + variance.sigma).squareRoot() - square.squareRoot())
    }

    /// The largest jitter with which a pulse that stays at one place within a tick would scatter so little.
    ///
    /// In the middle of a tick it scatters least: Σ k² P(k) = 2 Σ (2k − 1) Q((k − ½)/σ). No crossing of n still allows a
    /// share of 3/n.
    var bound: Double {
        let seen = max(variance.value + 2 * variance.sigma, 3 / Double(count))
        var (low, high) = (0.0, 10.0)
        for _ in 0..<60 {
            let sigma = 0.5 * (low + high)
            var least = 0.0
            for k in 1...60 {
                let edge = Double(k) - 0.5
                least += 2 * edge * erfc(edge / (sigma * 2.0.squareRoot()))
            }
            if least < seen { low = sigma } else { high = sigma }
        }
        return high
    }

    /// Means of twenty stretches of the arm.
    var means: [Double] {
        (0..<Self.stretches).map { k in
            let part = rest[k * count / Self.stretches..<(k + 1) * count / Self.stretches]
            return part.reduce(0, +) / Double(max(part.count, 1))
        }
    }

    /// By how many ticks the clock leaves the line, beyond what scatter explains; nil when it runs evenly.
    var unevenness: Double? {
        let largest = means.reduce(0) { max($0, $1.magnitude) }
        let chance = 4 * (variance.value * Double(Self.stretches) / Double(count)).squareRoot()
        // With two ticks a stretch its rounding averages; below, half a tick may be nothing but rounding.
        let allowed = travel >= 2 * Double(Self.stretches) ? 0.25 : 0.6
        return largest > allowed + chance ? largest : nil
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? .nan : sorted[sorted.count / 2]
    }
}
